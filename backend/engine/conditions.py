"""What a rule's `when` says: tests of facts, joined by `all` and `any`, nested at most three deep."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from backend.engine.unary_tests import UnaryTest

MAX_NESTING: Final = 3


@dataclass(frozen=True, slots=True)
class FactTest:
    """One fact put to one unary test; `wanted` is the test in the words of the file."""

    fact: str
    unary: UnaryTest
    wanted: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when every part holds; with no part it always holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when at least one part holds; it has at least one."""

    parts: tuple["Condition", ...]


Condition = FactTest | AllOf | AnyOf

ALWAYS: Final = AllOf(())


def leaves(condition: Condition) -> Iterator[FactTest]:
    """Every test in the condition, in the order of the file."""
    if isinstance(condition, FactTest):
        yield condition
        return
    for part in condition.parts:
        yield from leaves(part)


def facts_tested(condition: Condition) -> frozenset[str]:
    """The names of the facts on which the condition depends."""
    return frozenset(test.fact for test in leaves(condition))
