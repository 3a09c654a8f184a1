"""Carts as coupons look at them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from backend.domains.checkout.bargained import CartDeals
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import CartItem
from backend.domains.checkout.lookup import ItemLookup
from backend.domains.coupons.baskets import Baskets, CartBaskets, Item
from backend.domains.coupons.eligibility import Basket
from backend.domains.pricing.deals import Deal


@dataclass(frozen=True)
class KeptBaskets(CartBaskets):
    """What is in the cart of whoever asks, and is charged here: what can be had of it.

    It is at list prices, or at those that were bargained for.
    """

    carts: CartStore
    lookup: ItemLookup
    bargained: CartDeals
    asking: Callable[[datetime], CartOwner]
    baskets: Callable[[], Baskets]

    def basket_of(self, *, user_id: str | None, now: datetime) -> Basket | None:
        """None for an empty cart. InvalidError for one of several currencies."""
        contents = self.carts.read(self.asking(now))
        everything = self.lookup.find(contents.items, user_id=user_id, now=now)
        found, deals = self.bargained.honoured(everything, user_id=user_id, now=now)
        items = [_item(one.item, deals) for one in found if one.is_charged]
        if not items:
            return None
        return self.baskets().of_items(items, shipping=None, user_id=user_id, now=now)


def _item(item: CartItem, deals: Mapping[str, Deal]) -> Item:
    deal = deals.get(item.bargain_id or "")
    return Item(
        product_id=item.product_id,
        slot_id=item.slot_id,
        quantity=item.quantity,
        party=item.party,
        amount=None if deal is None else deal.price,
        agreed=deal is not None and not deal.combines,
    )
