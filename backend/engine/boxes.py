"""Boxes: sets of cases given by the atoms that each fact may have; and what of a box others leave over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Box = Mapping[str, int]
"""For some dimensions (facts), the bit set of allowed atoms, never empty; the others are free."""

MOST_BOXES: Final = 256
QUESTION: Final = 200_000


class TooComplexError(Exception):
    """A question that would take too long to answer exactly."""


@dataclass(slots=True)
class Budget:
    """How many comparisons of boxes may still be made; a single question may take `QUESTION` of them."""

    left: int

    def spend(self, count: int) -> None:
        """Count comparisons. TooComplexError when there are more than may be made."""
        self.left -= count
        if self.left < 0:
            raise TooComplexError


def meet(one: Box, other: Box) -> Box | None:
    """The cases in both; None when there is none."""
    both = dict(one)
    for name, atoms in other.items():
        both[name] = both.get(name, -1) & atoms
        if not both[name]:
            return None
    return both


def meet_all(some: Sequence[Box], others: Sequence[Box]) -> list[Box]:
    """The cases that lie in one of `some` and in one of `others`. TooComplexError."""
    found = [both for one in some for other in others if (both := meet(one, other)) is not None]
    return _few(found)


def join(boxes: Sequence[Box]) -> list[Box]:
    """The same cases in fewer boxes where that is easily seen: those of one same dimension are one box."""
    joined: dict[str, int] = {}
    kept: dict[tuple[tuple[str, int], ...], Box] = {}
    for box in boxes:
        if len(box) == 1:
            [(name, atoms)] = box.items()
            joined[name] = joined.get(name, 0) | atoms
        else:
            kept[tuple(sorted(box.items()))] = box
    return _few([*({name: atoms} for name, atoms in joined.items()), *kept.values()])


def _few(boxes: list[Box]) -> list[Box]:
    if len(boxes) > MOST_BOXES:
        raise TooComplexError
    return boxes


def uncovered(box: Box, covers: Sequence[Box], *, full: Mapping[str, int], budget: Budget) -> Box | None:
    """A box inside `box` no case of which lies in any of `covers`; None when they cover it all.

    `full` has all atoms of each dimension. TooComplexError when it takes more than the budget.
    """
    waiting: list[tuple[dict[str, int], Sequence[Box]]] = [(dict(box), covers)]
    spent = 0
    while waiting:
        current, near = waiting.pop()
        spent += len(near) + 1
        budget.spend(len(near) + 1)
        if spent > QUESTION:
            raise TooComplexError
        outside = _outside(current, near, full)
        if outside is None:
            continue
        cut, near = outside
        if cut is None:
            return current
        for name, rest in cut:
            kept = current.get(name, full[name])
            waiting.append(({**current, name: rest}, near))
            current = {**current, name: kept & ~rest}
    return None


_Cut = list[tuple[str, int]]


def _outside(
    box: dict[str, int], covers: Sequence[Box], full: Mapping[str, int]
) -> tuple[_Cut | None, Sequence[Box]] | None:
    """How to cut the box along the cover that needs the fewest cuts, and the covers that meet the box.

    None when one covers the box; no cut when none meets it.
    """
    best: _Cut | None = None
    near: list[Box] = []
    for cover in covers:
        cut = _cut(box, cover, full)
        if cut is None:
            continue
        if not cut:
            return None
        near.append(cover)
        if best is None or len(cut) < len(best):
            best = cut
    return best, near


def _cut(box: dict[str, int], cover: Box, full: Mapping[str, int]) -> _Cut | None:
    """For each dimension in which the box sticks out of the cover, what sticks out; None when apart."""
    cut: _Cut = []
    for name, atoms in cover.items():
        own = box.get(name)
        if own is None:
            own = full[name]
        inside = own & atoms
        if not inside:
            return None
        if inside != own:
            cut.append((name, own & ~atoms))
    return cut
