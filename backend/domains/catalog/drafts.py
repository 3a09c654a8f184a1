"""What staff write: everything about a thing that a person decides."""

from dataclasses import dataclass

from backend.domains.catalog.entities import SLOT, PricePer
from backend.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDraft:
    """A category but for its slug; `position` orders siblings."""

    name: str
    parent: str | None = None
    position: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDraft:
    """A provider; `timezone` is an IANA name, `currency` ISO 4217."""

    name: str
    category: str
    experience_years: int
    timezone: str
    currency: str
    user_id: str | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """A product; `price` and `cost` in the provider's currency."""

    name: str
    provider_id: str
    category: str
    duration_minutes: int
    price: Money
    kind: str = SLOT
    description: str = ""
    price_per: PricePer = PricePer.BOOKING
    cost: Money | None = None
    max_party: int = 1
    slot_step_minutes: int | None = None
    is_active: bool = True
