"""When a provider can be booked: weekly hours, exceptions, notice and horizon, worked out without any I/O.

Hours and exceptions are wall-clock times of the provider's zone; what they open is a set of UTC
periods, so that a change of clocks lengthens or shortens a day as it does for everybody.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from backend.kernel.time import Period, merge, subtract, wall_to_utc, wall_to_utc_or_after

DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
MINUTES_A_DAY: Final = 1440


class Mode(StrEnum):
    """How a provider's time is sold."""

    CALENDAR = "calendar"  # one booking at a time, within the hours
    TOGGLE = "toggle"  # the same, and nothing at all while the provider is switched off
    INVENTORY = "inventory"  # a number of units (seats) for every slot


class ExceptionKind(StrEnum):
    """What an exception does to its stretch of time."""

    CLOSED = "closed"
    OPEN = "open"
    UNITS = "units"


@dataclass(frozen=True, slots=True, order=True)
class OpeningHours:
    """A stretch of a weekday (0 is Monday) in minutes since local midnight; `closes` may be 1440."""

    weekday: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class ScheduleException:
    """A stretch [starts, ends) of local (naive) time that is closed, open, or has `units` units."""

    kind: ExceptionKind
    starts: datetime
    ends: datetime
    units: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """How one provider can be booked. The default one offers nothing: it has no hours."""

    mode: Mode = Mode.CALENDAR
    is_open: bool = True
    hours: tuple[OpeningHours, ...] = ()
    exceptions: tuple[ScheduleException, ...] = ()
    buffer_before: timedelta = timedelta(0)
    buffer_after: timedelta = timedelta(0)
    notice: timedelta = timedelta(0)
    horizon_days: int = 180
    units: int = 1
    version: int = 0

    @property
    def exclusive(self) -> bool:
        """Whether a booking takes the provider's whole time, or only seats of one slot."""
        return self.mode is not Mode.INVENTORY

    @property
    def switched_off(self) -> bool:
        """Whether nothing can be booked, whatever the hours say."""
        return self.mode is Mode.TOGGLE and not self.is_open

    def busy(self, slot: Period) -> Period:
        """The slot with its buffers: the time that nobody else may have."""
        return slot.widened(before=self.buffer_before, after=self.buffer_after)

    def capacity(self, starts: datetime) -> int:
        """Units of a slot that starts at this local (naive) time."""
        of_date = (e.units for e in self._of_kind(ExceptionKind.UNITS) if e.starts <= starts < e.ends)
        override = next(of_date, None)
        return self.units if override is None else override

    def hours_of(self, day: date) -> list[OpeningHours]:
        """The weekly hours of a day, before any exception."""
        return [hours for hours in self.hours if hours.weekday == day.weekday()]

    def openings(self) -> list[ScheduleException]:
        """The stretches that are open beyond the hours."""
        return self._of_kind(ExceptionKind.OPEN)

    def closures(self) -> list[ScheduleException]:
        """The stretches in which the hours do not count."""
        return self._of_kind(ExceptionKind.CLOSED)

    def _of_kind(self, kind: ExceptionKind) -> list[ScheduleException]:
        return [exception for exception in self.exceptions if exception.kind is kind]


def open_periods(schedule: Schedule, tz: ZoneInfo, *, first: date, last: date) -> list[Period]:
    """When the provider is open on the local days [first, last): hours less closures, plus openings."""
    if schedule.switched_off:
        return []
    whole = _span(datetime.combine(first, time()), datetime.combine(last, time()), tz)
    regular = (
        _span(_wall(day, hours.opens), _wall(day, hours.closes), tz)
        for day in _days(first, last)
        for hours in schedule.hours_of(day)
    )
    closed = (_span(e.starts, e.ends, tz) for e in schedule.closures())
    extra = (_span(e.starts, e.ends, tz) for e in schedule.openings())
    everything = merge([*subtract(_present(regular), _present(closed)), *_present(extra)])
    return [cut for period in everything if (cut := _intersection(period, whole)) is not None]


def offered_starts(
    schedule: Schedule,
    tz: ZoneInfo,
    *,
    duration: timedelta,
    step: timedelta,
    first: date,
    last: date,
    now: datetime,
) -> list[datetime]:
    """The instants (UTC, ordered, each once) at which a slot of `duration` may start.

    They are at wall-clock steps from the start of each opening, on the local days [first, last),
    not sooner than the notice and not beyond the horizon; the whole slot is inside opening hours.
    A wall time that the clocks skip starts nothing, one that they show twice starts once.
    """
    today = now.astimezone(tz).date()
    first = max(first, today)
    last = min(last, today + timedelta(days=schedule.horizon_days + 1))
    if first >= last:
        return []
    # One more day for the rest of the last slot's, and one because a zone may skip a whole day.
    is_open = open_periods(schedule, tz, first=first, last=last + duration + 2 * DAY)
    earliest = now + schedule.notice
    walls = set(_wall_starts(schedule, step=step, first=first, last=last))
    starts = {start for wall in walls if (start := wall_to_utc(wall.date(), wall.time(), tz)) is not None}
    candidates = sorted(start for start in starts if start >= earliest)
    return list(_inside(candidates, duration, is_open))


def _inside(starts: Iterable[datetime], duration: timedelta, is_open: Sequence[Period]) -> Iterator[datetime]:
    """Those of the ordered starts whose slot lies wholly in one of the ordered, disjoint periods."""
    periods = iter(is_open)
    current = next(periods, None)
    for start in starts:
        while current is not None and current.end <= start:
            current = next(periods, None)
        if current is None:
            return
        if current.start <= start and start + duration <= current.end:
            yield start


def _wall_starts(schedule: Schedule, *, step: timedelta, first: date, last: date) -> Iterator[datetime]:
    """Every step of every opening, as local (naive) times on the days [first, last)."""
    for day in _days(first, last):
        for hours in schedule.hours_of(day):
            yield from _steps(_wall(day, hours.opens), _wall(day, hours.closes), step)
    begin, end = datetime.combine(first, time()), datetime.combine(last, time())
    for opening in schedule.openings():
        skipped = max(0, -((opening.starts - begin) // step))
        yield from _steps(opening.starts + skipped * step, min(opening.ends, end), step)


def _steps(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    while start < end:
        yield start
        start += step


def _wall(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + minute * MINUTE


def _days(first: date, last: date) -> Iterator[date]:
    while first < last:
        yield first
        first += DAY


def _span(starts: datetime, ends: datetime, tz: ZoneInfo) -> Period | None:
    """The real time between two local times; None when the clocks skip all of it."""
    start = wall_to_utc_or_after(starts.date(), starts.time(), tz)
    end = wall_to_utc_or_after(ends.date(), ends.time(), tz)
    return Period(start, end) if start < end else None


def _present(periods: Iterable[Period | None]) -> list[Period]:
    return [period for period in periods if period is not None]


def _intersection(period: Period, whole: Period | None) -> Period | None:
    if whole is None or not period.overlaps(whole):
        return None
    return Period(max(period.start, whole.start), min(period.end, whole.end))


def local_day(instant: datetime, tz: ZoneInfo) -> date:
    """The day that the provider's calendar shows at `instant`."""
    return instant.astimezone(tz).date()


def local_wall(instant: datetime, tz: ZoneInfo) -> datetime:
    """The local (naive) time that the provider's clock shows at `instant`."""
    return instant.astimezone(tz).replace(tzinfo=None)
