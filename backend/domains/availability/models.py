"""Tables of availability (their constraints and the counting trigger stand in migration 0004)."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import INT8RANGE, TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class ScheduleRow(Base):
    """How a provider can be booked. A provider without one cannot."""

    __tablename__ = "schedules"

    provider_id: Mapped[str] = mapped_column(Text, ForeignKey("providers.id"), primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    is_open: Mapped[bool]
    buffer_before_minutes: Mapped[int]
    buffer_after_minutes: Mapped[int]
    notice_minutes: Mapped[int]
    horizon_days: Mapped[int]
    units: Mapped[int]
    version: Mapped[int]


class OpeningHoursRow(Base):
    """One stretch of a weekday (0 is Monday), in minutes since local midnight."""

    __tablename__ = "opening_hours"

    provider_id: Mapped[str] = mapped_column(Text, ForeignKey("schedules.provider_id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    opens: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    closes: Mapped[int] = mapped_column(SmallInteger)


class ScheduleExceptionRow(Base):
    """A stretch of local time that is closed, open beyond the hours, or has other units."""

    __tablename__ = "schedule_exceptions"
    __table_args__ = (Index("ix_schedule_exceptions_provider_id", "provider_id", "ends"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    provider_id: Mapped[str] = mapped_column(Text, ForeignKey("schedules.provider_id"))
    kind: Mapped[str] = mapped_column(Text)
    starts: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    ends: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    units: Mapped[int | None]


class AllocationRow(Base):
    """Time and seats of a provider that a user holds, or has booked. Its id stays when a hold is booked."""

    __tablename__ = "allocations"
    __table_args__ = (
        ForeignKeyConstraint(["product_id", "provider_id"], ["products.id", "products.provider_id"]),
        Index("ix_allocations_product_id", "product_id", "starts_at"),
        Index(
            "uq_allocations_hold",
            "user_id",
            "product_id",
            "starts_at",
            unique=True,
            postgresql_where=text("booking_id IS NULL"),
        ),
        Index(
            "ix_allocations_hold_expires_at", "hold_expires_at", postgresql_where=text("booking_id IS NULL")
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    provider_id: Mapped[str] = mapped_column(Text)
    product_id: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    busy: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    exclusive: Mapped[bool]
    seats: Mapped[int]
    capacity: Mapped[int | None]
    user_id: Mapped[str] = mapped_column(Text, ForeignKey("users.id"))
    hold_expires_at: Mapped[Instant | None]
    booking_id: Mapped[str | None] = mapped_column(
        Text,
        # Checked when the transaction commits: seats are claimed before their booking is written.
        ForeignKey("bookings.id", deferrable=True, initially="DEFERRED"),
        unique=True,
    )
    lane: Mapped[Range[int]] = mapped_column(
        INT8RANGE,
        Computed(
            "CASE WHEN exclusive THEN int8range(NULL, NULL) ELSE int8range(number, number, '[]') END",
            persisted=True,
        ),
    )


class SlotCounterRow(Base):
    """Seats taken of a shared slot, kept by the trigger on allocations; its row is the slot's lock."""

    __tablename__ = "slot_counters"

    product_id: Mapped[str] = mapped_column(Text, ForeignKey("products.id"), primary_key=True)
    starts_at: Mapped[Instant] = mapped_column(primary_key=True)
    capacity: Mapped[int]
    taken: Mapped[int]
