"""Carts as coupons look at them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.lookup import ItemLookup
from backend.domains.coupons.baskets import Baskets, CartBaskets, Item
from backend.domains.coupons.eligibility import Basket


@dataclass(frozen=True)
class KeptBaskets(CartBaskets):
    """What is in the cart of whoever asks, at list prices, and is charged here: what can be had of it."""

    carts: CartStore
    lookup: ItemLookup
    asking: Callable[[datetime], CartOwner]
    baskets: Callable[[], Baskets]

    def basket_of(self, *, user_id: str | None, now: datetime) -> Basket | None:
        """None for an empty cart. InvalidError for one of several currencies."""
        contents = self.carts.read(self.asking(now))
        found = self.lookup.find(contents.items, user_id=user_id, now=now)
        items = [
            Item(
                product_id=one.item.product_id,
                slot_id=one.item.slot_id,
                quantity=one.item.quantity,
                party=one.item.party,
            )
            for one in found
            if one.is_charged
        ]
        if not items:
            return None
        return self.baskets().of_items(items, shipping=None, user_id=user_id, now=now)
