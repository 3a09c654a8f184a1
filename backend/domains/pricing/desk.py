"""Where quotes are asked for: one slot is quoted so that it can be booked, everything else as an order."""

from dataclasses import dataclass, replace
from datetime import datetime

from backend.domains.pricing.deals import Deals
from backend.domains.pricing.entities import OrderPrice
from backend.domains.pricing.order_quotes import OrderQuote, OrderQuotes
from backend.domains.pricing.service import Quote, QuoteService, order_price
from backend.domains.pricing.wanted import Item, Wanted


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
    deals: Deals

    def explain(self, *, quote_id: str) -> Explained:
        """A stored quote, priced again by its own release of the rules. UnknownQuoteError."""
        if self.orders.is_order(quote_id=quote_id):
            order = self.orders.explain(quote_id=quote_id)
            return Explained(order.quote, order.quote.price, order.again)
        slot = self.slots.explain(quote_id=quote_id)
        return Explained(slot.quote, slot.quote.order_price, order_price(slot.again))

    def make(self, *, wanted: Wanted, now: datetime) -> Quote | OrderQuote:
        """The quote; errors are those of `QuoteService.make`, `OrderQuotes.make` and `Deals.item`.

        An item of which nothing is known but its bargain is what was bargained for.
        """
        items = tuple(self._named(item, wanted.user_id, now) for item in wanted.items)
        wanted = replace(wanted, items=items)
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

    def _named(self, item: Item, user_id: str | None, now: datetime) -> Item:
        if item.bargain_id is None or item.product_id is not None or item.slot_id is not None:
            return item
        return self.deals.item(bargain_id=item.bargain_id, user_id=user_id, now=now)
