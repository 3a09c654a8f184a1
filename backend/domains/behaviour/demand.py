"""Demand: how many people are interested in a product lately, beside how many usually are."""

from collections.abc import Mapping
from decimal import Decimal
from statistics import fmean
from typing import Final

LATELY_DAYS: Final = 7
USUAL_DAYS: Final = 56
DAYS: Final = LATELY_DAYS + USUAL_DAYS
# How many people's worth of belief in "as usual" a product starts with.
BELIEF: Final = 8.0
# Fewer days say nothing about the spread from day to day, or about what is usual.
FEWEST_DAYS: Final = 7
_PLACES: Final = Decimal("0.01")


def demand(people: Mapping[int, int]) -> Decimal:
    """Interest in the last seven days as a multiple of what is usual; 1 is usual, to two decimals.

    `people` says how many showed interest by how many days ago that was (0: the last 24 hours), of the
    last 63 days; days without any may be left out. With R people in the last seven days, E expected by
    the days before and their spread S (variance over mean, at least 1), it is `(8 + R/S) / (8 + E/S)`:
    the mean of the posterior of a Poisson rate whose prior is a gamma distribution of mean 1 and shape
    8. So a product that few look at stays near 1, and one whose days differ wildly needs more to move.
    What is usual is counted from the oldest day with anybody on it, which itself is not counted: a new
    product has no usual before its first day. Source: events of interest (`steps.INTEREST`).
    """
    lately = sum(count for day, count in people.items() if day < LATELY_DAYS)
    oldest = max(people, default=0)
    usual = [people.get(day, 0) for day in range(LATELY_DAYS, min(oldest, DAYS))]
    if len(usual) < FEWEST_DAYS:
        return Decimal(1)
    expected, spread = LATELY_DAYS * fmean(usual), _spread(usual)
    return Decimal((BELIEF + lately / spread) / (BELIEF + expected / spread)).quantize(_PLACES)


def _spread(counts: list[int]) -> float:
    """The variance of `counts` over their mean, at least 1, which it is for a Poisson process."""
    mean = fmean(counts)
    if not mean:
        return 1.0
    variance = sum((count - mean) ** 2 for count in counts) / (len(counts) - 1)
    return max(variance / mean, 1.0)
