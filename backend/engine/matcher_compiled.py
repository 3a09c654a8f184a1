"""Matching by Python closures: each distinct test compiled once, rules found by their discriminator first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.engine.conditions import AllOf, Condition, FactTest
from backend.engine.matcher import Candidate
from backend.engine.partition import Partition
from backend.engine.shared_tests import positions, shared_tests
from backend.engine.unary_tests import Equals, OneOf
from backend.engine.vocabulary import Facts, Vocabulary

Holds = Callable[[Facts], bool]


def compile_condition(condition: Condition) -> Holds:
    """The condition as a closure over facts."""
    if isinstance(condition, FactTest):
        name, passes = condition.fact, condition.unary.predicate()
        return lambda facts: passes(facts.get(name))
    parts = tuple(compile_condition(part) for part in condition.parts)
    if isinstance(condition, AllOf):
        return _all_of(parts)
    return lambda facts: any(part(facts) for part in parts)


def _all_of(parts: tuple[Holds, ...]) -> Holds:
    if len(parts) == 1:
        return parts[0]

    def holds(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110 - a loop is twice as fast as all() of a generator
            if not part(facts):
                return False
        return True

    return holds


def full_condition(candidate: Candidate, *, without: str | None = None) -> Condition:
    """The condition together with what the rule applies to, except the discriminator `without`."""
    guards = tuple(
        FactTest(name, OneOf(tuple(sorted(values))))
        for name, values in candidate.applies_to.items()
        if name != without
    )
    return AllOf((*guards, candidate.condition)) if guards else candidate.condition


@dataclass(frozen=True, slots=True)
class ValueIndex:
    """All tests of one fact for values: the rules that pass for each value, of the rules that ask."""

    fact: str
    asking: int
    passing: Mapping[Any, int]

    def failing(self, facts: Facts) -> int:
        """The rules whose test fails."""
        return self.asking ^ self.passing.get(facts.get(self.fact), 0)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules as bit sets: each distinct test is put to the facts at most once, and only while it matters."""

    positions: tuple[int, ...]
    indexes: tuple[ValueIndex, ...]
    tests: tuple[tuple[int, Holds], ...]

    @classmethod
    def of(cls, rules: Sequence[tuple[int, Condition]]) -> "RuleSet":
        """The set of rules given by position and condition."""
        indexes: dict[str, tuple[int, dict[Any, int]]] = {}
        tests: list[tuple[int, Holds]] = []
        for shared in shared_tests([condition for _, condition in rules]):
            wanted = _wanted_values(shared.part)
            name = shared.part.fact if isinstance(shared.part, FactTest) else ""
            asking, passing = indexes.get(name, (0, {}))
            # A rule that asks twice for values of one fact keeps its second test as it is.
            if not wanted or asking & shared.rules:
                tests.append((shared.rules, compile_condition(shared.part)))
                continue
            for value in wanted:
                passing[value] = passing.get(value, 0) | shared.rules
            indexes[name] = (asking | shared.rules, passing)
        return cls(
            tuple(position for position, _ in rules),
            tuple(ValueIndex(name, asking, passing) for name, (asking, passing) in indexes.items()),
            tuple(tests),
        )

    def match(self, facts: Facts) -> tuple[int, ...]:
        """The positions of the rules that hold."""
        alive = (1 << len(self.positions)) - 1
        for index in self.indexes:
            alive &= ~index.failing(facts)
        for rules, holds in self.tests:
            if not alive:
                return ()
            if alive & rules and not holds(facts):
                alive &= ~rules
        return tuple([self.positions[bit] for bit in positions(alive)])


def _wanted_values(part: Condition) -> tuple[Any, ...]:
    """The values that a test asks for; none for every other kind of test."""
    if not isinstance(part, FactTest):
        return ()
    match part.unary:
        case Equals(value):
            return (value,)
        case OneOf(values):
            return values
    return ()


@dataclass(frozen=True, slots=True)
class CompiledMatcher:
    """Rule sets by the value of the discriminator; rules of other kinds cost nothing."""

    fact: str | None
    by_value: Mapping[Any, RuleSet]
    otherwise: RuleSet

    def match(self, facts: Facts) -> tuple[int, ...]:
        if self.fact is None:
            return self.otherwise.match(facts)
        return self.by_value.get(facts.get(self.fact), self.otherwise).match(facts)

    def close(self) -> None:
        """Nothing is held outside Python."""


def compiled(candidates: Sequence[Candidate], *, vocabulary: Vocabulary) -> CompiledMatcher:  # noqa: ARG001
    """The compiled matcher over `candidates` (a MatcherFactory)."""
    fact = Partition.of(candidates, candidates).fact
    rules = [(i, full_condition(candidate, without=fact)) for i, candidate in enumerate(candidates)]
    parts = Partition.of(candidates, rules)
    by_value = {value: RuleSet.of(some) for value, some in parts.by_value.items()}
    return CompiledMatcher(fact, by_value, RuleSet.of(parts.otherwise))
