"""Schedules and the seats that are taken, committed (in a test's transaction that only ends a savepoint)."""

from collections.abc import Iterable
from datetime import datetime, time

from backend.domains.availability.models import OpeningHoursRow, ScheduleExceptionRow, ScheduleRow
from backend.infra.postgres import db
from backend.kernel import ids

WORKDAYS = range(5)
EVERY_DAY = range(7)


def make_schedule(
    provider_id: str,
    *,
    mode: str = "calendar",
    is_open: bool = True,
    weekdays: Iterable[int] = EVERY_DAY,
    hours: Iterable[tuple[time, time]] = ((time(9), time(17)),),
    buffer_before_minutes: int = 0,
    buffer_after_minutes: int = 0,
    notice_minutes: int = 0,
    horizon_days: int = 180,
    units: int = 1,
) -> None:
    """Open the provider: 09:00 to 17:00 on its own clock, every day, unless told otherwise."""
    db.session.add(
        ScheduleRow(
            provider_id=provider_id,
            mode=mode,
            is_open=is_open,
            buffer_before_minutes=buffer_before_minutes,
            buffer_after_minutes=buffer_after_minutes,
            notice_minutes=notice_minutes,
            horizon_days=horizon_days,
            units=units,
            version=1,
        )
    )
    db.session.flush()
    for weekday in weekdays:
        for opens, closes in hours:
            db.session.add(
                OpeningHoursRow(
                    provider_id=provider_id, weekday=weekday, opens=_minute(opens), closes=_minute(closes)
                )
            )
    db.session.commit()


def make_exception(
    provider_id: str, *, kind: str = "closed", starts: datetime, ends: datetime, units: int | None = None
) -> None:
    """Close, open or re-size a stretch of the provider's local (naive) time."""
    row = ScheduleExceptionRow(
        id=ids.new_id(ids.EXCEPTION),
        provider_id=provider_id,
        kind=kind,
        starts=starts,
        ends=ends,
        units=units,
    )
    db.session.add(row)
    db.session.commit()


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute
