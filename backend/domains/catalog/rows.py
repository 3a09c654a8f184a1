"""From rows to the values that leave this domain."""

from typing import Any, Final

from sqlalchemy import Row

from backend.domains.catalog.entities import (
    SLOT,
    Category,
    PricePer,
    Product,
    Provider,
    SlotProduct,
    TaxClass,
)
from backend.domains.catalog.models import CategoryRow, ProductRow, ProviderRow
from backend.domains.catalog.travel_values import TRAVEL_COLUMNS, travel_of
from backend.kernel.money import Money

# Columns of a product that are fields of it as they are.
_SAME: Final = (
    "id",
    "kind",
    "name",
    "description",
    "provider_id",
    "category",
    "subcategory",
    "duration_minutes",
    "slot_step_minutes",
    "max_party",
    "brand",
    "specifications",
    "reduced_since",
    "rating",
    "review_count",
    "is_featured",
    "weight_grams",
    "partner",
    "external_url",
    "is_active",
    "version",
)
# Those that become fields in another shape.
_SHAPED: Final = (
    "currency",
    "price_minor",
    "price_per",
    "cost_minor",
    "original_price_minor",
    "was_price_minor",
    "images",
    "tags",
    "tax_class",
    *TRAVEL_COLUMNS,
)
PRODUCT_COLUMNS: Final = tuple(ProductRow.__table__.c[name] for name in (*_SAME, *_SHAPED))
"""What `product_of` reads, for statements that want nothing else of a product."""


def category_of(row: CategoryRow) -> Category:
    """The category that the row holds."""
    return Category(
        slug=row.slug,
        name=row.name,
        parent=row.parent,
        position=row.position,
        is_active=row.is_active,
        version=row.version,
    )


def provider_of(row: ProviderRow) -> Provider:
    """The provider that the row holds."""
    return Provider(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        category=row.category,
        experience_years=row.experience_years,
        timezone=row.timezone,
        currency=row.currency,
        is_active=row.is_active,
        version=row.version,
    )


def product_of(row: ProductRow | Row[*tuple[Any, ...]]) -> Product:
    """The product that the row holds: a `SlotProduct`, if it is one."""
    kind = SlotProduct if row.kind == SLOT else Product
    return kind(**_fields(row))


def slot_product_of(row: ProductRow) -> SlotProduct:
    """The product of kind slot that the row holds."""
    return SlotProduct(**_fields(row))


def _fields(row: ProductRow | Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _SAME},
        "price": Money(row.price_minor, row.currency),
        "price_per": PricePer(row.price_per),
        "cost": _money(row.cost_minor, row),
        "original_price": _money(row.original_price_minor, row),
        "was_price": _money(row.was_price_minor, row),
        "images": tuple(row.images),
        "tags": tuple(row.tags),
        "tax_class": TaxClass(row.tax_class),
        "travel": travel_of(row),
    }


def _money(minor: int | None, row: ProductRow | Row[*tuple[Any, ...]]) -> Money | None:
    return None if minor is None else Money(minor, row.currency)
