"""Time: aware UTC instants, half-open periods, and wall clocks of a zone with their daylight-saving gaps."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class ZoneError(ValueError):
    """A zone name that the IANA database does not know."""


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name such as `Europe/Paris`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ZoneError(f"{name!r} is not an IANA time zone; one looks like 'Europe/Paris'") from None


def utc(instant: datetime) -> datetime:
    """The same instant in UTC; a naive datetime is an error, never a guess."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone or an offset")
    return instant.astimezone(UTC)


def wall_to_utc(day: date, clock: time, tz: ZoneInfo) -> datetime | None:
    """The instant at which the wall clock of `tz` shows `day` `clock`.

    None when that wall time does not exist (skipped in spring); the first of the two when it
    happens twice (autumn).
    """
    local = datetime.combine(day, clock, tzinfo=tz)
    instant = local.astimezone(UTC)
    if instant.astimezone(tz).replace(tzinfo=None) != local.replace(tzinfo=None):
        return None
    return instant


def wall_to_utc_or_after(day: date, clock: time, tz: ZoneInfo) -> datetime:
    """As `wall_to_utc`, but a skipped wall time gives the instant at which the gap ends.

    For the edges of opening hours, which must always be some instant.
    """
    found = wall_to_utc(day, clock, tz)
    if found is not None:
        return found
    # Inside a gap fold=0 reads the clock with the offset before it, fold=1 with the one after it:
    # the transition lies between the two, and is what we look for.
    low = datetime.combine(day, clock, tzinfo=tz).replace(fold=1).astimezone(UTC)
    high = datetime.combine(day, clock, tzinfo=tz).replace(fold=0).astimezone(UTC)
    before = low.astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(tz).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A half-open stretch of time [start, end): two that touch do not overlap."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period is between two instants with a zone")
        if self.end <= self.start:
            raise ValueError("a period ends after it starts")

    def overlaps(self, other: "Period") -> bool:
        """Whether the two share an instant."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Period") -> bool:
        """Whether all of `other` lies inside."""
        return self.start <= other.start and other.end <= self.end

    def widened(self, *, before: timedelta, after: timedelta) -> "Period":
        """The period with room before and after."""
        return Period(self.start - before, self.end + after)


def merge(periods: list[Period]) -> list[Period]:
    """The same time as ordered periods that neither touch nor overlap."""
    merged: list[Period] = []
    for period in sorted(periods):
        if merged and period.start <= merged[-1].end:
            merged[-1] = Period(merged[-1].start, max(merged[-1].end, period.end))
        else:
            merged.append(period)
    return merged


def subtract(periods: list[Period], holes: list[Period]) -> list[Period]:
    """What is left of `periods` without `holes`, ordered."""
    left = merge(periods)
    for hole in merge(holes):
        cut: list[Period] = []
        for period in left:
            if not period.overlaps(hole):
                cut.append(period)
                continue
            if period.start < hole.start:
                cut.append(Period(period.start, hole.start))
            if hole.end < period.end:
                cut.append(Period(hole.end, period.end))
        left = cut
    return left
