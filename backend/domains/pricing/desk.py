"""Where quotes are asked for: one slot is quoted so that it can be booked, everything else as an order."""

from dataclasses import dataclass
from datetime import datetime

from backend.domains.pricing.entities import OrderPrice
from backend.domains.pricing.order_quotes import OrderQuote, OrderQuotes
from backend.domains.pricing.service import Quote, QuoteService, order_price
from backend.domains.pricing.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Explained:
    """A stored quote: the price that was promised, and what its own release of the rules says of it today."""

    quote: Quote | OrderQuote
    price: OrderPrice
    again: OrderPrice

    @property
    def is_same(self) -> bool:
        """Whether pricing it again gave the same lines, to the cent."""
        return self.again.lines == self.price.lines


@dataclass(frozen=True)
class QuoteDesk:
    """Makes quotes of whatever is wanted."""

    slots: QuoteService
    orders: OrderQuotes

    def explain(self, *, quote_id: str) -> Explained:
        """A stored quote, priced again by its own release of the rules. UnknownQuoteError."""
        if self.orders.is_order(quote_id=quote_id):
            order = self.orders.explain(quote_id=quote_id)
            return Explained(order.quote, order.quote.price, order.again)
        slot = self.slots.explain(quote_id=quote_id)
        return Explained(slot.quote, slot.quote.order_price, order_price(slot.again))

    def make(self, *, wanted: Wanted, now: datetime) -> Quote | OrderQuote:
        """The quote; errors are those of `QuoteService.make` and `OrderQuotes.make`."""
        if not wanted.is_one_slot:
            return self.orders.make(wanted=wanted, now=now)
        (item,) = wanted.items
        return self.slots.make(
            user_id=wanted.user_id,
            slot_id=str(item.slot_id),
            party=item.party,
            currency=wanted.currency,
            now=now,
        )
