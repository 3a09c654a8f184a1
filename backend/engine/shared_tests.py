"""The distinct tests of many rules, each with a bit set of the rules that have it (bit i for rule i)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backend.engine.conditions import AllOf, Condition, leaves


@dataclass(frozen=True, slots=True)
class SharedTest:
    """A part of conditions, a test or an `any` block, and the rules that all need it to hold."""

    part: Condition
    rules: int


def shared_tests(conditions: Sequence[Condition], *, by_wording: bool = False) -> tuple[SharedTest, ...]:
    """The distinct parts of the rules' conditions, in the order of their first appearance.

    With `by_wording`, parts that say the same in other words are distinct.
    """
    rules: dict[tuple[Condition, tuple[str, ...]], int] = {}
    for position, condition in enumerate(conditions):
        for part in flat(condition):
            wording = tuple(test.wanted for test in leaves(part)) if by_wording else ()
            rules[part, wording] = rules.get((part, wording), 0) | 1 << position
    return tuple(SharedTest(part, bits) for (part, _), bits in rules.items())


def flat(condition: Condition) -> list[Condition]:
    """The parts that must all hold, seen through `all` blocks."""
    if isinstance(condition, AllOf):
        return [part for inner in condition.parts for part in flat(inner)]
    return [condition]


def positions(bits: int) -> Iterator[int]:
    """The positions of the bits that are set, in order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
