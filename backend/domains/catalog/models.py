"""Tables of the catalogue (their constraints stand in migration 0003)."""

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class CategoryRow(Base):
    """A node of the category tree."""

    __tablename__ = "categories"

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


class ProductRow(Base):
    """What can be bought."""

    __tablename__ = "products"
    __table_args__ = (
        ForeignKeyConstraint(["provider_id", "currency"], ["providers.id", "providers.currency"]),
        UniqueConstraint("id", "provider_id"),
        Index("ix_products_provider_id", "provider_id", "id"),
        Index("ix_products_category_id", "category", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text, ForeignKey("categories.slug"))
    duration_minutes: Mapped[int]
    slot_step_minutes: Mapped[int | None]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    cost_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    price_per: Mapped[str] = mapped_column(Text)
    max_party: Mapped[int]
    is_active: Mapped[bool]
    created_at: Mapped[Instant]
    version: Mapped[int]
