"""Facts as whole numbers: the rank of a value among the constants that rules compare it with.

Rules compare facts with constants only, so all that matters of a value is where it lies among them. With
ordered constants c0 < c1 < … the code of a value is 2i+1 when it equals ci, and 2i when it lies just below
ci; unordered ones are numbered from 1, and 0 is any other value. A unary test is then a set of codes, and
the C module compares small integers: no text, decimal, money, zone or type can be mistaken for another,
and no number is too large for it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from backend.engine.unary_tests import (
    Anything,
    Compare,
    Equals,
    Has,
    Interval,
    Missing,
    Not,
    OneOf,
    Present,
    UnaryTest,
)
from backend.engine.vocabulary import Facts
from backend.kernel.money import Money

MISSING: Final = -1
"""The code of a missing fact."""
ELSEWHERE: Final = -2
"""The code of money in another currency than the field's."""

Ranges = tuple[tuple[int, int], ...]
"""A set of codes: inclusive ranges, ascending, with a gap between any two."""


@dataclass(frozen=True, slots=True)
class Field:
    """One aspect of one fact: how facts are encoded, from ELSEWHERE to `top`, and the constants' codes."""

    encode: Callable[[Facts], int]
    top: int
    code_of: Mapping[Any, int]


def listed(fact: str, constants: Iterable[Any]) -> Field:
    """A fact of which rules ask whether it equals one of `constants`, or whether it is known."""
    code_of = {constant: code for code, constant in enumerate(dict.fromkeys(constants), 1)}
    codes: dict[Any, int] = {None: MISSING, **code_of}
    lookup = codes.get
    return Field(lambda facts: lookup(facts.get(fact), 0), len(code_of), code_of)


def ranked(fact: str, constants: Iterable[Any]) -> Field:
    """A fact that rules compare by order with `constants`."""
    ordered = sorted({_instant(constant) for constant in constants})

    def encode(facts: Facts) -> int:
        value = facts.get(fact)
        return MISSING if value is None else _rank(ordered, _instant(value))

    return _ranked_field(encode, ordered)


def ranked_money(fact: str, currency: str, constants: Iterable[Money]) -> Field:
    """A fact that rules compare with amounts of one currency."""
    ordered = sorted(set(constants))
    minors = [constant.minor for constant in ordered]

    def encode(facts: Facts) -> int:
        value: Any = facts.get(fact)
        if value is None:
            return MISSING
        return _rank(minors, value.minor) if value.currency == currency else ELSEWHERE

    return _ranked_field(encode, ordered)


def holding(fact: str, item: str) -> Field:
    """Whether a list fact has `item`: 1 or 0."""

    def encode(facts: Facts) -> int:
        value: Any = facts.get(fact)
        return MISSING if value is None else int(item in value)

    return Field(encode, 1, {})


def derived(holds: Callable[[Facts], bool]) -> Field:
    """The answer of a closure, 1 or 0: for what would not fit the C module."""
    return Field(lambda facts: int(holds(facts)), 1, {})


def _ranked_field(encode: Callable[[Facts], int], ordered: Sequence[Any]) -> Field:
    return Field(encode, 2 * len(ordered), {constant: 2 * i + 1 for i, constant in enumerate(ordered)})


def _rank(ordered: Sequence[Any], value: Any) -> int:
    i = bisect_left(ordered, value)
    return 2 * i + (i < len(ordered) and ordered[i] == value)


def _instant(value: Any) -> Any:
    """A datetime in UTC, whose order and equality agree in every zone; anything else as it is."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def codes_passing(test: UnaryTest, field: Field) -> Ranges:
    """The codes that pass the test. KeyError for a kind of test that is not known here."""
    return _PASSING[type(test)](test, field)


def can_encode(test: UnaryTest) -> bool:
    """Whether `codes_passing` knows this kind of test."""
    return type(innermost(test)) in _PASSING


def innermost(test: UnaryTest) -> UnaryTest:
    """The test without the `not(…)` around it."""
    while isinstance(test, Not):
        test = test.test
    return test


def constants(test: UnaryTest) -> tuple[Any, ...]:
    """What the test compares its fact with."""
    match innermost(test):
        case Equals(value=value) | Compare(value=value):
            return (value,)
        case OneOf(values=values):
            return values
        case Interval(low=low, high=high):
            return (low, high)
        case _:
            return ()


def complement(ranges: Ranges, top: int) -> Ranges:
    """Every code that is not in `ranges`."""
    edges = [ELSEWHERE - 1, *(edge for pair in ranges for edge in pair), top + 1]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return tuple((low + 1, high - 1) for low, high in gaps if low + 1 < high)


def _union(codes: Iterable[int]) -> Ranges:
    ranges: list[tuple[int, int]] = []
    for code in sorted(set(codes)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    return tuple(ranges)


def _compared(operator: str, constant: Any, field: Field) -> tuple[int, int]:
    """The codes for which `value operator constant`; low above high when there is none."""
    code = field.code_of[_instant(constant)]
    return {
        "<": (0, code - 1),
        "<=": (0, code),
        ">": (code + 1, field.top),
        ">=": (code, field.top),
    }[operator]


def _interval(test: Interval, field: Field) -> Ranges:
    low, _ = _compared(">=" if test.includes_low else ">", test.low, field)
    _, high = _compared("<=" if test.includes_high else "<", test.high, field)
    return ((low, high),) if low <= high else ()


_PASSING: Final[Mapping[type, Callable[[Any, Field], Ranges]]] = {
    Anything: lambda _, field: ((ELSEWHERE, field.top),),
    Missing: lambda _, __: ((MISSING, MISSING),),
    Present: lambda _, field: ((0, field.top),),
    Equals: lambda test, field: _union([field.code_of[_instant(test.value)]]),
    OneOf: lambda test, field: _union(field.code_of[_instant(value)] for value in test.values),
    Compare: lambda test, field: (_compared(test.operator, test.value, field),),
    Interval: _interval,
    Has: lambda _, __: ((1, 1),),
    Not: lambda test, field: complement(codes_passing(test.test, field), field.top),
}
