"""What is taken of a provider's time, and what that leaves of a slot. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from backend.domains.availability.schedule import Schedule
from backend.kernel.time import Period, merge


@dataclass(frozen=True, slots=True)
class Share:
    """Seats of one slot that are taken together; `busy` is the slot with its buffers."""

    product_id: str
    starts_at: datetime
    busy: Period
    exclusive: bool
    seats: int


class BusyTime:
    """A set of instants that answers quickly whether a period touches it."""

    def __init__(self, periods: Iterable[Period]) -> None:
        merged = merge(list(periods))
        self._starts = [period.start for period in merged]
        self._ends = [period.end for period in merged]

    def overlaps(self, period: Period) -> bool:
        """Whether some instant of `period` is in the set."""
        last_before = bisect_left(self._starts, period.end) - 1
        return last_before >= 0 and self._ends[last_before] > period.start


@dataclass(frozen=True, slots=True)
class Taken:
    """All that is taken of one provider's time: exclusive periods, shared ones, and their seats."""

    exclusive: BusyTime = field(default_factory=lambda: BusyTime(()))
    shared: BusyTime = field(default_factory=lambda: BusyTime(()))
    seats: Counter[tuple[str, datetime]] = field(default_factory=Counter)

    @classmethod
    def of(cls, shares: Iterable[Share]) -> "Taken":
        """From every share of one provider."""
        exclusive: list[Period] = []
        shared: list[Period] = []
        seats: Counter[tuple[str, datetime]] = Counter()
        for share in shares:
            if share.exclusive:
                exclusive.append(share.busy)
            else:
                shared.append(share.busy)
                seats[share.product_id, share.starts_at] += share.seats
        return cls(BusyTime(exclusive), BusyTime(shared), seats)

    def seats_left(self, schedule: Schedule, *, product_id: str, slot: Period, seats_total: int) -> int:
        """How many of `seats_total` seats of a slot are free.

        Exclusive time leaves all or nothing. Shared slots may overlap each other, but not time that
        was taken exclusively before the provider's mode changed.
        """
        busy = schedule.busy(slot)
        if self.exclusive.overlaps(busy) or (schedule.exclusive and self.shared.overlaps(busy)):
            return 0
        if schedule.exclusive:
            return seats_total
        return max(0, seats_total - self.seats[product_id, slot.start])
