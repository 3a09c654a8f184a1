"""Tables of the catalogue (their constraints stand in migrations 0003, 0011, 0023 and 0028)."""

from datetime import datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from backend.domains.catalog.entities import TaxClass
from backend.infra.postgres import Base, Instant

# What is found like tags: where a journey begins and ends.
_TAGS: Final = "tags || ARRAY[origin, origin_city, destination, destination_city, place]"


class CategoryRow(Base):
    """A node of the category tree."""

    __tablename__ = "categories"
    __table_args__ = (UniqueConstraint("slug", "parent"),)

    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    parent: Mapped[str | None] = mapped_column(Text, ForeignKey("categories.slug"))
    position: Mapped[int]
    is_active: Mapped[bool]
    version: Mapped[int]


class ProviderRow(Base):
    """Who performs a service."""

    __tablename__ = "providers"
    __table_args__ = (
        UniqueConstraint("id", "currency"),
        Index("ix_providers_category_id", "category", "id"),
        Index("ix_providers_user_id", "user_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[str | None] = mapped_column(Text, ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text, ForeignKey("categories.slug"))
    experience_years: Mapped[int]
    timezone: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool]
    created_at: Mapped[Instant]
    version: Mapped[int]


def _when_created(context: DefaultExecutionContext) -> datetime:
    """A product has its first price from its beginning on."""
    created: datetime = context.get_current_parameters()["created_at"]  # type: ignore[no-untyped-call]
    return created


class ProductRow(Base):
    """What can be bought. The columns from `filed_under` on are the database's: to sort and search by."""

    __tablename__ = "products"
    __table_args__ = (
        ForeignKeyConstraint(["provider_id", "currency"], ["providers.id", "providers.currency"]),
        ForeignKeyConstraint(["subcategory", "category"], ["categories.slug", "categories.parent"]),
        UniqueConstraint("id", "provider_id"),
        Index("ix_products_provider_id", "provider_id", "id"),
        Index(None, "filed_under", "id"),
        Index(None, "currency", "price_minor", "id"),
        Index(None, "rating", "review_count", "id"),
        Index(None, "is_featured", "rating", "review_count", "id"),
        Index(None, "name_key", "id"),
        Index(None, "brand", "id"),
        Index(None, "partner", "id"),
        Index(None, "starts_at", "id"),
        Index(None, "origin", "destination", "starts_at"),
        Index(None, "tags", postgresql_using="gin"),
        Index(None, "search", postgresql_using="gin"),
        Index(None, "words", postgresql_using="gin", postgresql_ops={"words": "gin_trgm_ops"}),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text, ForeignKey("categories.slug"))
    subcategory: Mapped[str | None] = mapped_column(Text)
    brand: Mapped[str | None] = mapped_column(Text)
    images: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    specifications: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    duration_minutes: Mapped[int | None]
    slot_step_minutes: Mapped[int | None]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    cost_minor: Mapped[int | None] = mapped_column(BigInteger)
    original_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    was_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    reduced_since: Mapped[Instant | None]
    # Since when it has its price, and who set it: a trigger copies both into its price history.
    priced_at: Mapped[Instant] = mapped_column(default=_when_created)
    priced_by: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    price_per: Mapped[str] = mapped_column(Text)
    max_party: Mapped[int]
    rating: Mapped[float] = mapped_column(Numeric(2, 1, asdecimal=False), default=0)
    review_count: Mapped[int] = mapped_column(default=0)
    is_featured: Mapped[bool] = mapped_column(default=False)
    weight_grams: Mapped[int | None]
    tax_class: Mapped[str] = mapped_column(Text, default=TaxClass.STANDARD.value)
    partner: Mapped[str | None] = mapped_column(Text)
    external_url: Mapped[str | None] = mapped_column(Text)
    # Of flights and stays (see `travel_values.py`).
    supplier: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    timezone: Mapped[str | None] = mapped_column(Text)
    starts_at: Mapped[Instant | None]
    ends_at: Mapped[Instant | None]
    origin: Mapped[str | None] = mapped_column(Text)
    destination: Mapped[str | None] = mapped_column(Text)
    origin_city: Mapped[str | None] = mapped_column(Text)
    destination_city: Mapped[str | None] = mapped_column(Text)
    cabin_class: Mapped[str | None] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(Text)
    room: Mapped[str | None] = mapped_column(Text)
    meal: Mapped[str | None] = mapped_column(Text)
    nights: Mapped[int | None]
    is_active: Mapped[bool]
    created_at: Mapped[Instant]
    version: Mapped[int]
    filed_under: Mapped[str] = mapped_column(
        Text, Computed("COALESCE(subcategory, category)", persisted=True)
    )
    name_key: Mapped[str] = mapped_column(Text(collation="C"), Computed("plain_text(name)", persisted=True))
    words: Mapped[str] = mapped_column(
        Text,
        Computed(f"product_words(name, brand, {_TAGS}, category, subcategory)", persisted=True),
        deferred=True,
    )
    search: Mapped[str] = mapped_column(
        TSVECTOR,
        Computed(f"product_search(name, brand, {_TAGS}, category, subcategory, description)", persisted=True),
        deferred=True,
    )


class ProductPriceRow(Base):
    """A price that a product had from an instant on; a trigger on products writes them."""

    __tablename__ = "product_prices"
    __table_args__ = (Index(None, "product_id", "number"),)

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    product_id: Mapped[str] = mapped_column(Text, ForeignKey("products.id"))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[Instant]
    set_by: Mapped[str | None] = mapped_column(Text)
