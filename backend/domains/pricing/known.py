"""What was looked up before something is priced, so that it need not be again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.domains.availability.entities import Slot
from backend.domains.catalog.entities import Product
from backend.domains.pricing.deals import Deal
from backend.domains.pricing.shipping import NO_DELIVERY, Delivery


@dataclass(frozen=True, slots=True)
class Known:
    """Products, slots and deals by their ids, and ways of delivery.

    `delivery` counts for its own parcel alone; `deals` are good for the items that name them.
    """

    products: Mapping[str, Product] = field(default_factory=dict)
    slots: Mapping[str, Slot] = field(default_factory=dict)
    delivery: Delivery = NO_DELIVERY
    deals: Mapping[str, Deal] = field(default_factory=dict)
