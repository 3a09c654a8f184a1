"""Tables of bookings: the promise itself, its history, and the quotes it used up."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.domains.bookings.states import Status
from backend.infra.postgres import Base, Instant
from backend.kernel.money import Money


class Booking(Base):
    """A promise of one slot to one user. `version` counts its changes: ETag, and SEQUENCE of its calendar."""

    __tablename__ = "bookings"
    __table_args__ = (
        Index("ix_bookings_user_id", "user_id", "id"),
        Index("ix_bookings_provider_id", "provider_id", "starts_at"),
        Index("ix_bookings_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        Index("ix_bookings_confirmed", "ends_at", postgresql_where=text("status = 'confirmed'")),
        Index(
            "ix_bookings_pending",
            "starts_at",
            postgresql_where=text("status IN ('pending_approval', 'pending_payment')"),
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, ForeignKey("users.id"))
    provider_id: Mapped[str] = mapped_column(Text, ForeignKey("providers.id"))
    product_id: Mapped[str] = mapped_column(Text, ForeignKey("products.id"))
    slot_id: Mapped[str] = mapped_column(Text)
    # It has its price from a quote of its own, or from the order that it is part of.
    quote_id: Mapped[str | None] = mapped_column(Text, ForeignKey("quotes.id"))
    order_id: Mapped[str | None] = mapped_column(Text, ForeignKey("orders.id"))
    status: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    timezone: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    party: Mapped[int]
    total_minor: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    refund_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    payment_method: Mapped[str] = mapped_column(Text)
    contact: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # Until when its provider may approve it.
    answer_by: Mapped[Instant | None]
    version: Mapped[int]
    created_at: Mapped[Instant]
    changed_at: Mapped[Instant]

    @property
    def state(self) -> Status:
        """The status as the state machine knows it."""
        return Status(self.status)

    @property
    def total(self) -> Money:
        """What it costs."""
        return Money(self.total_minor, self.currency)

    @property
    def paid(self) -> Money:
        """What has been paid of it through us; payment on site is the provider's."""
        return Money(self.paid_minor, self.currency)

    @property
    def refund(self) -> Money | None:
        """What went back when it was cancelled."""
        return None if self.refund_minor is None else Money(self.refund_minor, self.currency)


class BookingEvent(Base):
    """One line of a booking's history; the database refuses to change or delete it."""

    __tablename__ = "booking_events"
    __table_args__ = (Index("ix_booking_events_booking_id", "booking_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    booking_id: Mapped[str] = mapped_column(Text, ForeignKey("bookings.id"))
    at: Mapped[Instant]
    actor_id: Mapped[str | None] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class UsedQuote(Base):
    """A quote that a booking took its price from: its key lets no quote be used twice."""

    __tablename__ = "booking_quotes"
    __table_args__ = (Index("ix_booking_quotes_booking_id", "booking_id"),)

    quote_id: Mapped[str] = mapped_column(Text, ForeignKey("quotes.id"), primary_key=True)
    booking_id: Mapped[str] = mapped_column(Text, ForeignKey("bookings.id"))
    used_at: Mapped[Instant]
