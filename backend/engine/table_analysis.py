"""What the rules of one decision say about each other: each question answered exactly, or not at all."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Self

from backend.engine.boxes import Box, Budget, TooComplexError, meet, uncovered
from backend.engine.case_space import CaseSpace
from backend.engine.comparisons import at_least_as_good
from backend.engine.decision_table import DecisionTable
from backend.engine.hit_policies import Best, First, Priority
from backend.engine.rules import Rule
from backend.engine.vocabulary import Vocabulary

COMPARISONS: Final = 6_000_000
_MOST_BLAMED: Final = 8
_MOST_GAPS: Final = 3


@dataclass(frozen=True, slots=True)
class Region:
    """A rule that can hold, its position in the decision, the boxes in which it holds, and a possible one."""

    position: int
    rule: Rule
    boxes: Sequence[Box]
    sample: Box


@dataclass(frozen=True, slots=True)
class Shown:
    """Rules of which something is said, the one that it is about first, and the cases that show it."""

    rules: tuple[Rule, ...]
    box: Box


@dataclass(slots=True)
class TableAnalysis:
    """The rules of a decision as regions of its cases, from one day on.

    `past` are rules whose dates are over, `empty` those that hold in no case, `unread` those with too many
    alternatives; the others are `regions`. A question that turns out too complex adds the rule that it was
    about to `undecided`.
    """

    table: DecisionTable
    space: CaseSpace
    budget: Budget = field(default_factory=lambda: Budget(COMPARISONS))
    past: list[Rule] = field(default_factory=list)
    empty: list[Rule] = field(default_factory=list)
    unread: list[Rule] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    undecided: list[Rule] = field(default_factory=list)

    @classmethod
    def of(cls, table: DecisionTable, *, vocabulary: Vocabulary, on: date) -> Self:
        """The rules of `table` on the day `on` and after it."""
        found = cls(table, CaseSpace.of(table, vocabulary=vocabulary, on=on))
        for position, rule in enumerate(table.rules):
            if rule.effective_until is not None and rule.effective_until <= on:
                found.past.append(rule)
            else:
                found._add(position, rule)
        return found

    def _add(self, position: int, rule: Rule) -> None:
        try:
            boxes = self.space.boxes(rule)
            sample = self._possible(boxes)
        except TooComplexError:
            self.unread.append(rule)
            return
        if sample is None:
            self.empty.append(rule)
        else:
            self.regions.append(Region(position, rule, boxes, sample))

    def shadowed(self) -> Iterator[Shown]:
        """Rules that others come before wherever they hold, with those others and a case."""
        before = _BEFORE.get(self.table.hit_policy.name)
        for region in self.regions if before else ():
            others = [
                other for other in self.regions if other is not region and before and before(other, region)
            ]
            yield from self._answers(self._shadow, region, others)

    def overlaps(self) -> Iterator[Shown]:
        """Rules that hold together with earlier ones, those, and a case of the first of them."""
        for index, region in enumerate(self.regions):
            yield from self._answers(self._overlap, region, self.regions[:index])

    def twins(self) -> Iterator[Shown]:
        """Rules that do the same as an earlier one in the same cases, that one, and a case."""
        alike: dict[object, list[Region]] = {}
        for region in self.regions:
            earlier = alike.setdefault((region.rule.effect, _bounds(region, self.space.full)), [])
            yield from self._answers(self._twin, region, tuple(earlier))
            earlier.append(region)

    def gaps(self) -> Iterator[Box]:
        """Cases in which no rule holds, three at most. TooComplexError when that cannot be told."""
        if self.unread:
            raise TooComplexError
        covers = [*self.space.impossible, *(box for region in self.regions for box in region.boxes)]
        rules = self.table.rules
        scopes = {repr(sorted(rule.applies_to.items())): rule.applies_to for rule in rules}
        for applies_to in scopes.values() or ({},):
            scope = self.space.scope(applies_to, rules)
            yield from self._gaps_of(scope, covers)

    def _gaps_of(self, scope: Box, covers: list[Box]) -> Iterator[Box]:
        for _ in range(_MOST_GAPS):
            gap = self._outside(scope, covers)
            if gap is None:
                return
            yield gap
            covers.append(gap)

    def _answers(
        self,
        question: Callable[[Region, Sequence[Region]], Shown | None],
        region: Region,
        others: Sequence[Region],
    ) -> Iterator[Shown]:
        try:
            answer = question(region, others)
        except TooComplexError:
            self.undecided.append(region.rule)
            return
        if answer is not None:
            yield answer

    def _shadow(self, region: Region, others: Sequence[Region]) -> Shown | None:
        if not self._covers(others, region):
            return None
        return Shown((region.rule, *(other.rule for other in self._blamed(others, region))), region.sample)

    def _blamed(self, others: Sequence[Region], region: Region) -> Sequence[Region]:
        """Those of `others`, which together cover the region, that it takes: as few as easily found."""
        blamed = [other for other in others if any(True for _ in self._shared(region, other))]
        alone = next((other for other in blamed if self._covers([other], region)), None)
        if alone is not None:
            return [alone]
        for other in tuple(blamed) if len(blamed) <= _MOST_BLAMED else ():
            fewer = [some for some in blamed if some is not other]
            blamed = fewer if self._covers(fewer, region) else blamed
        return blamed

    def _overlap(self, region: Region, others: Sequence[Region]) -> Shown | None:
        met: list[Rule] = []
        first: Box | None = None
        for other in others:
            box = self._possible(self._shared(region, other))
            if box is not None:
                met.append(other.rule)
                first = box if first is None else first
        return None if first is None else Shown((region.rule, *met), first)

    def _twin(self, region: Region, others: Sequence[Region]) -> Shown | None:
        for other in others:
            if self._covers([other], region) and self._covers([region], other):
                return Shown((region.rule, other.rule), region.sample)
        return None

    def _shared(self, region: Region, other: Region) -> Iterator[Box]:
        """The boxes of cases in which both rules hold, as they are found."""
        for one in region.boxes:
            self.budget.spend(len(other.boxes))
            yield from (both for two in other.boxes if (both := meet(one, two)) is not None)

    def _covers(self, others: Sequence[Region], region: Region) -> bool:
        covers = [*self.space.impossible, *(box for other in others for box in other.boxes)]
        return all(self._outside(box, covers) is None for box in region.boxes)

    def _possible(self, boxes: Iterable[Box]) -> Box | None:
        """The possible part of the first of the boxes that has one."""
        parts = (self._outside(box, self.space.impossible) for box in boxes)
        return next((part for part in parts if part is not None), None)

    def _outside(self, box: Box, covers: Sequence[Box]) -> Box | None:
        return uncovered(box, covers, full=self.space.full, budget=self.budget)


def _bounds(region: Region, full: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The smallest box around the region: equal regions have equal bounds, however they are cut up."""
    around = dict(region.boxes[0])
    for box in region.boxes[1:]:
        around = {name: around[name] | box[name] for name in around.keys() & box.keys()}
    return tuple(sorted((name, atoms) for name, atoms in around.items() if atoms != full[name]))


def _in_file_order(other: Region, region: Region) -> bool:
    return other.position < region.position


def _by_priority(other: Region, region: Region) -> bool:
    its, own = other.rule.priority or 0, region.rule.priority or 0
    return its > own or (its == own and _in_file_order(other, region))


def _by_effect(other: Region, region: Region) -> bool:
    its, own = other.rule.effect, region.rule.effect
    return at_least_as_good(its, own) and (_in_file_order(other, region) or not at_least_as_good(own, its))


_BEFORE: Final[Mapping[str, Callable[[Region, Region], bool]]] = {
    First.name: _in_file_order,
    Priority.name: _by_priority,
    Best.name: _by_effect,
}
"""By hit policy: whether the first rule counts, and the second does not, wherever both hold."""
