"""What bookings ask the database."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select

from backend.domains.bookings.models import Booking, BookingEvent
from backend.domains.bookings.states import Status
from backend.infra.postgres import DbSession

BATCH = 200


def locked(session: DbSession, booking: Booking) -> Booking:
    """The booking as it is now, its row locked."""
    query = select(Booking).where(Booking.id == booking.id).with_for_update()
    return session.scalars(query, execution_options={"populate_existing": True}).one()


def bookings_of(
    session: DbSession, *, user_id: str, status: str | None, older_than: str | None, limit: int
) -> Sequence[Booking]:
    """The newest `limit` bookings of a user, newest first, older than the one with id `older_than`."""
    query = select(Booking).where(Booking.user_id == user_id).order_by(Booking.id.desc()).limit(limit)
    if status is not None:
        query = query.where(Booking.status == status)
    if older_than is not None:
        query = query.where(Booking.id < older_than)
    return session.scalars(query).all()


def locked_of_order(session: DbSession, *, order_id: str) -> list[Booking]:
    """As `of_order`, their rows locked."""
    query = (
        select(Booking)
        .where(Booking.order_id == order_id)
        .order_by(Booking.provider_id, Booking.id)
        .with_for_update()
    )
    return list(session.scalars(query, execution_options={"populate_existing": True}))


def of_order(session: DbSession, *, order_id: str) -> list[Booking]:
    """The bookings that an order is made of, by provider and id."""
    query = select(Booking).where(Booking.order_id == order_id).order_by(Booking.provider_id, Booking.id)
    return list(session.scalars(query))


def history(session: DbSession, *, booking_id: str) -> Sequence[BookingEvent]:
    """What happened to a booking, oldest first."""
    query = select(BookingEvent).where(BookingEvent.booking_id == booking_id).order_by(BookingEvent.id)
    return session.scalars(query).all()


def ended(session: DbSession, *, before: datetime) -> Sequence[Booking]:
    """Confirmed bookings that ended before an instant, locked; those that somebody works on are left out."""
    query = (
        select(Booking)
        .where(Booking.status == Status.CONFIRMED, Booking.ends_at <= before)
        .order_by(Booking.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def unanswered(session: DbSession, *, now: datetime) -> Sequence[Booking]:
    """Bookings that still wait though their time, or that for an answer, has come."""
    waiting = (Status.PENDING_APPROVAL, Status.PENDING_PAYMENT)
    late = or_(
        Booking.starts_at <= now,
        and_(Booking.status == Status.PENDING_APPROVAL, Booking.answer_by <= now),
    )
    query = (
        select(Booking)
        .where(Booking.status.in_(waiting), late)
        .order_by(Booking.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()
