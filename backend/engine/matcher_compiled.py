"""Matching by Python closures: each test compiled once, rules found by their discriminator first."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from backend.engine.conditions import AllOf, Condition, FactTest
from backend.engine.matcher import Candidate
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


def _partition_fact(candidates: Sequence[Candidate]) -> str | None:
    """The discriminator that most rules name."""
    named = Counter(name for candidate in candidates for name in candidate.applies_to)
    return named.most_common(1)[0][0] if named else None


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
    """Closures by the value of the discriminator; rules of other kinds cost nothing."""

    partition_fact: str | None
    by_value: dict[Any, tuple[tuple[int, Holds], ...]]
    otherwise: tuple[tuple[int, Holds], ...]

    def match(self, facts: Facts) -> tuple[int, ...]:
        rules = self.otherwise
        if self.partition_fact is not None:
            rules = self.by_value.get(facts.get(self.partition_fact), rules)
        return tuple([position for position, holds in rules if holds(facts)])

    def close(self) -> None:
        """Nothing is held outside Python."""


def compiled(candidates: Sequence[Candidate], *, vocabulary: Vocabulary) -> CompiledMatcher:  # noqa: ARG001
    """The compiled matcher over `candidates` (a MatcherFactory)."""
    fact = _partition_fact(candidates)
    values = {v for c in candidates for v in (c.applies_to.get(fact, ()) if fact else ())}
    compiled_rules = [
        (position, compile_condition(full_condition(candidate, without=fact)))
        for position, candidate in enumerate(candidates)
    ]

    def rules_for(value: str | None) -> tuple[tuple[int, Holds], ...]:
        return tuple(
            rule
            for rule, candidate in zip(compiled_rules, candidates, strict=True)
            if fact is None or fact not in candidate.applies_to or value in candidate.applies_to[fact]
        )

    return CompiledMatcher(fact, {value: rules_for(value) for value in values}, rules_for(None))
