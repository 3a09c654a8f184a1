"""Postings, and what makes several of them an entry: debits and credits that are equal in every currency."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.domains.ledger.accounts import is_account
from backend.kernel.money import Money


class UnbalancedError(ValueError):
    """Debits and credits differ, or nothing moves: a mistake of the program that posts it."""


@dataclass(frozen=True, slots=True)
class Posting:
    """So much on an account: debit positive, credit negative."""

    account: str
    amount: Money

    def __post_init__(self) -> None:
        if not is_account(self.account):
            raise ValueError(f"There is no account {self.account!r} in the ledger.")

    def __neg__(self) -> "Posting":
        return Posting(self.account, -self.amount)


def entry_of(postings: Iterable[Posting]) -> list[Posting]:
    """The postings added up to one an account and currency, without those of nothing. UnbalancedError."""
    sums: Counter[tuple[str, str]] = Counter()
    for posting in postings:
        sums[posting.account, posting.amount.currency] += posting.amount.minor
    entry = [
        Posting(account, Money(minor, currency))
        for (account, currency), minor in sorted(sums.items())
        if minor
    ]
    _require_balance(entry)
    return entry


def undone(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """The postings that take these back, as when a refund fails."""
    return tuple(-posting for posting in postings)


def _require_balance(entry: Sequence[Posting]) -> None:
    if not entry:
        raise UnbalancedError("An entry moves something; this one has no amount but zero.")
    sums: Counter[str] = Counter()
    for posting in entry:
        sums[posting.amount.currency] += posting.amount.minor
    if wrong := [Money(minor, currency) for currency, minor in sums.items() if minor]:
        raise UnbalancedError(f"Debits exceed credits by {', '.join(map(str, wrong))}.")
