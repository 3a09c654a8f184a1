"""The catalogue as the rest of the product sees it: plain values, read from the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from backend.domains.catalog.travel import FLIGHT, STAY, TRAVEL, Travel
from backend.kernel.money import Money

SLOT: Final = "slot"
RETAIL: Final = "retail"
# Sold by a partner on pages of their own; nothing is ever charged for it here.
EXTERNAL: Final = "external"
LISTED: Final = (SLOT, RETAIL, EXTERNAL, FLIGHT, STAY)
# Bought by the unit, of which so many are left: goods, seats of a flight, rooms of a stay.
COUNTED: Final = (RETAIL, *TRAVEL)


class PricePer(StrEnum):
    """What the price of a product is for."""

    BOOKING = "booking"
    PERSON = "person"
    UNIT = "unit"


class TaxClass(StrEnum):
    """Which of a country's rates of VAT a product has; the rates are for rules to know."""

    STANDARD = "standard"
    REDUCED = "reduced"
    SUPER_REDUCED = "super_reduced"
    INTERMEDIATE = "intermediate"
    ZERO = "zero"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of service. Its slug names it everywhere, rule files included, and never changes."""

    slug: str
    name: str
    parent: str | None
    position: int
    is_active: bool
    version: int = 1


@dataclass(frozen=True, slots=True)
class Provider:
    """Who performs a service; `user_id` is the user that acts for them, if they ever signed up."""

    id: str
    user_id: str | None
    name: str
    category: str
    experience_years: int
    timezone: str
    currency: str
    is_active: bool
    version: int = 1


@dataclass(frozen=True, slots=True)
class Product:
    """What can be bought. All its money is in one currency: its provider's, where it has one.

    `provider_id` of a retail product is the merchant, None for the house itself. `subcategory` is a
    child of `category`. `original_price` is what staff say the maker recommends; `was_price` is the
    lowest price of the 30 days before `reduced_since`, both None unless it is reduced. `rating` is 0.0
    to 5.0, and 0.0 without reviews. An external product has a `partner` (their name) and the https address of
    their page, all others have neither; its price is what the partner asked for it when staff looked.
    A flight or a stay has its `travel`, all others None; its price is for a seat, or a room for all nights.
    """

    id: str
    kind: str
    name: str
    description: str
    provider_id: str | None
    category: str
    duration_minutes: int | None
    price: Money
    price_per: PricePer
    cost: Money | None
    max_party: int
    is_active: bool
    slot_step_minutes: int | None = None
    version: int = 1
    subcategory: str | None = None
    brand: str | None = None
    images: tuple[str, ...] = ()
    specifications: Mapping[str, str] = field(default_factory=dict, hash=False)
    tags: tuple[str, ...] = ()
    original_price: Money | None = None
    was_price: Money | None = None
    reduced_since: datetime | None = None
    rating: float = 0.0
    review_count: int = 0
    is_featured: bool = False
    weight_grams: int | None = None
    tax_class: TaxClass = TaxClass.STANDARD
    partner: str | None = None
    external_url: str | None = None
    travel: Travel | None = None

    @property
    def starts_at(self) -> datetime | None:
        """When it departs, or rooms are handed out; None for what is no journey."""
        return None if self.travel is None else self.travel.starts_at

    def begun_notice(self, now: datetime) -> str | None:
        """Why nobody can have it any more: from the instant on at which a journey starts. Else None."""
        begun = self.travel is not None and self.travel.starts_at <= now
        return self.travel.begun_notice if self.travel is not None and begun else None


@dataclass(frozen=True, slots=True)
class SlotProduct(Product):
    """A product of kind slot: somebody performs it, and it takes time."""

    provider_id: str
    duration_minutes: int

    @property
    def step_minutes(self) -> int:
        """Wall-clock minutes from one offered start to the next."""
        return self.slot_step_minutes or self.duration_minutes
