"""From a price to what is owed: whose share of it is whose, and until when it may be paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from backend.domains.ledger import accounts
from backend.domains.payments.entities import Bill, Claim
from backend.domains.pricing.entities import Price, Shares
from backend.kernel.errors import InvalidError
from backend.kernel.money import Money

CARD: Final = "card"


class NoCardsError(InvalidError):
    """There is no payment gateway."""


@dataclass(frozen=True)
class PaymentTerms:
    """How long a customer may take to pay, and a provider to answer."""

    pay_within: timedelta
    answer_within: timedelta
    takes_cards: bool

    def require_payable(self, payment_method: str) -> None:
        """NoCardsError for a card where none can be taken."""
        if payment_method == CARD and not self.takes_cards:
            raise NoCardsError(
                "Cards cannot be taken here: no payment gateway is set up. Choose another way to pay.",
                errors={"payment_method": ["Not offered here."]},
            )

    def bill(
        self,
        *,
        subject: str,
        user_id: str,
        description: str,
        claims: Sequence[Claim],
        currency: str,
        starts_at: datetime | None,
        now: datetime,
        sold_until: datetime | None = None,
    ) -> Bill:
        """The bill of a subject whose first booking begins at `starts_at` (None: it has none).

        From `sold_until` on nobody may pay it any more.
        """
        pay_by = now + self.pay_within
        answer_by = now + self.answer_within
        return Bill(
            subject=subject,
            user_id=user_id,
            currency=currency,
            description=description,
            claims=claims,
            pay_by=pay_by if sold_until is None else min(pay_by, sold_until),
            answer_by=answer_by if starts_at is None else min(answer_by, starts_at),
        )


def claim_of(
    price: Price,
    *,
    part: str,
    name: str,
    provider: str | None,
    expert: str | None = None,
    asks: bool = False,
) -> Claim | None:
    """What is owed for one item, None for nothing. Without a provider it is the house that sells."""
    if not price.total:
        return None
    shares = _by_account(price.shares, price.total, provider=provider, expert=expert)
    later: dict[date, dict[str, Money]] = {}
    for due in price.due_later:
        parts = due.amount.split([share.minor for share in shares.values()])
        later[due.on] = {account: part for account, part in zip(shares, parts, strict=True) if part}
    return Claim(part=part, name=name, shares=shares, asks=asks, later=later or None)


def _by_account(
    shares: Shares | None, whole: Money, *, provider: str | None, expert: str | None
) -> dict[str, Money]:
    """The accounts of the ledger with what each gets, all above zero and together the whole."""
    seller = accounts.HOUSE if provider is None else accounts.provider(provider)
    adviser = accounts.PLATFORM if expert is None else accounts.expert(expert)
    found = {seller: whole}
    if shares is not None:
        found = {}
        for account, share in (
            (seller, shares.provider),
            (accounts.PLATFORM, shares.platform),
            (adviser, shares.expert),
            (accounts.TAX, shares.tax),
        ):
            found[account] = found.get(account, Money.zero(whole.currency)) + share
    return _above_zero(found)


def _above_zero(shares: dict[str, Money]) -> dict[str, Money]:
    """A unit that rounding took too much of is borne by who has most."""
    most = max(shares, key=lambda account: shares[account].minor)
    short = [account for account, share in shares.items() if share.minor < 0]
    for account in short:
        shares[most] += shares.pop(account)
    return {account: share for account, share in shares.items() if share}
