"""The conversion probability: learned from what customers like this one did next.

Customers in the midst of something are put into cells by what they did before: how far they went lately
(depth), how often they came (frequency), when they bought last (recency). Of each cell the past says how
many bought within a week. Cells with few customers borrow from wider ones (depth and frequency, then
depth alone, then a prior): a hierarchical beta-binomial model in closed form.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final
from zlib import crc32

from backend.domains.behaviour.steps import STEPS, Step
from backend.infra.events import Touch

HORIZON: Final = timedelta(days=7)
LATELY: Final = timedelta(days=7)
MEMORY: Final = timedelta(days=90)
# A visit ends with a pause of so long.
PAUSE: Final = timedelta(hours=6)
# Frequency grows above so many visits.
VISITS: Final = (2, 8)
RECENTLY: Final = timedelta(days=30)
WEEK: Final = timedelta(days=7)
# How many customers' worth of belief a cell has in the wider one.
BELIEF: Final = 20.0
# Before anything was learned: of a hundred customers in the midst of something, so many buy in a week.
PRIOR_PERCENT: Final[Mapping[int, float]] = {
    0: 1.0,
    Step.LOOKED: 2.0,
    Step.ASKED_PRICE: 6.0,
    Step.PUT_IN_CART: 15.0,
    Step.BARGAINED: 20.0,
}
_PLACES: Final = Decimal("0.1")

Cell = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Case:
    """A customer at some moment: in which cell they were, and whether they bought within a week."""

    cell: Cell
    bought: bool


@dataclass(frozen=True, slots=True)
class ConversionModel:
    """How many customers of each cell there were, and how many of them bought."""

    customers: Mapping[Cell, int] = field(default_factory=dict)
    buyers: Mapping[Cell, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many cases it was learned from."""
        return sum(self.customers.values())

    def percent(self, cell: Cell) -> Decimal:
        """The probability in percent, 0 to 100, to one decimal, that one in this cell buys in a week.

        In each step from the wide to the narrow: `(buyers + 20 · wider) / (customers + 20)`.
        """
        probability = PRIOR_PERCENT[cell[0]] / 100
        for depth in (1, 2, 3):
            wide = cell[:depth]
            customers = sum(n for one, n in self.customers.items() if one[:depth] == wide)
            buyers = sum(n for one, n in self.buyers.items() if one[:depth] == wide)
            probability = (buyers + BELIEF * probability) / (customers + BELIEF)
        return Decimal(100 * probability).quantize(_PLACES)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        cells = [[*cell, n, self.buyers.get(cell, 0)] for cell, n in sorted(self.customers.items())]
        return {"cells": cells}

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> "ConversionModel":
        """What `document` wrote."""
        rows = [
            ((depth, visits, bought), n, buyers) for depth, visits, bought, n, buyers in document["cells"]
        ]
        return cls({cell: n for cell, n, _ in rows}, {cell: buyers for cell, _, buyers in rows})


def cell_of(touches: Iterable[Touch], *, now: datetime) -> Cell:
    """The cell of a customer with these steps behind them: depth, frequency, recency.

    Depth is the furthest step before a sale in the last seven days (0: none); frequency says whether
    they came twice at most (0), up to eight times (1) or more often (2) in 90 days; recency whether they
    bought in the last 30 days (2), in 90 days (1) or not (0).
    """
    past = [one for one in touches if now - MEMORY <= one.at <= now]
    steps = {STEPS[one.name] for one in past if one.at > now - LATELY} - {Step.BOUGHT}
    sales = [one.at for one in past if STEPS[one.name] is Step.BOUGHT]
    recency = 0 if not sales else 2 if max(sales) >= now - RECENTLY else 1
    return int(max(steps, default=0)), bisect_left(VISITS, _visits(past)), recency


def _visits(touches: Iterable[Touch]) -> int:
    instants = sorted(one.at for one in touches)
    return bool(instants) + sum(later - earlier > PAUSE for earlier, later in pairwise(instants))


def cases_of(user_id: str, touches: Sequence[Touch], *, since: datetime, until: datetime) -> Iterator[Case]:
    """What a customer's steps (newest first) teach: of each week in `[since, until)`, one moment.

    It is one at which they did something other than buying, chosen by their id alone, so that neither
    busy customers nor the ends of visits count for more. What they did next must be known: the moments
    end a week before `until`.
    """
    moments: dict[int, list[datetime]] = {}
    for one in touches:
        if since <= one.at < until - HORIZON and STEPS[one.name] is not Step.BOUGHT:
            moments.setdefault((one.at - since) // WEEK, []).append(one.at)
    sales = [one.at for one in touches if STEPS[one.name] is Step.BOUGHT]
    for week, instants in moments.items():
        now = instants[crc32(f"{user_id} {week}".encode()) % len(instants)]
        yield Case(cell_of(touches, now=now), any(now < at <= now + HORIZON for at in sales))


def learn(cases: Iterable[Case]) -> ConversionModel:
    """The model of these cases."""
    customers: Counter[Cell] = Counter()
    buyers: Counter[Cell] = Counter()
    for case in cases:
        customers[case.cell] += 1
        buyers[case.cell] += case.bought
    return ConversionModel(customers, buyers)
