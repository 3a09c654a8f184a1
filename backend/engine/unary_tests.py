"""Unary tests: what a rule may ask of one fact, each a small frozen dataclass registered by name.

A missing fact (None) passes `-`, `missing` and `not(…)` and fails every other test. Money of another
currency than the test's is not comparable: it fails the test, and so passes its `not(…)`.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol

from backend.kernel.money import Money

Predicate = Callable[[Any], bool]
"""Whether a fact's value passes; the value is None when the fact is missing."""
Write = Callable[[Any], str]
"""How a value of the fact's type is written by staff."""


class UnaryTest(Protocol):
    """One test of one fact."""

    name: ClassVar[str]

    def predicate(self) -> Predicate:
        """The test as a closure, for the compiled matcher."""
        ...

    def text(self, write: Write) -> str:
        """The test as staff write it; parsing the text gives an equal test."""
        ...


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Anything:
    """`-`: passes for every value and for none."""

    name: ClassVar[str] = "anything"

    def predicate(self) -> Predicate:
        return lambda _: True

    def text(self, write: Write) -> str:  # noqa: ARG002 - the signature of every unary test
        return "-"


@dataclass(frozen=True, slots=True)
class Missing:
    """`missing`: passes when the fact is not known."""

    name: ClassVar[str] = "missing"

    def predicate(self) -> Predicate:
        return lambda value: value is None

    def text(self, write: Write) -> str:  # noqa: ARG002 - the signature of every unary test
        return "missing"


@dataclass(frozen=True, slots=True)
class Present:
    """`present`: passes when the fact is known, whatever its value."""

    name: ClassVar[str] = "present"

    def predicate(self) -> Predicate:
        return lambda value: value is not None

    def text(self, write: Write) -> str:  # noqa: ARG002 - the signature of every unary test
        return "present"


@dataclass(frozen=True, slots=True)
class Equals:
    """A value: passes when the fact has exactly it."""

    value: Any
    name: ClassVar[str] = "equals"

    def predicate(self) -> Predicate:
        wanted = self.value
        return lambda value: bool(value == wanted)

    def text(self, write: Write) -> str:
        return write(self.value)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A list of values: passes when the fact has any of them."""

    values: tuple[Any, ...]
    name: ClassVar[str] = "one of"

    def predicate(self) -> Predicate:
        wanted = frozenset(self.values)
        return lambda value: value in wanted

    def text(self, write: Write) -> str:
        return ", ".join(write(value) for value in self.values)


@dataclass(frozen=True, slots=True)
class Compare:
    """`< a`, `<= a`, `> a`, `>= a` on types that have an order."""

    operator: str
    value: Any
    name: ClassVar[str] = "compare"

    def predicate(self) -> Predicate:
        compare, wanted = _OPERATORS[self.operator], self.value
        if isinstance(wanted, Money):
            minor, currency = wanted.minor, wanted.currency
            return lambda value: (
                value is not None and value.currency == currency and compare(value.minor, minor)
            )
        return lambda value: value is not None and compare(value, wanted)

    def text(self, write: Write) -> str:
        return f"{self.operator} {write(self.value)}"


@dataclass(frozen=True, slots=True)
class Interval:
    """`[a..b]`, `[a..b)`, `(a..b]`, `(a..b)`: a bracket includes its end, a parenthesis does not."""

    low: Any
    high: Any
    includes_low: bool = True
    includes_high: bool = False
    name: ClassVar[str] = "interval"

    def predicate(self) -> Predicate:
        above = Compare(">=" if self.includes_low else ">", self.low).predicate()
        below = Compare("<=" if self.includes_high else "<", self.high).predicate()
        return lambda value: above(value) and below(value)

    def text(self, write: Write) -> str:
        opening, closing = "[" if self.includes_low else "(", "]" if self.includes_high else ")"
        return f"{opening}{write(self.low)}..{write(self.high)}{closing}"

    @property
    def is_empty(self) -> bool:
        """Whether no value lies between the ends."""
        if self.low == self.high:
            return not (self.includes_low and self.includes_high)
        return bool(self.low > self.high)


@dataclass(frozen=True, slots=True)
class Has:
    """`has x` on a list fact: passes when x is among its items."""

    value: str
    name: ClassVar[str] = "has"

    def predicate(self) -> Predicate:
        wanted = self.value
        return lambda value: value is not None and wanted in value

    def text(self, write: Write) -> str:
        return f"has {write((self.value,))}"


@dataclass(frozen=True, slots=True)
class Not:
    """`not(…)` of a value, values, a comparison, an interval or `has x`; a missing fact passes."""

    test: UnaryTest
    name: ClassVar[str] = "not"

    def predicate(self) -> Predicate:
        inner = self.test.predicate()
        return lambda value: not inner(value)

    def text(self, write: Write) -> str:
        return f"not({self.test.text(write)})"


UNARY_TESTS: Final[Mapping[str, type[UnaryTest]]] = {
    test.name: test for test in (Anything, Missing, Present, Equals, OneOf, Compare, Interval, Has, Not)
}
