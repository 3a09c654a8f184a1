"""What the items of a cart are today, and why one cannot be had."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from backend.domains.availability.entities import Slot
from backend.domains.availability.service import AvailabilityService
from backend.domains.availability.slot_ids import parse_slot_id
from backend.domains.catalog.entities import COUNTED, EXTERNAL, Product
from backend.domains.catalog.listing import ListedProduct, ProductListing
from backend.domains.checkout.contents import CartItem, Kept
from backend.kernel.errors import ConflictError, NotFoundError

GONE: Final = "This product is not sold any more."


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item with what it is: `product` is None for one that never was.

    `left` is how many units or seats can be had, None where none are counted. `unavailable` says in a
    sentence why it cannot be bought now.
    """

    item: CartItem
    product: Product | None
    slot: Slot | None = None
    left: int | None = None
    unavailable: str | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.product.name if self.product else "An item that is gone"

    @property
    def starts_at(self) -> datetime | None:
        """When the slot or the journey starts; None for anything else."""
        if self.slot is not None:
            return self.slot.starts_at
        return None if self.product is None else self.product.starts_at

    @property
    def is_external(self) -> bool:
        """Whether a partner sells it: then nothing of it is ever charged here."""
        return self.product is not None and self.product.kind == EXTERNAL

    @property
    def is_charged(self) -> bool:
        """Whether it can be had, and is paid for here."""
        return self.unavailable is None and not self.is_external

    def without(self, reason: str) -> "FoundItem":
        """The same, not to be had for this reason."""
        return replace(self, unavailable=reason)


@dataclass(frozen=True)
class ItemLookup:
    """Looks items up: products all at once, slots one by one."""

    products: ProductListing
    availability: AvailabilityService

    def find(self, items: Sequence[CartItem], *, user_id: str | None, now: datetime) -> list[FoundItem]:
        """What each item is, in their order. What `user_id` holds of a slot can be had by them."""
        known = self.products.found(product_ids={product_id_of(item) for item in items}, now=now)
        return [
            self._slot(item, known.get(product_id_of(item)), user_id, now)
            if item.slot_id
            else _product(item, known.get(item.thing), now)
            for item in items
        ]

    def kept(self, items: Sequence[CartItem], *, now: datetime) -> dict[str, Kept]:
        """What a merge has to know of the products among these items, by id."""
        found = self.find([item for item in items if item.product_id is not None], user_id=None, now=now)
        return {one.item.thing: Kept(one.name, one.left) for one in found if one.product is not None}

    def _slot(
        self, item: CartItem, known: ListedProduct | None, user_id: str | None, now: datetime
    ) -> FoundItem:
        try:
            slot = self.availability.slot(slot_id=item.thing, now=now, user_id=user_id)
        except (NotFoundError, ConflictError):
            gone = "This slot is not offered any more; GET /api/bookings lists those that are."
            return FoundItem(item, known.product if known else None, unavailable=gone)
        found = FoundItem(item, slot.product, slot, slot.seats_left)
        if slot.seats_left == 0:
            return found.without("This slot has been taken in the meantime.")
        most = min(slot.product.max_party, slot.seats_left)
        if item.party > most:
            return found.without(f"At most {most} can come to this slot now, not {item.party}.")
        return found


def product_id_of(item: CartItem) -> str:
    """The id of the product that an item is, or is a slot of; an empty one where there is none."""
    if item.product_id is not None:
        return item.product_id
    parsed = parse_slot_id(item.thing)
    return parsed[0] if parsed else ""


def _product(item: CartItem, known: ListedProduct | None, now: datetime) -> FoundItem:
    if known is None:
        return FoundItem(item, None, unavailable=GONE)
    product, left = known.product, known.stock_quantity
    found = FoundItem(item, product, None, left)
    if not product.is_active or product.kind not in {*COUNTED, EXTERNAL}:
        return found.without(GONE)
    begun = product.begun_notice(now)
    if begun is not None:
        return found.without(begun)
    if left == 0:
        return found.without("This product is sold out.")
    if left is not None and item.quantity > left:
        return found.without(f"Only {left} of the {item.quantity} are left; lower the quantity.")
    return found
