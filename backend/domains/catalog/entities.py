"""The catalogue as the rest of the product sees it: plain values, read from the database."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from backend.kernel.money import Money

SLOT: Final = "slot"


class PricePer(StrEnum):
    """What the price of a product is for."""

    BOOKING = "booking"
    PERSON = "person"


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
    """What can be bought. `price` and `cost` are in the provider's currency."""

    id: str
    kind: str
    name: str
    description: str
    provider_id: str
    category: str
    duration_minutes: int
    price: Money
    price_per: PricePer
    cost: Money | None
    max_party: int
    is_active: bool
    slot_step_minutes: int | None = None
    version: int = 1

    @property
    def step_minutes(self) -> int:
        """Wall-clock minutes from one offered start to the next."""
        return self.slot_step_minutes or self.duration_minutes
