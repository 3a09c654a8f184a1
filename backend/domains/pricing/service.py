"""Quotes: priced, explained, stored, signed; redeemed once; explained again years later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import Table, insert

from backend.domains.availability.entities import Slot
from backend.domains.availability.service import AvailabilityService
from backend.domains.pricing.customers import Customers
from backend.domains.pricing.draft import asks_approval, known_facts, refusals_of
from backend.domains.pricing.entities import CONVENIENCE_FEE, VALIDATION, Case, OrderPrice, Price, Refusal
from backend.domains.pricing.facts import House, slot_case, slot_facts
from backend.domains.pricing.models import QuoteRow
from backend.domains.pricing.price import price
from backend.domains.pricing.records import case_document, price_document, read_case, read_price
from backend.domains.pricing.tokens import Promise, QuoteTokenError, QuoteTokens
from backend.domains.rules.service import RulesService
from backend.engine.rulebook import Rulebook
from backend.engine.settlement_effects import Fee
from backend.engine.vocabulary import Facts
from backend.infra import metrics
from backend.infra.after_commit import after_commit
from backend.infra.event_buffer import Events
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError
from backend.kernel.money import Money, total

_STORE: Final = insert(cast("Table", QuoteRow.__table__))


class NotSoldError(ConflictError):
    """A rule refuses to sell it; the reasons are told."""

    title = "Not sold"


class PartyError(InvalidError):
    """More persons than the product takes, or than there are seats."""


class UnknownQuoteError(NotFoundError):
    """No such quote."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """A price that a provider offered `until` an instant and the customer accepted; `label` is its line's."""

    price: Money
    label: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """A price promised until `expires_at`, with all that explains it.

    `release` is the version of the rules that priced it; `token` redeems it.
    """

    id: str
    user_id: str | None
    slot_id: str
    party: int
    price: Price
    release: str
    created_at: datetime
    expires_at: datetime
    token: str

    @property
    def total(self) -> Money:
        """What it costs in all."""
        return self.price.total

    @property
    def order_price(self) -> OrderPrice:
        """The price as that of an order of one item."""
        return order_price(self.price)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A stored quote beside what its own release of the rules says of the same case today."""

    quote: Quote
    case: Case
    again: Price

    @property
    def is_same(self) -> bool:
        """Whether pricing it again gave the same lines, to the cent."""
        return self.again.lines == self.quote.price.lines


@dataclass(frozen=True, slots=True)
class Answered:
    """A case and the price that somebody was answered at `at`; a refusal has no quote."""

    id: str
    case: Case
    price: Price
    at: datetime

    @property
    def quote_id(self) -> str | None:
        """The quote that holds it; None when it was refused, and so not stored."""
        return None if self.price.refusals else self.id


Observer = Callable[[Answered], None]
"""Is told what was answered, once that is certain; must neither wait nor fail."""


@dataclass(frozen=True)
class QuoteService:
    """Makes quotes and honours them."""

    session: DbSession
    rules: RulesService
    availability: AvailabilityService
    customers: Customers
    house: House
    tokens: QuoteTokens
    events: Events
    lifetime: timedelta
    observe: Observer

    def make(
        self,
        *,
        user_id: str | None,
        slot_id: str,
        party: int,
        currency: str | None,
        now: datetime,
        agreed: Agreed | None = None,
    ) -> Quote:
        """Price `party` persons at a slot for a user (None: a visitor) and promise it for a while.

        A price that the provider and the user `agreed` on takes the place of the list price and of what
        rules would make of it; fees, taxes and the floor come on top.

        Raises NotSoldError when a rule refuses, PartyError, InvalidError for a foreign currency, and what
        `AvailabilityService.slot` raises for a slot that is not offered.
        """
        slot = self.availability.slot(slot_id=slot_id, now=now, user_id=user_id)
        require_room(slot, party)
        require_currency(slot, currency)
        customer = self.customers.customer(user_id)
        case = slot_case(slot, party=party, customer=customer, house=self.house, now=now)
        if agreed is not None:
            case = replace(case, label=agreed.label, base=agreed.price, agreed=True)
        rulebook = self.rules.rulebook()
        priced = price(rulebook, case, at=now)
        answered = Answered(ids.new_id(ids.QUOTE), case, priced, now)
        if priced.refusals:
            # Nothing is stored: the refusal is the answer.
            self.observe(answered)
        require_sold(priced.refusals)
        after_commit(self.session, lambda: self.observe(answered))
        values = {
            "id": answered.id,
            "user_id": user_id,
            "product_id": slot.product.id,
            "provider_id": slot.provider.id,
            "slot_id": slot.id,
            "party": party,
            "currency": priced.total.currency,
            "total_minor": priced.total.minor,
            "case": case_document(case, rulebook.vocabulary),
            "price": price_document(priced, rulebook.vocabulary),
            "release": rulebook.version,
            "created_at": now,
            "expires_at": (now + self.lifetime if agreed is None else agreed.until).replace(microsecond=0),
        }
        # Straight into the table: a quote never changes, so there is nothing for the session to watch.
        self.session.execute(_STORE, values)
        for line in priced.lines:
            if line.rule is not None:
                metrics.rule_fired(line.rule.decision, line.rule.id)
        made = QuoteRow(**values)
        self._tell(made)
        return self._quote(made)

    def quote(self, *, quote_id: str) -> Quote:
        """The stored quote of a slot. UnknownQuoteError."""
        row = self.session.get(QuoteRow, quote_id)
        if row is None or row.slot_id is None:
            raise UnknownQuoteError(f"There is no quote {quote_id}.")
        return self._quote(row)

    def redeem(self, *, token: str, user_id: str, now: datetime) -> Quote:
        """The quote behind a token that this user may use now.

        Raises QuoteTokenError (422), QuoteExpiredError (410) or QuoteOfAnotherError (403). That it is
        used only once is kept by the booking, whose quote is unique.
        """
        promise = self.tokens.read(token, user_id=user_id, now=now)
        row = self.session.get(QuoteRow, promise.quote_id)
        if row is None:
            raise gone()
        if row.slot_id is None:
            raise QuoteTokenError(
                "This quote is for a whole order: check it out with POST /api/cart/checkout.",
                errors={"quote_token": ["For an order, not for a booking."]},
            )
        return self._quote(row)

    def permit(self, *, quote: Quote, slot: Slot, user_id: str, payment_method: str, now: datetime) -> bool:
        """Whether booking this quote needs approval, when the user pays by `payment_method`.

        Asks the release that made the quote, as the promise is its own. NotSoldError with the words of a
        rule that refuses, for example a way of paying so close to the start.
        """
        customer = self.customers.customer(user_id)
        facts = slot_facts(slot, party=quote.party, customer=customer, house=self.house, now=now)
        asked = {**facts, "payment_method": payment_method}
        rulebook = self.rules.release(version=quote.release)
        decision = rulebook.decide(VALIDATION, known_facts(asked, rulebook.vocabulary), at=now)
        require_sold(refusals_of(decision))
        _require_no_fee(rulebook, {**asked, "base": quote.total}, payment_method, now)
        return asks_approval(decision)

    def explain(self, *, quote_id: str) -> Explanation:
        """The stored quote, priced again by its own release of the rules. UnknownQuoteError."""
        row = self.session.get(QuoteRow, quote_id)
        if row is None or row.slot_id is None:
            raise UnknownQuoteError(f"There is no quote {quote_id}.")
        rulebook = self.rules.release(version=row.release)
        case = read_case(row.case, rulebook.vocabulary)
        return Explanation(self._quote(row), case, price(rulebook, case, at=row.created_at))

    def _tell(self, row: QuoteRow) -> None:
        """Note in the behaviour log that it was made."""
        data = {
            "quote_id": row.id,
            "product_id": row.product_id,
            "slot_id": row.slot_id,
            "party": row.party,
            "total": {"amount": row.total_minor, "currency": row.currency},
        }
        self.events.record(name="quote.made", user_id=row.user_id, data=data)

    def _quote(self, row: QuoteRow) -> Quote:
        assert row.slot_id is not None  # noqa: S101 (the quote of an order is no quote of this service)
        assert row.party is not None  # noqa: S101 (beside its slot)
        answer = read_price(row.price)
        promise = Promise(row.id, row.user_id, row.slot_id, row.party, answer.total, row.expires_at)
        return Quote(
            id=row.id,
            user_id=row.user_id,
            slot_id=row.slot_id,
            party=row.party,
            price=answer,
            release=row.release,
            created_at=row.created_at,
            expires_at=row.expires_at,
            token=self.tokens.sign(promise),
        )


def order_price(price: Price) -> OrderPrice:
    """The price of a single item as that of an order."""
    return OrderPrice((price,), Price((), Money.zero(price.total.currency)))


def gone() -> QuoteTokenError:
    """Of a token whose quote is no more."""
    return QuoteTokenError("The quote behind this token is gone; ask POST /api/quotes for a new one.")


def _require_no_fee(rulebook: Rulebook, facts: Facts, payment_method: str, now: datetime) -> None:
    """NotSoldError for a way of paying that costs something: the price of a single slot is without it."""
    if CONVENIENCE_FEE not in rulebook.decisions:
        return
    (decision,) = rulebook.decide_many(CONVENIENCE_FEE, [known_facts(facts, rulebook.vocabulary)], at=now)
    price = facts["base"]
    assert isinstance(price, Money)  # noqa: S101 (the caller's)
    fees = [one.effect.of(price) for one in decision.fired if isinstance(one.effect, Fee)]
    if any(fees):
        raise NotSoldError(
            f"Paying {payment_method} costs {total(fees, price.currency)} more, which this price does not "
            "include: choose another way of paying, or put the slot into a cart and check it out."
        )


def require_sold(refusals: Sequence[Refusal]) -> None:
    """NotSoldError with the words of all refusals, when there are some."""
    for refusal in refusals:
        metrics.rule_fired(refusal.rule.decision, refusal.rule.id)
    if refusals:
        reasons = [refusal.reason for refusal in refusals]
        raise NotSoldError(" ".join(reasons), extra={"reasons": reasons})


def require_room(slot: Slot, party: int) -> None:
    """PartyError when the slot never has room for so many persons."""
    most = min(slot.product.max_party, slot.seats_total)
    if party > most:
        raise PartyError(
            f"{slot.product.name} takes at most {most} persons.", errors={"party": [f"At most {most}."]}
        )


def require_currency(slot: Slot, currency: str | None) -> None:
    """InvalidError when a price is wanted in another currency than the product is sold in."""
    sold_in = slot.product.price.currency
    if currency not in (None, sold_in):
        raise InvalidError(
            f"{slot.provider.name} sells in {sold_in}; ask for {sold_in} or leave the currency out.",
            errors={"currency": [f"Sold in {sold_in}."]},
        )
