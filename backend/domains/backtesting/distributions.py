"""Fixed histograms: how far prices move, and how far they are from what was paid."""

from bisect import bisect_left
from collections import Counter
from typing import Final

EDGES: Final = (2, 5, 10, 25, 50)
"""Percent: a change falls between two of these, or beyond the last one."""
FARTHEST: Final = 100_000
"""Errors are kept to a hundredth of a percent, up to ten times the price."""

Percentages = Counter[int]
"""How many errors of so many hundredths of a percent."""


def change_bin(before: int, after: int) -> int:
    """Which bin a change of minor units falls in: 0 for none, ±1 for up to 2 %, … ±6 for above 50 %."""
    change = after - before
    if change == 0:
        return 0
    # Above an edge where |change| / before > edge / 100; anything is infinitely more than nothing.
    reached = bisect_left(EDGES, abs(change) * 100, key=lambda edge: edge * max(before, 0)) + 1
    return reached if change > 0 else -reached


def bin_words(number: int) -> str:
    """A bin in words: `5% to 10% dearer`."""
    if number == 0:
        return "unchanged"
    way = "dearer" if number > 0 else "cheaper"
    position = abs(number) - 1
    if position == 0:
        return f"up to {EDGES[0]}% {way}"
    if position == len(EDGES):
        return f"more than {EDGES[-1]}% {way}"
    return f"{EDGES[position - 1]}% to {EDGES[position]}% {way}"


BINS: Final = range(-len(EDGES) - 1, len(EDGES) + 2)


def error_of(asked: int, paid: int) -> int:
    """How far `asked` is from `paid` (above 0), in hundredths of a percent of what was paid."""
    return min(abs(asked - paid) * 10_000 // paid, FARTHEST)


def median_of(errors: Percentages) -> int | None:
    """The median, the lower of the two middle ones; None of nothing."""
    wanted, seen = (sum(errors.values()) + 1) // 2, 0
    for error in sorted(errors):
        seen += errors[error]
        if seen >= wanted:
            return error
    return None
