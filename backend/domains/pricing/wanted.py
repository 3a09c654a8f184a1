"""What somebody wants to buy, before it is priced."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.domains.availability.entities import Slot
from backend.domains.catalog.entities import Product
from backend.domains.pricing.shipping import NO_DELIVERY, Delivery


@dataclass(frozen=True, slots=True)
class Item:
    """So many units of a retail product, or a slot for a party: one of the two ids is None."""

    product_id: str | None = None
    slot_id: str | None = None
    quantity: int = 1
    party: int = 1


@dataclass(frozen=True, slots=True)
class Known:
    """What was looked up already and need not be again: products and slots by id, and ways of delivery.

    `delivery` counts for its own parcel alone.
    """

    products: Mapping[str, Product] = field(default_factory=dict)
    slots: Mapping[str, Slot] = field(default_factory=dict)
    delivery: Delivery = NO_DELIVERY


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
        """Whether it is one slot and nothing else, as a booking is made of."""
        beside = (self.codes, self.payment_method, self.shipping, self.country, self.expert_id)
        return len(self.items) == 1 and self.items[0].slot_id is not None and not any(beside)
