"""Tables of orders; their constraints and triggers stand in the migration."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.domains.checkout.states import State
from backend.infra.postgres import Base, Instant
from backend.kernel.money import Money


class Order(Base):
    """What was checked out. `cart_id` and `cart_version` say of which cart, and in which state of it.

    `price` explains all of it: taxes, coupons, what is due when; the lines hold the amounts.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("quote_id", name="uq_orders_quote_id"),
        UniqueConstraint("cart_id", "cart_version", name="uq_orders_cart"),
        Index("ix_orders_user_id", "user_id", "id"),
        Index("ix_orders_state", "state", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    quote_id: Mapped[str] = mapped_column(Text)
    cart_id: Mapped[str] = mapped_column(Text)
    cart_version: Mapped[int]
    payment_method: Mapped[str] = mapped_column(Text)
    shipping_option: Mapped[str | None] = mapped_column(Text)
    contact: Mapped[dict[str, Any]] = mapped_column(JSONB)
    shipping_address: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(Text)
    price: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int]
    placed_at: Mapped[Instant]
    changed_at: Mapped[Instant]

    @property
    def status(self) -> State:
        """The state as the state machine knows it."""
        return State(self.state)

    @property
    def total(self) -> Money:
        """What it costs: the sum of its lines."""
        return Money(self.total_minor, self.currency)


class OrderLine(Base):
    """One thing of an order, or a charge on all of it (`kind`). `detail` has the lines of its price.

    `bargain_id` is the bargain whose deal it was sold at.
    """

    __tablename__ = "order_lines"
    __table_args__ = (Index("ix_order_lines_booking_id", "booking_id"),)

    order_id: Mapped[str] = mapped_column(Text, ForeignKey("orders.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    product_id: Mapped[str | None] = mapped_column(Text, ForeignKey("products.id"))
    slot_id: Mapped[str | None] = mapped_column(Text)
    booking_id: Mapped[str | None] = mapped_column(Text, ForeignKey("bookings.id"))
    quantity: Mapped[int]
    party: Mapped[int]
    bargain_id: Mapped[str | None] = mapped_column(Text)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    detail: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)

    @property
    def amount(self) -> Money:
        """What it adds to the total; a charge may take off."""
        return Money(self.amount_minor, self.currency)


class OrderEvent(Base):
    """One line of an order's history; the database refuses to change or delete it."""

    __tablename__ = "order_events"
    __table_args__ = (Index("ix_order_events_order_id", "order_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    order_id: Mapped[str] = mapped_column(Text, ForeignKey("orders.id"))
    at: Mapped[Instant]
    actor_id: Mapped[str | None] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
