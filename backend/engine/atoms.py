"""One fact as a few atoms: sorts of values that no test of the rules can tell apart.

A test of the fact is then a bit set of the atoms that pass it, and that is exact.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from backend.engine.boxes import TooComplexError
from backend.engine.decision_table import TIMEZONE
from backend.engine.scales import MINOR_UNITS, SCALES
from backend.engine.unary_tests import Compare, Equals, Has, Interval, Not, OneOf, UnaryTest
from backend.engine.values import BOOLEAN, ENUM, LIST, MONEY, TEXT
from backend.engine.vocabulary import CURRENCY, Fact
from backend.kernel.money import EXPONENTS, Money

MAX_ITEMS: Final = 8
_COMMON_CURRENCIES: Final = ("EUR", "USD", "GBP", "JPY", "CHF")
_TEXTS: Final = {
    CURRENCY: (*_COMMON_CURRENCIES, *EXPONENTS),
    TIMEZONE: ("UTC", "Europe/Paris", "America/New_York", "Asia/Tokyo", "Africa/Cairo"),
}


@dataclass(frozen=True, slots=True)
class Atoms:
    """The atoms of one fact, each by a value that stands for all of its sort; None: the fact is missing.

    `items` are those of a list fact that are told apart; only the first eight are.
    """

    fact: Fact
    values: tuple[Any, ...]
    items: frozenset[str] = frozenset()

    @classmethod
    def of(cls, fact: Fact, tests: Iterable[UnaryTest], *, also: Collection[str] = ()) -> "Atoms":
        """The atoms that `tests` tell apart; `also` are currencies told apart besides.

        A fact with a default is never missing.
        """
        named = list(dict.fromkeys(value for test in tests for value in constants(test)))
        items = frozenset(named[:MAX_ITEMS]) if fact.type is LIST else frozenset()
        values = _money(named, also) if fact.type is MONEY else _VALUES[fact.type.name](fact, named, also)
        return cls(fact, (*values, *((None,) if fact.default is None else ())), items)

    @property
    def full(self) -> int:
        """The bits of all atoms."""
        return (1 << len(self.values)) - 1

    def passing(self, test: UnaryTest) -> int:
        """The atoms that pass the test, which is one of those that the atoms were made for."""
        if self.fact.type is LIST and not self.items.issuperset(constants(test)):
            raise TooComplexError
        return self.where(test.predicate())

    def where(self, holds: Callable[[Any], bool]) -> int:
        """The atoms for which `holds` is true."""
        return sum(1 << bit for bit, value in enumerate(self.values) if holds(value))


def constants(test: UnaryTest) -> tuple[Any, ...]:
    """The values with which the test compares."""
    match test:
        case Not(inner):
            return constants(inner)
        case OneOf(values):
            return values
        case Interval(low, high):
            return (low, high)
        case Equals(value) | Compare(_, value) | Has(value):
            return (value,)
    return ()


def _enum(fact: Fact, named: Sequence[Any], also: Collection[str]) -> Sequence[Any]:  # noqa: ARG001 - one signature
    return fact.values


def _boolean(fact: Fact, named: Sequence[Any], also: Collection[str]) -> Sequence[Any]:  # noqa: ARG001
    return (True, False)


def _text(fact: Fact, named: Sequence[Any], also: Collection[str]) -> Sequence[Any]:
    texts = list(dict.fromkeys((*named, *also)))
    return (*texts, another(_TEXTS.get(fact.name, ()), texts))


def _list(fact: Fact, named: Sequence[Any], also: Collection[str]) -> Sequence[Any]:  # noqa: ARG001
    items = named[:MAX_ITEMS]
    return [some for count in range(len(items) + 1) for some in combinations(items, count)]


def _ordered(fact: Fact, named: Sequence[Any], also: Collection[str]) -> Sequence[Any]:  # noqa: ARG001
    ends = [end for end in (fact.lowest, fact.highest) if end is not None]
    if not named and not ends:
        return (fact.type.parse(fact.type.example),)
    return [value for value in SCALES[fact.type.name].one_of_each([*named, *ends]) if fact.reaches(value)]


def _money(named: Sequence[Money], also: Collection[str]) -> Sequence[Money]:
    """The stretches of each currency's amounts, and an amount of another currency."""
    amounts: dict[str, list[int]] = {currency: [] for currency in also}
    for money in named:
        amounts.setdefault(money.currency, []).append(money.minor)
    values = [
        Money(minor, currency)
        for currency, minors in amounts.items()
        for minor in (MINOR_UNITS.one_of_each(minors) if minors else [10_000])
    ]
    return (*values, Money(10_000, another((*_COMMON_CURRENCIES, *EXPONENTS), amounts)))


def another(likely: Iterable[str], named: Collection[str]) -> str:
    """A text that is none of those named."""
    numbered = (f"another-{number}" for number in range(1, len(named) + 2))
    return next(text for text in (*likely, "another", *numbered) if text not in named)


_VALUES: Final = {
    ENUM.name: _enum,
    BOOLEAN.name: _boolean,
    TEXT.name: _text,
    LIST.name: _list,
    **dict.fromkeys(SCALES, _ordered),
}
