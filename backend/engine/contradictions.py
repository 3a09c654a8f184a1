"""Why the tests of a rule can never hold together, in a few words."""

from collections.abc import Sequence

from backend.engine.case_space import CaseSpace
from backend.engine.conditions import FactTest
from backend.engine.matcher_compiled import full_condition
from backend.engine.rules import Rule
from backend.engine.shared_tests import flat
from backend.engine.unary_tests import Missing


def why_never(rule: Rule, space: CaseSpace) -> str:
    """The first fact whose tests contradict each other; a general sentence when no single one does."""
    by_fact: dict[str, list[FactTest]] = {}
    for part in flat(full_condition(rule.candidate)):
        if isinstance(part, FactTest):
            by_fact.setdefault(part.fact, []).append(part)
    contradictory = (tests for tests in by_fact.values() if not _common(tests, space))
    tests = next(contradictory, None)
    if tests is None:
        return f"its tests contradict each other{_of_amount(rule)}"
    alone = next((test for test in tests if not space.passing(test)), None)
    if alone is not None:
        return _impossible(alone, space)
    wanted = " and ".join(_wording(test, space) for test in tests)
    origin = (
        f" (applies_to names '{tests[0].fact}')" if tests[0].fact in rule.applies_to else _of_amount(rule)
    )
    return f"'{tests[0].fact}' cannot be {wanted} at once{origin}"


def _common(tests: Sequence[FactTest], space: CaseSpace) -> int:
    allowed = -1
    for test in tests:
        allowed &= space.passing(test)
    return allowed


def _impossible(test: FactTest, space: CaseSpace) -> str:
    if isinstance(test.unary, Missing):
        return f"'{test.fact}' is never missing, as the vocabulary gives it a default"
    return f"no value of '{test.fact}' is {_wording(test, space)}"


def _wording(test: FactTest, space: CaseSpace) -> str:
    return test.wanted or test.unary.text(space.atoms[test.fact].fact.type.write)


def _of_amount(rule: Rule) -> str:
    currency = rule.effect.currency
    return f" (an amount in {currency} holds for prices in {currency} only)" if currency else ""
