"""Near misses: rules that did not hold because exactly one test failed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.engine.conditions import ALWAYS, AllOf, AnyOf, Condition, FactTest
from backend.engine.decision import NearMiss
from backend.engine.matcher import Candidate
from backend.engine.matcher_compiled import Holds, compile_condition, full_condition
from backend.engine.rules import Rule
from backend.engine.vocabulary import Facts

Culprit = Callable[[Facts], FactTest]
"""Which test to name when this part of a rule failed."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains why one rule did not hold: its parts, of which an `any` block counts as one."""

    rule: Rule
    applies: Holds
    parts: tuple[tuple[Holds, Culprit], ...]

    @classmethod
    def of(cls, rule: Rule) -> "Explainer":
        """The explainer of `rule`."""
        applies = compile_condition(full_condition(Candidate(ALWAYS, rule.applies_to)))
        return cls(rule, applies, tuple((compile_condition(p), _culprit(p)) for p in _flat(rule.condition)))

    def near_miss(self, facts: Facts) -> NearMiss | None:
        """The one test that failed; None when none or more did, or the rule is for other kinds of things."""
        if not self.applies(facts):
            return None
        failed: Culprit | None = None
        for holds, culprit in self.parts:
            if not holds(facts):
                if failed is not None:
                    return None
                failed = culprit
        if failed is None:
            return None
        test = failed(facts)
        return NearMiss(self.rule.id, test.fact, test.wanted, facts.get(test.fact))


def _flat(condition: Condition) -> list[Condition]:
    if isinstance(condition, AllOf):
        return [part for inner in condition.parts for part in _flat(inner)]
    return [condition]


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
        return cls(tuple((compile_condition(p), _culprit(p)) for p in _flat(condition)))

    def failures(self, facts: Facts) -> Sequence[Culprit]:
        return [culprit for holds, culprit in self.parts if not holds(facts)]
