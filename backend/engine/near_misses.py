"""Near misses: rules that did not hold because exactly one test failed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.engine.conditions import ALWAYS, AnyOf, Condition, FactTest
from backend.engine.decision import NearMiss
from backend.engine.matcher import Candidate
from backend.engine.matcher_compiled import Holds, compile_condition, full_condition
from backend.engine.partition import Partition
from backend.engine.rules import Rule
from backend.engine.shared_tests import flat, positions, shared_tests
from backend.engine.vocabulary import Facts

Culprit = Callable[[Facts], FactTest]
"""Which test to name when this part of a rule failed."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A test, or an `any` block, that some rules have in common; bit i of `rules` stands for rule i."""

    holds: Holds
    culprit: Culprit
    rules: int


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains why rules did not hold; an `any` block counts as one test.

    Each distinct part is put to the facts once, whatever the number of rules that have it.
    """

    rules: tuple[Rule, ...]
    guards: tuple[_Part, ...]
    parts: tuple[_Part, ...]

    @classmethod
    def of(cls, rules: Sequence[Rule], *, without: str | None = None) -> "Explainer":
        """The explainer of `rules`, of which the facts always have the discriminator `without` right."""
        guards = [full_condition(Candidate(ALWAYS, r.applies_to), without=without) for r in rules]
        return cls(tuple(rules), _compiled(guards), _compiled([rule.condition for rule in rules]))

    def near_misses(self, facts: Facts) -> list[tuple[Rule, NearMiss]]:
        """The rules of which exactly one test failed, each with that test, in their order."""
        once = twice = 0
        for guard in self.guards:
            if not guard.holds(facts):
                twice |= guard.rules
        failed: list[_Part] = []
        for part in self.parts:
            if not part.holds(facts):
                twice |= once & part.rules
                once |= part.rules
                failed.append(part)
        near = once & ~twice
        found = (
            {position: part for part in failed for position in positions(part.rules & near)} if near else {}
        )
        return [(self.rules[i], _near_miss(self.rules[i], found[i], facts)) for i in sorted(found)]


@dataclass(frozen=True, slots=True)
class Explainers:
    """Explainers by the value of the discriminator."""

    fact: str | None
    by_value: Mapping[Any, Explainer]
    otherwise: Explainer

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "Explainers":
        """The explainers of all rules of a decision."""
        parts = Partition.of([rule.candidate for rule in rules], rules)
        by_value = {value: Explainer.of(some, without=parts.fact) for value, some in parts.by_value.items()}
        return cls(parts.fact, by_value, Explainer.of(parts.otherwise))

    def near_misses(self, facts: Facts) -> list[tuple[Rule, NearMiss]]:
        """The rules for such facts of which exactly one test failed, each with that test, in file order."""
        explainer = self.otherwise
        if self.fact is not None:
            explainer = self.by_value.get(facts.get(self.fact), explainer)
        return explainer.near_misses(facts)


def _near_miss(rule: Rule, part: _Part, facts: Facts) -> NearMiss:
    test = part.culprit(facts)
    return NearMiss(rule.id, test.fact, test.wanted, facts.get(test.fact))


def _compiled(conditions: Sequence[Condition]) -> tuple[_Part, ...]:
    return tuple(
        _Part(compile_condition(shared.part), _culprit(shared.part), shared.rules)
        for shared in shared_tests(conditions, by_wording=True)
    )


def _culprit(part: Condition) -> Culprit:
    if isinstance(part, FactTest):
        return lambda _: part
    alternatives = tuple(_Alternative.of(p) for p in part.parts) if isinstance(part, AnyOf) else ()
    return lambda facts: min((a.failures(facts) for a in alternatives), key=len)[0](facts)


@dataclass(frozen=True, slots=True)
class _Alternative:
    """One way to satisfy an `any` block; the way with the fewest failed tests is named."""

    parts: tuple[tuple[Holds, Culprit], ...]

    @classmethod
    def of(cls, condition: Condition) -> "_Alternative":
        return cls(tuple((compile_condition(p), _culprit(p)) for p in flat(condition)))

    def failures(self, facts: Facts) -> Sequence[Culprit]:
        return [culprit for holds, culprit in self.parts if not holds(facts)]
