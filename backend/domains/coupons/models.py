"""Tables of coupons (their constraints and the counting triggers stand in the migration `coupons`)."""

from decimal import Decimal

from sqlalchemy import BigInteger, Computed, ForeignKey, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class CouponRow(Base):
    """A coupon; `currency` is that of all its amounts."""

    __tablename__ = "coupons"
    __table_args__ = (
        Index("ix_coupons_user_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
        Index("ix_coupons_public", "id", postgresql_where=text("is_public AND is_active")),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(CITEXT, unique=True)
    label: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    percent: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    currency: Mapped[str | None] = mapped_column(Text)
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    minimum_order_minor: Mapped[int | None] = mapped_column(BigInteger)
    maximum_discount_minor: Mapped[int | None] = mapped_column(BigInteger)
    budget_minor: Mapped[int | None] = mapped_column(BigInteger)
    valid_from: Mapped[Instant | None]
    valid_until: Mapped[Instant | None]
    categories: Mapped[list[str]] = mapped_column(ARRAY(Text))
    products: Mapped[list[str]] = mapped_column(ARRAY(Text))
    excluded_products: Mapped[list[str]] = mapped_column(ARRAY(Text))
    product_kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    first_order_only: Mapped[bool]
    user_id: Mapped[str | None] = mapped_column(Text, ForeignKey("users.id"))
    is_public: Mapped[bool]
    per_user_limit: Mapped[int | None]
    global_limit: Mapped[int | None]
    stacking_group: Mapped[str | None] = mapped_column(Text)
    is_exclusive: Mapped[bool]
    may_go_below_floor: Mapped[bool]
    is_active: Mapped[bool]
    created_at: Mapped[Instant]
    version: Mapped[int]


class CouponUseRow(Base):
    """One use of a coupon by a user, or by the cart of a visitor, for the order or booking `reference`."""

    __tablename__ = "coupon_uses"
    __table_args__ = (
        Index(
            "uq_coupon_uses_reference",
            "reference",
            "coupon_id",
            unique=True,
            postgresql_where=text("state <> 'released'"),
        ),
        Index("ix_coupon_uses_reference", "reference"),
        Index("ix_coupon_uses_customer", "customer", "id"),
        Index(
            "ix_coupon_uses_reserved",
            "coupon_id",
            "expires_at",
            postgresql_where=text("state = 'reserved'"),
        ),
        Index("ix_coupon_uses_expires_at", "expires_at", postgresql_where=text("state = 'reserved'")),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    coupon_id: Mapped[str] = mapped_column(Text, ForeignKey("coupons.id"))
    user_id: Mapped[str | None] = mapped_column(Text, ForeignKey("users.id"))
    cart_id: Mapped[str | None] = mapped_column(Text)
    customer: Mapped[str] = mapped_column(Text, Computed("coalesce(user_id, cart_id)", persisted=True))
    discount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[Instant | None]
    created_at: Mapped[Instant]
    settled_at: Mapped[Instant | None]


class CouponCounterRow(Base):
    """What is taken of a coupon, kept by the trigger on uses; its row is the coupon's lock."""

    __tablename__ = "coupon_counters"

    coupon_id: Mapped[str] = mapped_column(
        Text, ForeignKey("coupons.id", ondelete="CASCADE"), primary_key=True
    )
    uses: Mapped[int]
    global_limit: Mapped[int | None]
    spent_minor: Mapped[int] = mapped_column(BigInteger)
    budget_minor: Mapped[int | None] = mapped_column(BigInteger)


class CouponCustomerCounterRow(Base):
    """The same for one customer of a coupon."""

    __tablename__ = "coupon_customer_counters"

    coupon_id: Mapped[str] = mapped_column(
        Text, ForeignKey("coupons.id", ondelete="CASCADE"), primary_key=True
    )
    customer: Mapped[str] = mapped_column(Text, primary_key=True)
    uses: Mapped[int]
    per_user_limit: Mapped[int | None]
