"""What availability asks the database, one statement per table whatever the number of providers."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select, text, true, tuple_
from sqlalchemy.dialects.postgresql import Range

from backend.domains.availability.models import (
    AllocationRow,
    OpeningHoursRow,
    ScheduleExceptionRow,
    ScheduleRow,
    SlotCounterRow,
)
from backend.domains.availability.schedule import (
    DAY,
    MINUTE,
    ExceptionKind,
    Mode,
    OpeningHours,
    Schedule,
    ScheduleException,
)
from backend.domains.availability.taken import Share, Taken
from backend.infra.postgres import DbSession
from backend.kernel.time import Period

# The class of our advisory locks among all that the database may hold; any constant will do.
LOCK_CLASS: Final = 0x616C6C6F
_LOCK = text("SELECT pg_advisory_xact_lock(:class, hashtext(:provider_id))")


def read_schedules(
    session: DbSession, *, provider_ids: Collection[str], first: date, last: date
) -> dict[str, Schedule]:
    """The schedules that there are, with the exceptions that touch the local days [first, last)."""
    # Columns, not entities: a row that another transaction changed is read again as it is now.
    rows = session.execute(
        select(*ScheduleRow.__table__.columns).where(ScheduleRow.provider_id.in_(provider_ids))
    ).all()
    hours = _hours(session, provider_ids)
    exceptions = _exceptions(session, provider_ids, first=first, last=last)
    return {
        row.provider_id: Schedule(
            mode=Mode(row.mode),
            is_open=row.is_open,
            hours=tuple(hours[row.provider_id]),
            exceptions=tuple(exceptions[row.provider_id]),
            buffer_before=row.buffer_before_minutes * MINUTE,
            buffer_after=row.buffer_after_minutes * MINUTE,
            notice=row.notice_minutes * MINUTE,
            horizon_days=row.horizon_days,
            units=row.units,
            version=row.version,
        )
        for row in rows
    }


def _hours(session: DbSession, provider_ids: Collection[str]) -> dict[str, list[OpeningHours]]:
    columns = OpeningHoursRow
    rows = session.execute(
        select(columns.provider_id, columns.weekday, columns.opens, columns.closes)
        .where(columns.provider_id.in_(provider_ids))
        .order_by(columns.provider_id, columns.weekday, columns.opens)
    )
    found: dict[str, list[OpeningHours]] = defaultdict(list)
    for provider_id, weekday, opens, closes in rows:
        found[provider_id].append(OpeningHours(weekday, opens, closes))
    return found


def _exceptions(
    session: DbSession, provider_ids: Collection[str], *, first: date, last: date
) -> dict[str, list[ScheduleException]]:
    columns = ScheduleExceptionRow
    rows = session.execute(
        select(columns.provider_id, columns.kind, columns.starts, columns.ends, columns.units)
        .where(
            columns.provider_id.in_(provider_ids),
            columns.ends > datetime.combine(first, time()),
            columns.starts < datetime.combine(last, time()),
        )
        .order_by(columns.provider_id, columns.starts, columns.id)
    )
    found: dict[str, list[ScheduleException]] = defaultdict(list)
    for provider_id, kind, starts, ends, units in rows:
        found[provider_id].append(ScheduleException(ExceptionKind(kind), starts, ends, units))
    return found


def lock_schedules(session: DbSession, *, provider_ids: Collection[str]) -> None:
    """Let nobody change these schedules, nor take exclusive time of these providers, until we commit.

    Always in the order of the ids, so that nobody waits in a circle. Seats of shared slots are not
    queued up here: their counters' rows are locked one slot at a time.
    """
    rows = session.execute(
        select(ScheduleRow.provider_id, ScheduleRow.mode)
        .where(ScheduleRow.provider_id.in_(provider_ids))
        .order_by(ScheduleRow.provider_id)
        .with_for_update(read=True)
    ).all()
    for row in rows:
        if row.mode != Mode.INVENTORY:
            session.execute(_LOCK, {"class": LOCK_CLASS, "provider_id": row.provider_id})


def lock_counters(session: DbSession, *, keys: Collection[tuple[str, datetime]]) -> None:
    """Lock the counters of these shared slots (product and start), in the order of their keys."""
    counter = SlotCounterRow
    session.execute(
        select(counter.taken)
        .where(tuple_(counter.product_id, counter.starts_at).in_(keys))
        .order_by(counter.product_id, counter.starts_at)
        .with_for_update()
    )


def alive(now: datetime) -> ColumnElement[bool]:
    """Allocations that count at `now`: booked, or held and not expired."""
    return or_(AllocationRow.booking_id.is_not(None), AllocationRow.hold_expires_at > now)


def hold_of(*, user_id: str, product_id: str, starts_at: datetime) -> ColumnElement[bool]:
    """The hold that a user has on a slot, expired or not."""
    return and_(
        AllocationRow.user_id == user_id,
        AllocationRow.product_id == product_id,
        AllocationRow.starts_at == starts_at,
        AllocationRow.booking_id.is_(None),
    )


def read_taken(
    session: DbSession,
    *,
    provider_ids: Collection[str],
    window: Period,
    now: datetime,
    but_not: ColumnElement[bool] | None = None,
) -> dict[str, Taken]:
    """What is taken of each provider within the window, leaving out the allocations `but_not`."""
    columns = AllocationRow
    keys = (columns.provider_id, columns.product_id, columns.starts_at, columns.exclusive, columns.busy)
    rows = session.execute(
        select(*keys, func.sum(columns.seats).label("seats"))
        .where(
            columns.provider_id.in_(provider_ids),
            columns.busy.op("&&")(Range(window.start, window.end)),
            alive(now),
            ~but_not if but_not is not None else true(),
        )
        .group_by(*keys)
        .order_by(columns.provider_id)
    )
    return {
        provider_id: Taken.of(
            Share(
                product_id=row.product_id,
                starts_at=row.starts_at,
                busy=Period(row.busy.lower, row.busy.upper),
                exclusive=row.exclusive,
                seats=row.seats,
            )
            for row in group
        )
        for provider_id, group in groupby(rows, key=lambda row: row.provider_id)
    }


def window_of(*, first: date, last: date, reach: timedelta) -> Period:
    """Instants that cover the local days [first, last) of every zone, and `reach` more on both sides."""
    start = datetime.combine(first, time(), tzinfo=UTC)
    return Period(start - reach - DAY, start + (last - first) + reach + DAY)
