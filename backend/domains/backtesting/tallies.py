"""What is counted and summed over outcomes. Everything is whole numbers, and adds up in any order."""

from bisect import bisect_left, insort
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from backend.domains.backtesting.outcomes import Outcome, is_raised_to_floor
from backend.domains.pricing.entities import Price


class Count(StrEnum):
    """What happened to how many quotes; `before` under the rules compared with, `after` under the draft."""

    QUOTES = "quotes"
    DEARER = "dearer"
    CHEAPER = "cheaper"
    SAME = "same"
    NEWLY_REFUSED = "newly_refused"
    NEWLY_SOLD = "newly_sold"
    REFUSED_BEFORE = "refused_before"
    REFUSED_AFTER = "refused_after"
    AT_FLOOR_BEFORE = "raised_to_floor_before"
    AT_FLOOR_AFTER = "raised_to_floor_after"
    BELOW_FLOOR_BEFORE = "below_floor_before"
    BELOW_FLOOR_AFTER = "below_floor_after"
    ACCEPTED = "accepted"
    ACCEPTED_REFUSED_AFTER = "accepted_refused_after"
    COST_KNOWN = "cost_known"
    FAILED = "failed"


class Sum(StrEnum):
    """Sums of money, in minor units of one currency.

    `quoted` is what was asked where it is sold at all, `booked` the same of quotes that were accepted,
    `margin` what of `quoted` is above cost where the cost is known; `paid` what was really paid, and
    `asked` what the rules ask for the same cases.
    """

    QUOTED_BEFORE = "quoted_before"
    QUOTED_AFTER = "quoted_after"
    BOOKED_BEFORE = "booked_before"
    BOOKED_AFTER = "booked_after"
    MARGIN_BEFORE = "margin_before"
    MARGIN_AFTER = "margin_after"
    PAID = "paid"
    ASKED_BEFORE = "asked_before"
    ASKED_AFTER = "asked_after"


_SIDES: Final = (
    (Count.REFUSED_BEFORE, Count.AT_FLOOR_BEFORE, Count.BELOW_FLOOR_BEFORE),
    (Count.REFUSED_AFTER, Count.AT_FLOOR_AFTER, Count.BELOW_FLOOR_AFTER),
)
_SUMS: Final = (
    (Sum.QUOTED_BEFORE, Sum.BOOKED_BEFORE, Sum.MARGIN_BEFORE, Sum.ASKED_BEFORE),
    (Sum.QUOTED_AFTER, Sum.BOOKED_AFTER, Sum.MARGIN_AFTER, Sum.ASKED_AFTER),
)


@dataclass(slots=True)
class Tally:
    """Counts, and sums by currency; currencies are never added together."""

    counts: Counter[Count] = field(default_factory=Counter)
    sums: dict[str, Counter[Sum]] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Take one outcome in."""
        self.counts[Count.QUOTES] += 1
        self.counts[verdict(outcome)] += 1
        if outcome.cost is not None:
            self.counts[Count.COST_KNOWN] += 1
        if outcome.record.accepted:
            self.counts[Count.ACCEPTED] += 1
            if outcome.after.refusals:
                self.counts[Count.ACCEPTED_REFUSED_AFTER] += 1
        for price, counts, sums in zip((outcome.before, outcome.after), _SIDES, _SUMS, strict=True):
            self._add_side(outcome, price, counts, sums)
        paid = outcome.record.paid
        if paid is not None:
            self._of(paid.currency)[Sum.PAID] += paid.minor

    def merge(self, other: "Tally") -> None:
        """Take in what another tally has."""
        self.counts.update(other.counts)
        for currency, sums in other.sums.items():
            self._of(currency).update(sums)

    def _add_side(
        self, outcome: Outcome, price: Price, counts: tuple[Count, ...], sums: tuple[Sum, ...]
    ) -> None:
        refused, raised, below = counts
        quoted, booked, margin, asked = sums
        money = self._of(price.total.currency)
        if outcome.record.paid is not None:
            money[asked] += price.total.minor
        if price.refusals:
            self.counts[refused] += 1
            return
        self.counts[raised] += is_raised_to_floor(price)
        self.counts[below] += price.below_floor_by is not None
        money[quoted] += price.total.minor
        if outcome.record.accepted:
            money[booked] += price.total.minor
        if outcome.cost is not None:
            money[margin] += price.total.minor - outcome.cost.minor

    def _of(self, currency: str) -> Counter[Sum]:
        return self.sums.setdefault(currency, Counter())


def verdict(outcome: Outcome) -> Count:
    """What the draft does to the price; SAME also where neither side sells."""
    before, after = bool(outcome.before.refusals), bool(outcome.after.refusals)
    if before != after:
        return Count.NEWLY_REFUSED if after else Count.NEWLY_SOLD
    if before:
        return Count.SAME
    change = outcome.after.total.minor - outcome.before.total.minor
    if change == 0:
        return Count.SAME
    return Count.DEARER if change > 0 else Count.CHEAPER


@dataclass(slots=True)
class Tallies:
    """Tallies by name, of which the `most` names that sort first have one of their own.

    The rest are added up in `rest`. Which names those are depends on all names alone, never on the
    order in which they came: a name with `most` smaller ones can be dropped wherever that is seen.
    """

    most: int
    named: dict[str, Tally] = field(default_factory=dict)
    rest: Tally = field(default_factory=Tally)
    _order: list[str] = field(default_factory=list)

    def of(self, name: str) -> Tally:
        """The tally to count `name` in."""
        found = self.named.get(name)
        if found is None:
            found = self._new(name)
        return found

    def merge(self, other: "Tallies") -> None:
        """Take in what others have."""
        self.rest.merge(other.rest)
        for name, tally in other.named.items():
            self.of(name).merge(tally)

    def _new(self, name: str) -> Tally:
        if len(self._order) == self.most:
            if bisect_left(self._order, name) == self.most:
                return self.rest
            self.rest.merge(self.named.pop(self._order.pop()))
        insort(self._order, name)
        self.named[name] = Tally()
        return self.named[name]
