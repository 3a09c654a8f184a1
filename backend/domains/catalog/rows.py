"""From rows to the values that leave this domain."""

from backend.domains.catalog.entities import Category, PricePer, Product, Provider
from backend.domains.catalog.models import CategoryRow, ProductRow, ProviderRow
from backend.kernel.money import Money


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


def product_of(row: ProductRow) -> Product:
    """The product that the row holds."""
    return Product(
        id=row.id,
        kind=row.kind,
        name=row.name,
        description=row.description,
        provider_id=row.provider_id,
        category=row.category,
        duration_minutes=row.duration_minutes,
        price=Money(row.price_minor, row.currency),
        price_per=PricePer(row.price_per),
        cost=None if row.cost_minor is None else Money(row.cost_minor, row.currency),
        max_party=row.max_party,
        is_active=row.is_active,
        slot_step_minutes=row.slot_step_minutes,
        version=row.version,
    )
