"""A schedule as the API shows it."""

from datetime import date
from typing import Any

from backend.domains.availability.schedule import MINUTE, Schedule, open_periods
from backend.domains.availability.schemas import WEEKDAYS
from backend.domains.catalog.entities import Provider
from backend.kernel.time import zone


def availability_of(provider: Provider, schedule: Schedule, *, days: tuple[date, date]) -> dict[str, Any]:
    """What `AvailabilitySchema` writes: the schedule, and when it is open on the local days [first, last)."""
    periods = open_periods(schedule, zone(provider.timezone), first=days[0], last=days[1])
    return {
        "provider": provider.id,
        "timezone": provider.timezone,
        "mode": schedule.mode,
        "is_open": schedule.is_open,
        "hours": {
            day: [{"opens": h.opens, "closes": h.closes} for h in schedule.hours if h.weekday == weekday]
            for weekday, day in enumerate(WEEKDAYS)
        },
        "exceptions": schedule.exceptions,
        "buffer_before_minutes": schedule.buffer_before // MINUTE,
        "buffer_after_minutes": schedule.buffer_after // MINUTE,
        "notice_minutes": schedule.notice // MINUTE,
        "horizon_days": schedule.horizon_days,
        "units": schedule.units,
        "open": [{"starts_at": period.start, "ends_at": period.end} for period in periods],
    }
