"""What customers would pay: distributions of the ratio to the list price, with their exact chances.

Those of `TUNED` were looked at while the negotiator was made; those of `FRESH` were not.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import NormalDist
from typing import Final

_STEPS: Final = 4000
_MOST: Final = 4.0
Reaches = Callable[[float], float]


@dataclass(frozen=True)
class Values:
    """A distribution; `reaches(p)` is the chance that somebody would pay `p` times the list price."""

    name: str
    reaches: Reaches

    def best(self, cost: float) -> tuple[float, float]:
        """The best posted price up to the list price, and the profit expected of it (Myerson)."""
        prices = [cost + (1 - cost) * step / _STEPS for step in range(_STEPS + 1)]
        return max(
            ((price, (price - cost) * self.reaches(price)) for price in prices), key=lambda pair: pair[1]
        )

    def draw(self, chance: float) -> float:
        """The willingness to pay of which a share of `chance` stays below."""
        table = self._table
        place = bisect_left(table, chance)
        if place == 0:
            return 0.0
        if place >= len(table):
            return _MOST
        low, high = table[place - 1], table[place]
        return _MOST * (place - 1 + (chance - low) / (high - low)) / _STEPS

    @cached_property
    def _table(self) -> Sequence[float]:
        below = [1 - self.reaches(_MOST * step / _STEPS) for step in range(_STEPS + 1)]
        assert all(low <= high + 1e-12 for low, high in pairwise(below))  # noqa: S101 (a mistake of a distribution)
        return below


def uniform(low: float, high: float) -> Reaches:
    return lambda p: min(max((high - p) / (high - low), 0.0), 1.0)


def normal(mean: float, deviation: float) -> Reaches:
    curve = NormalDist(mean, deviation)
    return lambda p: 1 - curve.cdf(p)


def lognormal(median: float, sigma: float) -> Reaches:
    curve = NormalDist(math.log(median), sigma)
    return lambda p: 1.0 if p <= 0 else 1 - curve.cdf(math.log(p))


def exponential(least: float, mean: float) -> Reaches:
    return lambda p: math.exp(-max(p - least, 0.0) / mean)


def pareto(least: float, power: float) -> Reaches:
    return lambda p: 1.0 if p <= least else (least / p) ** power


def weibull(scale: float, shape: float) -> Reaches:
    return lambda p: math.exp(-((max(p, 0.0) / scale) ** shape))


def logistic(mean: float, scale: float) -> Reaches:
    return lambda p: 1 / (1 + math.exp((p - mean) / scale))


def triangle(low: float, peak: float, high: float) -> Reaches:
    def reaches(p: float) -> float:
        if p <= low or p >= high:
            return 1.0 if p <= low else 0.0
        if p < peak:
            return 1 - (p - low) ** 2 / ((high - low) * (peak - low))
        return (high - p) ** 2 / ((high - low) * (high - peak))

    return reaches


def mixed(*parts: tuple[float, Reaches]) -> Reaches:
    return lambda p: sum(weight * reaches(p) for weight, reaches in parts)


TUNED: Final = (
    Values("uniform", uniform(0.4, 1.2)),
    Values("normal", normal(0.85, 0.15)),
    Values("lognormal", lognormal(0.8, 0.35)),
    Values("exponential", exponential(0.45, 0.3)),
    Values("bimodal", mixed((0.55, normal(0.68, 0.05)), (0.45, normal(1.05, 0.08)))),
    Values("heavy tail", pareto(0.55, 2.5)),
    Values("narrow", normal(0.8, 0.03)),
    Values("poor", uniform(0.2, 0.9)),
)
FRESH: Final = (
    Values("wide uniform", uniform(0.1, 1.5)),
    Values("triangle", triangle(0.5, 0.75, 1.3)),
    Values("weibull", weibull(0.9, 3.0)),
    Values("logistic", logistic(0.75, 0.08)),
    Values("rich", lognormal(1.1, 0.25)),
    Values("three kinds", mixed((0.4, normal(0.6, 0.04)), (0.3, normal(0.8, 0.04)), (0.3, normal(1.1, 0.1)))),
    Values("very heavy tail", pareto(0.6, 1.6)),
    Values("very narrow", normal(0.9, 0.015)),
    Values("steep exponential", exponential(0.55, 0.15)),
    Values("half just browse", mixed((0.5, uniform(0.0, 0.5)), (0.5, normal(0.95, 0.15)))),
)
