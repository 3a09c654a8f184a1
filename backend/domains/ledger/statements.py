"""Statements: what moved on the account of a provider or an expert in a stretch of days, and its balances.

Seen from their side: above zero is what we owe them. Days are those of UTC.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from operator import attrgetter
from typing import Final

from backend.domains.catalog.service import CatalogService
from backend.domains.identity.service import UserService
from backend.domains.ledger import accounts, queries
from backend.domains.ledger.entries import Kind
from backend.domains.ledger.queries import Moved
from backend.infra.postgres import DbSession
from backend.kernel.errors import DeniedError, InvalidError
from backend.kernel.money import Money

MOST_LINES: Final = 5_000

_WORDS: Final[Mapping[str, str]] = {
    Kind.CHARGE: "Share of a sale",
    Kind.TRANSFER: "Paid out to you",
    Kind.TRANSFER_REVERSAL: "Taken back of what was paid out",
    Kind.REFUND: "Refund to the customer",
    Kind.REFUND_FAILED: "Refund that did not reach the customer",
    Kind.DISPUTE_LOST: "Lost dispute",
    Kind.WRITE_OFF: "Debt given up",
}


class TooManyLinesError(InvalidError):
    """More moved in the period than one statement holds."""


class NotYourStatementError(DeniedError):
    """Statements are for their owner and for staff."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks; staff may read every statement."""

    user_id: str
    is_staff: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: `amount` above zero is theirs, `balance` what we owed them after it."""

    at: datetime
    kind: str
    words: str
    reference: str
    amount: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class CurrencyStatement:
    """What moved in one currency."""

    opening: Money
    lines: Sequence[Line]
    closing: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """An account in the days `[first, last)`, by currency; of those without a balance or a line, nothing."""

    account: str
    first: date
    last: date
    currencies: Sequence[CurrencyStatement]


@dataclass(frozen=True)
class Statements:
    """Reads statements for those who may."""

    session: DbSession
    catalog: CatalogService
    users: UserService

    def of_provider(self, *, provider_id: str, reader: Reader, first: date, last: date) -> Statement:
        """For the provider's own user and staff. NotFoundError, NotYourStatementError, TooManyLinesError."""
        found = self.catalog.provider(provider_id=provider_id)
        _require(reader, found.user_id)
        return self._statement(accounts.provider(found.id), first, last)

    def of_expert(self, *, user_id: str, reader: Reader, first: date, last: date) -> Statement:
        """For the expert and staff. NotFoundError, NotYourStatementError, TooManyLinesError."""
        _require(reader, user_id)
        found = self.users.user(user_id)
        return self._statement(accounts.expert(found.id), first, last)

    def _statement(self, account: str, first: date, last: date) -> Statement:
        since, before = _midnight(first), _midnight(last)
        # An entry of those days or before that is posted between the two questions is in one at most.
        opening = queries.balances(self.session, account=account, before=since)
        moved = queries.moved(self.session, account=account, since=since, before=before, limit=MOST_LINES + 1)
        if len(moved) > MOST_LINES:
            raise TooManyLinesError(
                f"More than {MOST_LINES:,} entries are in this period; ask for a shorter one.",
                errors={"to": ["Too many entries before it."]},
            )
        return Statement(account, first, last, tuple(_by_currency(opening, moved)))


def _by_currency(opening: dict[str, int], moved: Sequence[Moved]) -> Iterator[CurrencyStatement]:
    by_currency = attrgetter("currency")
    # Sorting is stable: of one currency, they stay in their order.
    found = {code: list(some) for code, some in groupby(sorted(moved, key=by_currency), by_currency)}
    for currency in sorted(found.keys() | {code for code, minor in opening.items() if minor}):
        balance = start = -Money(opening.get(currency, 0), currency)
        lines = []
        for one in found.get(currency, []):
            amount = -Money(one.minor, currency)
            balance += amount
            lines.append(Line(one.at, one.kind, words(one.kind), one.reference, amount, balance))
        yield CurrencyStatement(start, tuple(lines), balance)


def words(kind: str) -> str:
    """What a kind of entry is called on a statement."""
    return _WORDS.get(kind, kind.replace("_", " ").capitalize())


def _require(reader: Reader, owner: str | None) -> None:
    if not reader.is_staff and reader.user_id != owner:
        raise NotYourStatementError("A statement is for whose money it is about, and for staff.")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
