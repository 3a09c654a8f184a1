"""Quotes of whole orders: several items with coupons, delivery and a way of paying, priced together."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import Table, insert

from backend.domains.pricing.entities import Order, OrderPrice
from backend.domains.pricing.known import Known
from backend.domains.pricing.models import QuoteRow
from backend.domains.pricing.order_records import (
    order_document,
    order_price_document,
    read_order,
    read_order_price,
    read_wanted,
    wanted_document,
)
from backend.domains.pricing.orders import Orders
from backend.domains.pricing.price import price_orders
from backend.domains.pricing.service import UnknownQuoteError, gone, require_sold
from backend.domains.pricing.tokens import Promise, QuoteTokenError, QuoteTokens
from backend.domains.pricing.wanted import Wanted
from backend.domains.rules.service import RulesService
from backend.engine.rulebook import Rulebook
from backend.infra import metrics
from backend.infra.event_buffer import Events
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.money import Money

NOTHING: Final = Known()
_STORE: Final = insert(cast("Table", QuoteRow.__table__))


@dataclass(frozen=True, slots=True)
class OrderQuote:
    """The price of an order, promised until `expires_at`, with all that explains it."""

    id: str
    wanted: Wanted
    price: OrderPrice
    release: str
    created_at: datetime
    expires_at: datetime
    token: str

    @property
    def total(self) -> Money:
        """What it costs in all."""
        return self.price.total


@dataclass(frozen=True, slots=True)
class OrderExplanation:
    """A stored quote beside what its own release of the rules says of the same order today."""

    quote: OrderQuote
    again: OrderPrice


@dataclass(frozen=True)
class OrderQuotes:
    """Prices orders, promises the prices, and honours them."""

    session: DbSession
    rules: RulesService
    orders: Orders
    tokens: QuoteTokens
    events: Events
    lifetime: timedelta

    def preview(self, *, wanted: Wanted, now: datetime, known: Known = NOTHING) -> OrderPrice:
        """What the order costs now; nothing is stored or promised.

        Items that a rule refuses to sell say so in their `refusals`. Raises what `Orders.order` does.
        """
        return self._priced(wanted, known, self.rules.rulebook(), now)[1]

    def make(
        self, *, wanted: Wanted, now: datetime, known: Known = NOTHING, until: datetime | None = None
    ) -> OrderQuote:
        """Price the order and promise it until an instant, or for a while: never longer than its deals hold.

        NotSoldError when a rule refuses an item, and what `Orders.order` raises.
        """
        rulebook = self.rules.rulebook()
        order, price = self._priced(wanted, known, rulebook, now)
        require_sold(price.refusals)
        values = {
            "id": ids.new_id(ids.QUOTE),
            "user_id": wanted.user_id,
            "wanted": wanted_document(wanted),
            "currency": price.currency,
            "total_minor": price.total.minor,
            "case": order_document(order, price.redemption, rulebook.vocabulary),
            "price": order_price_document(price, rulebook.vocabulary),
            "release": rulebook.version,
            "created_at": now,
            "expires_at": _end(order, until or now + self.lifetime),
        }
        self.session.execute(_STORE, values)
        for line in price.lines:
            if line.rule is not None:
                metrics.rule_fired(line.rule.decision, line.rule.id)
        made = QuoteRow(**values)
        self._tell(made, wanted)
        return self._quote(made)

    def redeem(self, *, token: str, user_id: str, now: datetime) -> OrderQuote:
        """The quote behind a token that this user may use now.

        Raises QuoteTokenError (422), QuoteExpiredError (410) or QuoteOfAnotherError (403). That it is
        used only once is for the order to keep.
        """
        promise = self.tokens.read(token, user_id=user_id, now=now)
        row = self.session.get(QuoteRow, promise.quote_id)
        if row is None:
            raise gone()
        if row.wanted is None:
            raise QuoteTokenError(
                "This quote is for one slot: book it with POST /api/bookings.",
                errors={"quote_token": ["For a booking, not for an order."]},
            )
        return self._quote(row)

    def explain(self, *, quote_id: str) -> OrderExplanation:
        """The stored quote, priced again by its own release of the rules. UnknownQuoteError."""
        row = self.session.get(QuoteRow, quote_id)
        if row is None or row.wanted is None:
            raise UnknownQuoteError(f"There is no quote {quote_id}.")
        rulebook = self.rules.release(version=row.release)
        order = read_order(row.case, rulebook.vocabulary)
        return OrderExplanation(self._quote(row), self._price(order, rulebook, row.created_at))

    def is_order(self, *, quote_id: str) -> bool:
        """Whether there is such a quote, of an order."""
        row = self.session.get(QuoteRow, quote_id)
        return row is not None and row.wanted is not None

    def _priced(
        self, wanted: Wanted, known: Known, rulebook: Rulebook, now: datetime
    ) -> tuple[Order, OrderPrice]:
        order = self.orders.order(wanted=wanted, known=known, rulebook=rulebook, now=now)
        return order, self._price(order, rulebook, now)

    def _price(self, order: Order, rulebook: Rulebook, now: datetime) -> OrderPrice:
        return price_orders(rulebook, [order], at=now, explain=True)[0]

    def _tell(self, row: QuoteRow, wanted: Wanted) -> None:
        data = {
            "quote_id": row.id,
            "items": [item.product_id or item.slot_id for item in wanted.items],
            "total": {"amount": row.total_minor, "currency": row.currency},
        }
        self.events.record(name="quote.made", user_id=row.user_id, data=data)

    def _quote(self, row: QuoteRow) -> OrderQuote:
        price = read_order_price(row.price)
        promise = Promise(row.id, row.user_id, None, None, price.total, row.expires_at)
        return OrderQuote(
            id=row.id,
            wanted=read_wanted(row.wanted or {}),
            price=price,
            release=row.release,
            created_at=row.created_at,
            expires_at=row.expires_at,
            token=self.tokens.sign(promise),
        )


def _end(order: Order, until: datetime) -> datetime:
    """Until when an order can be promised, to the second."""
    return min([until, *(case.deal.until for case in order.cases if case.deal)]).replace(microsecond=0)
