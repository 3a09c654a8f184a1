"""What availability asks the database: as many statements for one provider and day as for many."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    and_,
    any_,
    bindparam,
    func,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range, aggregate_order_by, insert

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

_SCHEDULES: Final = ScheduleRow.__table__
_HOURS: Final = OpeningHoursRow.__table__.c
_EXCEPTIONS: Final = ScheduleExceptionRow.__table__.c
_ALLOCATIONS: Final = AllocationRow.__table__.c
_PROVIDER_IDS: Final = bindparam("provider_ids", type_=ARRAY(Text))

# Both statements are built once: to build one anew, and to find its cached text, takes longer than to run it.
# They read columns, not entities: a row that another transaction changed is read again as it is now.
_READ_SCHEDULES: Final = select(
    *_SCHEDULES.c,
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_array(_HOURS.weekday, _HOURS.opens, _HOURS.closes),
                _HOURS.weekday,
                _HOURS.opens,
            )
        )
    )
    .where(_HOURS.provider_id == _SCHEDULES.c.provider_id)
    .scalar_subquery()
    .label("hours"),
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_array(
                    _EXCEPTIONS.kind, _EXCEPTIONS.starts, _EXCEPTIONS.ends, _EXCEPTIONS.units
                ),
                _EXCEPTIONS.starts,
                _EXCEPTIONS.id,
            )
        )
    )
    .where(
        _EXCEPTIONS.provider_id == _SCHEDULES.c.provider_id,
        _EXCEPTIONS.ends > bindparam("first"),
        _EXCEPTIONS.starts < bindparam("last"),
    )
    .scalar_subquery()
    .label("exceptions"),
).where(_SCHEDULES.c.provider_id == any_(_PROVIDER_IDS))

_SHARE_KEYS: Final = (
    _ALLOCATIONS.provider_id,
    _ALLOCATIONS.product_id,
    _ALLOCATIONS.starts_at,
    _ALLOCATIONS.exclusive,
    _ALLOCATIONS.busy,
)
_OWN: Final = or_(
    and_(
        _ALLOCATIONS.user_id == bindparam("user_id"),
        _ALLOCATIONS.product_id == bindparam("product_id"),
        _ALLOCATIONS.starts_at == bindparam("starts_at"),
        _ALLOCATIONS.booking_id.is_(None),
    ),
    _ALLOCATIONS.booking_id == bindparam("booking_id"),
)
_READ_TAKEN: Final = (
    select(*_SHARE_KEYS, func.sum(_ALLOCATIONS.seats).label("seats"))
    .where(
        _ALLOCATIONS.provider_id == any_(_PROVIDER_IDS),
        _ALLOCATIONS.busy.op("&&")(bindparam("touching", type_=TSTZRANGE)),
        or_(_ALLOCATIONS.booking_id.is_not(None), _ALLOCATIONS.hold_expires_at > bindparam("now")),
        # A hold has no booking: comparing it with one says neither yes nor no, which is not its own either.
        _OWN.is_not(true()),
    )
    .group_by(*_SHARE_KEYS)
    .order_by(_ALLOCATIONS.provider_id)
)

# The class of our advisory locks among all that the database may hold; any constant will do.
LOCK_CLASS: Final = 0x616C6C6F
_LOCK = text("SELECT pg_advisory_xact_lock(:class, hashtext(:provider_id))")


@dataclass(frozen=True, slots=True)
class Own:
    """Allocations that stand in nobody's own way: a user's hold on a slot, and what a booking has."""

    user_id: str | None
    product_id: str
    starts_at: datetime
    booking_id: str | None = None


def read_schedules(
    session: DbSession, *, provider_ids: Collection[str], first: date, last: date
) -> dict[str, Schedule]:
    """The schedules that there are, with the exceptions that touch the local days [first, last)."""
    asked = {
        "provider_ids": list(provider_ids),
        "first": datetime.combine(first, time()),
        "last": datetime.combine(last, time()),
    }
    return {row.provider_id: _schedule(row) for row in session.execute(_READ_SCHEDULES, asked)}


def _schedule(row: Any) -> Schedule:
    return Schedule(
        mode=Mode(row.mode),
        is_open=row.is_open,
        hours=tuple([OpeningHours(*hours) for hours in row.hours or ()]),
        exceptions=tuple([_exception(*found) for found in row.exceptions or ()]),
        buffer_before=row.buffer_before_minutes * MINUTE,
        buffer_after=row.buffer_after_minutes * MINUTE,
        notice=row.notice_minutes * MINUTE,
        horizon_days=row.horizon_days,
        units=row.units,
        version=row.version,
    )


def _exception(kind: str, starts: str, ends: str, units: int | None) -> ScheduleException:
    return ScheduleException(
        ExceptionKind(kind), datetime.fromisoformat(starts), datetime.fromisoformat(ends), units
    )


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


def lock_counters(
    session: DbSession,
    *,
    keys: Collection[tuple[str, datetime]],
    wanted: tuple[str, datetime, int] | None = None,
) -> None:
    """Lock the counters of these shared slots (product and start), in the order of their keys.

    `wanted` (product, start, capacity) is made first when it is not there yet: what does not exist cannot
    be locked, and two who take the first seats at once would go on to lock the rest in any order.
    """
    counter = SlotCounterRow
    if wanted is not None:
        product_id, starts_at, capacity = wanted
        row = {"product_id": product_id, "starts_at": starts_at, "capacity": capacity, "taken": 0}
        session.execute(insert(counter).values(row).on_conflict_do_nothing())
    session.execute(
        select(counter.taken)
        .where(tuple_(counter.product_id, counter.starts_at).in_(keys))
        .order_by(counter.product_id, counter.starts_at)
        .with_for_update()
    )


def alive(now: datetime) -> ColumnElement[bool]:
    """Allocations that count at `now`: booked, or held and not expired."""
    return or_(AllocationRow.booking_id.is_not(None), AllocationRow.hold_expires_at > now)


def is_held(session: DbSession, own: Own, *, now: datetime) -> bool:
    """Whether the user has a hold on the slot that has not expired."""
    held = select(AllocationRow.id).where(
        AllocationRow.user_id == own.user_id,
        AllocationRow.product_id == own.product_id,
        AllocationRow.starts_at == own.starts_at,
        AllocationRow.hold_expires_at > now,
    )
    return session.scalar(held) is not None


def read_taken(
    session: DbSession,
    *,
    provider_ids: Collection[str],
    window: Period,
    now: datetime,
    but_not: Own | None = None,
) -> dict[str, Taken]:
    """What is taken of each provider within the window, leaving out the allocations `but_not`."""
    asked = {
        "provider_ids": list(provider_ids),
        "touching": Range(window.start, window.end),
        "now": now,
        "user_id": but_not and but_not.user_id,
        "product_id": but_not and but_not.product_id,
        "starts_at": but_not and but_not.starts_at,
        "booking_id": but_not and but_not.booking_id,
    }
    rows = session.execute(_READ_TAKEN, asked)
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
