"""Facts as variables of z3, so that what several decisions do together can be decided exactly.

A fact that stands in a relation with others (`pipeline_relations`) and money are numbers; every other fact
is one of its atoms. Amounts are in minor units of the one currency of the price.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, Final, Protocol

import z3

from backend.engine.atoms import Atoms
from backend.engine.unary_tests import (
    Anything,
    Compare,
    Equals,
    Interval,
    Missing,
    Not,
    OneOf,
    Present,
    UnaryTest,
)
from backend.engine.vocabulary import Fact
from backend.kernel.money import Money

_NUMBER_TYPES: Final = {"integer", "date"}


class FactVariable(Protocol):
    """One fact of the case that is looked for."""

    def holds(self, test: UnaryTest) -> z3.BoolRef:
        """When the test passes."""
        ...

    def known(self) -> z3.BoolRef:
        """When the fact is not missing."""
        ...

    def value(self, model: z3.ModelRef) -> object:
        """The fact's value in a model, None when it is missing there."""
        ...


@dataclass(frozen=True, slots=True)
class ChosenFact:
    """A fact that is one of its atoms: `index` is the number of the atom."""

    atoms: Atoms
    index: z3.ArithRef

    def holds(self, test: UnaryTest) -> z3.BoolRef:
        return self.one_of(self.atoms.passing(test))

    def known(self) -> z3.BoolRef:
        return self.one_of(self.atoms.where(lambda value: value is not None))

    def value(self, model: z3.ModelRef) -> object:
        value: object = self.atoms.values[model.eval(self.index, model_completion=True).as_long()]
        return value

    def one_of(self, allowed: int) -> z3.BoolRef:
        """When the atom is in the bit set `allowed`."""
        bits = [bit for bit in range(len(self.atoms.values)) if allowed >> bit & 1]
        return z3.Or([self.index == bit for bit in bits])

    def where(self, holds: Callable[[Any], bool]) -> z3.BoolRef:
        """When the value is one for which `holds` is true."""
        return self.one_of(self.atoms.where(holds))


@dataclass(frozen=True, slots=True)
class NumberFact:
    """A fact with an order as a number: days as ordinals, whole numbers and decimals as they are."""

    fact: Fact
    number: z3.ArithRef
    is_known: z3.BoolRef

    @classmethod
    def of(cls, fact: Fact) -> "NumberFact":
        """A variable for the fact."""
        make = z3.Int if fact.type.name in _NUMBER_TYPES else z3.Real
        known = z3.BoolVal(val=True) if fact.default is not None else z3.Bool(f"{fact.name} is known")
        return cls(fact, make(fact.name), known)

    def holds(self, test: UnaryTest) -> z3.BoolRef:
        return holds_for(test, known=self.is_known, compare=self._compare)

    def known(self) -> z3.BoolRef:
        return self.is_known

    def value(self, model: z3.ModelRef) -> object:
        if z3.is_false(model.eval(self.is_known, model_completion=True)):
            return None
        number = rational(model, self.number)
        if self.fact.type.name == "date":
            return date.fromordinal(int(number))
        if self.fact.type.name == "integer":
            return int(number)
        return (Decimal(number.numerator) / Decimal(number.denominator)).quantize(Decimal("0.01"))

    def in_range(self) -> z3.BoolRef:
        """That the number is one that the vocabulary lets the fact be."""
        ends = ((">=", self.fact.lowest), ("<=", self.fact.highest))
        return z3.And([COMPARE[side](self.number, constant(end)) for side, end in ends if end is not None])

    def _compare(self, operator: str, value: object) -> z3.BoolRef:
        return z3.And(self.is_known, COMPARE[operator](self.number, constant(value)))


@dataclass(frozen=True, slots=True)
class AmountFact:
    """A fact of type money, in minor units of the price's currency; it is never missing."""

    amount: z3.ArithRef
    currency: ChosenFact

    def holds(self, test: UnaryTest) -> z3.BoolRef:
        return holds_for(test, known=z3.BoolVal(val=True), compare=self._compare)

    def known(self) -> z3.BoolRef:
        return z3.BoolVal(val=True)

    def value(self, model: z3.ModelRef) -> object:
        return Money(int(rational(model, self.amount)), str(self.currency.value(model)))

    def _compare(self, operator: str, value: Money) -> z3.BoolRef:
        same = self.currency.where(lambda code: code == value.currency)
        return z3.And(same, COMPARE[operator](self.amount, z3.RealVal(value.minor)))


Comparison = Callable[[str, Any], z3.BoolRef]

COMPARE: Final[Mapping[str, Callable[[Any, Any], z3.BoolRef]]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "==": lambda left, right: left == right,
}


def holds_for(test: UnaryTest, *, known: z3.BoolRef, compare: Comparison) -> z3.BoolRef:
    """When a test of a number passes; `compare` fails for a missing one."""
    same = partial(holds_for, known=known, compare=compare)
    match test:
        case Not(inner):
            return z3.Not(same(inner))
        case OneOf(values):
            return z3.Or([compare("==", value) for value in values])
        case Equals(value):
            return compare("==", value)
        case Compare(operator, value):
            return compare(operator, value)
        case Interval(low, high, includes_low, includes_high):
            return z3.And(
                compare(">=" if includes_low else ">", low), compare("<=" if includes_high else "<", high)
            )
    return _presence(test, known)


def _presence(test: UnaryTest, known: z3.BoolRef) -> z3.BoolRef:
    match test:
        case Missing():
            return z3.Not(known)
        case Present():
            return known
        case Anything():
            return z3.BoolVal(val=True)
    raise TypeError(f"a number is not put to the test '{test.name}'")


def constant(value: object) -> z3.ArithRef:
    """A day, a whole number or a decimal as a number of z3."""
    if isinstance(value, date):
        return z3.IntVal(value.toordinal())
    if isinstance(value, int):
        return z3.IntVal(value)
    assert isinstance(value, Decimal)  # noqa: S101 (the types of NumberFact)
    return share(value)


def share(value: Decimal) -> z3.ArithRef:
    """A decimal as an exact rational."""
    numerator, denominator = value.as_integer_ratio()
    return z3.Q(numerator, denominator)


def rational(model: z3.ModelRef, term: z3.ArithRef) -> Fraction:
    """What a term comes to in a model."""
    found = model.eval(term, model_completion=True)
    return Fraction(found.as_long()) if z3.is_int_value(found) else Fraction(found.as_fraction())
