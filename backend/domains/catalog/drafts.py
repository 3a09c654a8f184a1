"""What staff write: everything about a thing that a person decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.domains.catalog.entities import SLOT, PricePer, TaxClass
from backend.domains.catalog.travel import Travel
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
    """A product; all money in the provider's currency, or in any one currency when there is none.

    A slot needs `provider_id` and `duration_minutes`; a retail product has no duration, and its price
    is for a unit; an external one needs `partner` and `external_url`, a flight or a stay its `travel`.
    `price_per` None stands for what is usual for the kind.
    """

    name: str
    category: str
    price: Money
    kind: str = SLOT
    provider_id: str | None = None
    subcategory: str | None = None
    duration_minutes: int | None = None
    slot_step_minutes: int | None = None
    description: str = ""
    price_per: PricePer | None = None
    cost: Money | None = None
    original_price: Money | None = None
    max_party: int = 1
    brand: str | None = None
    images: tuple[str, ...] = ()
    specifications: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    rating: float = 0.0
    review_count: int = 0
    is_featured: bool = False
    weight_grams: int | None = None
    tax_class: TaxClass = TaxClass.STANDARD
    partner: str | None = None
    external_url: str | None = None
    travel: Travel | None = None
    is_active: bool = True
