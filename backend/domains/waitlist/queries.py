"""What the waitlist asks the database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from backend.domains.waitlist.models import WaitlistEntry
from backend.domains.waitlist.waiting import OPEN, EntryStatus
from backend.infra.postgres import DbSession
from backend.kernel.time import Period

BATCH: Final = 200
NEARBY: Final = timedelta(days=1)


def lock_provider(session: DbSession, provider_id: str) -> None:
    """Wait until nobody else gives seats of this provider back or offers them to the waitlist.

    Order of locks: a customer's own entry of the waitlist, the provider (this lock), the booking,
    then what taking seats locks. Entries of others are only locked when nobody is at them. Two
    cancellations would otherwise each hold seats that the other wants to offer. Making a booking
    takes no provider's lock: it gives nothing back, and takes the seats of one slot only.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(provider_id, 0))))


def open_entry(
    session: DbSession, *, user_id: str, slot_id: str, skip_locked: bool = False
) -> WaitlistEntry | None:
    """The entry by which a user waits for a slot or is offered it, locked."""
    query = (
        select(WaitlistEntry)
        .where(
            WaitlistEntry.user_id == user_id,
            WaitlistEntry.slot_id == slot_id,
            WaitlistEntry.status.in_(OPEN),
        )
        .with_for_update(skip_locked=skip_locked)
    )
    return session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def entries_of(
    session: DbSession, *, user_id: str, older_than: str | None, limit: int
) -> Sequence[WaitlistEntry]:
    """The newest `limit` entries of a user, newest first, older than the one with id `older_than`."""
    query = select(WaitlistEntry).where(WaitlistEntry.user_id == user_id)
    if older_than is not None:
        query = query.where(WaitlistEntry.id < older_than)
    return session.scalars(query.order_by(WaitlistEntry.id.desc()).limit(limit)).all()


def waiting_for(
    session: DbSession, *, provider_id: str, around: Period | None, now: datetime
) -> Sequence[WaitlistEntry]:
    """Entries that wait for slots of a provider, first come first, locked; busy ones are left out.

    `around` narrows to slots that the period may have been in the way of.
    """
    query = (
        select(WaitlistEntry)
        .where(
            WaitlistEntry.provider_id == provider_id,
            WaitlistEntry.status == EntryStatus.WAITING,
            WaitlistEntry.starts_at > now,
        )
        .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    if around is not None:
        wide = around.widened(before=NEARBY, after=NEARBY)
        query = query.where(WaitlistEntry.starts_at < wide.end, WaitlistEntry.ends_at > wide.start)
    return session.scalars(query, execution_options={"populate_existing": True}).all()


def overdue(session: DbSession, *, provider_id: str, now: datetime) -> Sequence[WaitlistEntry]:
    """Entries whose offer or whose slot's time has passed, locked."""
    late = (WaitlistEntry.offer_expires_at <= now) | (WaitlistEntry.starts_at <= now)
    query = (
        select(WaitlistEntry)
        .where(WaitlistEntry.provider_id == provider_id, WaitlistEntry.status.in_(OPEN), late)
        .order_by(WaitlistEntry.id)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query, execution_options={"populate_existing": True}).all()


def awaited_providers(session: DbSession) -> Sequence[str]:
    """Providers for whose slots somebody waits."""
    query = select(WaitlistEntry.provider_id).where(WaitlistEntry.status.in_(OPEN)).distinct()
    return session.scalars(query.order_by(WaitlistEntry.provider_id)).all()
