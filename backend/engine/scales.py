"""Types with an order as whole numbers, so that a value can be named between any two others.

Only values that staff can write count: a time has whole seconds, a number at most nine decimals.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

_DECIMALS: Final = 9
_DIGITS: Final = 15
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Scale:
    """An ordered type as whole numbers from `lowest` to `highest`, in smallest steps.

    `grains` are steps from coarse to fine, the last of them 1: a value on a coarse one reads best
    (18:00 rather than 17:00:01).
    """

    tick: Callable[[Any], int]
    value: Callable[[int], Any]
    lowest: int
    highest: int
    grains: tuple[int, ...]

    def one_of_each(self, values: Iterable[Any]) -> list[Any]:
        """The values in order, and one more for each stretch below, between and above them."""
        found: list[Any] = []
        low = self.lowest
        for tick, value in sorted({self.tick(value): value for value in values}.items()):
            if low < tick:
                found.append(
                    self.value(self._last(low, tick - 1) if not found else self._first(low, tick - 1))
                )
            found.append(value)
            low = tick + 1
        if low <= self.highest:
            found.append(self.value(self._first(low, self.highest)))
        return found

    def _first(self, low: int, high: int) -> int:
        """The lowest number of low..high on the coarsest grain that has one there."""
        ups = (-(-low // grain) * grain for grain in self.grains)
        return next(up for up in ups if up <= high)

    def _last(self, low: int, high: int) -> int:
        """The highest number of low..high on the coarsest grain that has one there."""
        downs = (high // grain * grain for grain in self.grains)
        return next(down for down in downs if down >= low)


def _decimal_tick(value: Decimal) -> int:
    return int(value.scaleb(_DECIMALS))


def _decimal(tick: int) -> Decimal:
    return Decimal(tick).scaleb(-_DECIMALS).normalize()


def _time_tick(value: time) -> int:
    return value.hour * 3600 + value.minute * 60 + value.second


def _time(tick: int) -> time:
    return time(tick // 3600, tick // 60 % 60, tick % 60)


def _datetime_tick(value: datetime) -> int:
    return (value - _EPOCH) // _MICROSECOND


def _datetime(tick: int) -> datetime:
    return _EPOCH + tick * _MICROSECOND


def _duration_tick(value: timedelta) -> int:
    return value // timedelta(seconds=1)


def _duration(tick: int) -> timedelta:
    return timedelta(seconds=tick)


_MOST: Final = 10**_DIGITS - 1
_ONE: Final = 10**_DECIMALS
_DAY: Final = 86400
_DECIMAL: Final = Scale(
    _decimal_tick,
    _decimal,
    -(_MOST * _ONE),
    _MOST * _ONE,
    tuple(10**power for power in range(_DECIMALS, -1, -1)),
)
MINOR_UNITS: Final = Scale(int, int, -_MOST, _MOST, (100, 1))
"""Amounts of one currency."""

SCALES: Final[Mapping[str, Scale]] = {
    "integer": Scale(int, int, -_MOST, _MOST, (1,)),
    "number": _DECIMAL,
    "percent": _DECIMAL,
    "date": Scale(date.toordinal, date.fromordinal, 1, date.max.toordinal(), (1,)),
    "time": Scale(_time_tick, _time, 0, _DAY - 1, (3600, 1800, 900, 300, 60, 1)),
    "datetime": Scale(
        _datetime_tick,
        _datetime,
        _datetime_tick(datetime.min.replace(tzinfo=UTC)),
        _datetime_tick(datetime.max.replace(microsecond=0, tzinfo=UTC)),
        (3_600_000_000, 60_000_000, 1_000_000, 1),
    ),
    "duration": Scale(_duration_tick, _duration, 0, 36500 * _DAY, (_DAY, 3600, 60, 1)),
}
"""The scales by the name of the type; money has one for each currency."""
