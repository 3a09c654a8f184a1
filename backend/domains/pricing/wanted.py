"""What somebody wants to buy, before it is priced."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """So many units of a product, or a slot for a party: one of the two ids is None.

    With `bargain_id`, at the price that the customer agreed on in that bargain.
    """

    product_id: str | None = None
    slot_id: str | None = None
    quantity: int = 1
    party: int = 1
    bargain_id: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Items to buy together, by whom and how.

    `cart_id` stands for a visitor whose uses of coupons are counted. `currency` is the one to pay in,
    None for that of the items; `shipping` the way of delivery; `country` where goods go (ISO 3166-1
    alpha-2); `expert_id` the user who put it together for the customer.
    """

    items: tuple[Item, ...]
    user_id: str | None = None
    cart_id: str | None = None
    codes: tuple[str, ...] = ()
    currency: str | None = None
    payment_method: str | None = None
    shipping: str | None = None
    country: str | None = None
    expert_id: str | None = None

    @property
    def is_one_slot(self) -> bool:
        """Whether it is one slot at its own price and nothing else, as a booking is made of."""
        beside = (self.codes, self.payment_method, self.shipping, self.country, self.expert_id)
        if len(self.items) != 1 or any(beside):
            return False
        (item,) = self.items
        return item.slot_id is not None and item.bargain_id is None
