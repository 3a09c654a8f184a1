"""Matching by Python closures: each test compiled once, rules found by their discriminator first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.engine.conditions import AllOf, Condition, FactTest
from backend.engine.matcher import Candidate
from backend.engine.partition import Partition
from backend.engine.unary_tests import OneOf
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
class CompiledMatcher:
    """Closures, looked up by the value of the discriminator."""

    rules: Partition[tuple[int, Holds]]

    def match(self, facts: Facts) -> tuple[int, ...]:
        return tuple([position for position, holds in self.rules.of_facts(facts) if holds(facts)])

    def close(self) -> None:
        """Nothing is held outside Python."""


def compiled(candidates: Sequence[Candidate], *, vocabulary: Vocabulary) -> CompiledMatcher:  # noqa: ARG001
    """The compiled matcher over `candidates` (a MatcherFactory)."""
    by_discriminator = Partition.of(candidates, range(len(candidates)))
    closures = [
        (position, compile_condition(full_condition(candidate, without=by_discriminator.fact)))
        for position, candidate in enumerate(candidates)
    ]
    return CompiledMatcher(Partition.of(candidates, closures))
