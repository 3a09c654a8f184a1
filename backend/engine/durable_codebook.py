"""The fields that some rules need of the facts, and the rules' conditions in the codes of those fields."""

import dataclasses
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backend.engine.conditions import AllOf, Condition, FactTest, leaves
from backend.engine.durable_codes import (
    ELSEWHERE,
    Field,
    Ranges,
    can_encode,
    codes_passing,
    complement,
    constants,
    derived,
    holding,
    innermost,
    listed,
    ranked,
    ranked_money,
)
from backend.engine.durable_nodes import FALSE, TRUE, Leaf, Node, both, either
from backend.engine.durable_ruleset import fits_one_handle
from backend.engine.matcher_compiled import compile_condition
from backend.engine.unary_tests import Compare, Has, Interval, UnaryTest
from backend.engine.vocabulary import Vocabulary
from backend.kernel.money import Money

MAX_HOLES: Final = 8
"""A test that all but so few codes pass is written as `not this, not that`, which is one path."""
MAX_RANGES: Final = 3
"""A test whose codes lie in more pieces costs the C module a path for each: it is derived instead."""

Key = Hashable
"""Which field a test needs: the fact with an item or a currency, or a condition that is derived."""


class Codebook:
    """Encodes facts and conditions; grows while conditions are added, and is only read afterwards."""

    def __init__(self, conditions: Sequence[Condition], *, vocabulary: Vocabulary) -> None:
        self._numbers: dict[Key, int] = {}
        self._fields: list[Field] = []
        for key, demand in _demands(conditions).items():
            self._add(key, demand.field(vocabulary))
        self.nodes: tuple[Node, ...] = tuple(self._lower_rule(condition) for condition in conditions)

    @property
    def fields(self) -> dict[str, Field]:
        """The fields by their names."""
        return {_name(number): field for number, field in enumerate(self._fields)}

    def _add(self, key: Key, new: Field) -> int:
        self._numbers[key] = number = len(self._fields)
        self._fields.append(new)
        return number

    def _lower_rule(self, condition: Condition) -> Node:
        node = self._lower(condition)
        return node if fits_one_handle([node]) else self._derive(condition)

    def _lower(self, condition: Condition) -> Node:
        if isinstance(condition, FactTest):
            return self._lower_test(condition)
        join = both if isinstance(condition, AllOf) else either
        return join([self._lower(part) for part in condition.parts])

    def _lower_test(self, test: FactTest) -> Node:
        key = _key(test)
        if key is test:
            return self._derive(test)
        number = self._numbers[key]
        field = self._fields[number]
        node = _node(_name(number), codes_passing(test.unary, field), field.top)
        return self._derive(test) if node is None else node

    def _derive(self, condition: Condition) -> Node:
        """The condition as one field that Python computes."""
        number = self._numbers.get(condition)
        if number is None:
            number = self._add(condition, derived(compile_condition(condition)))
        return Leaf(_name(number), "$eq", 1)


def _name(number: int) -> str:
    """A name that C and JSON cannot mistake, whatever the fact is called."""
    return f"f{number}"


@dataclass(slots=True)
class _Demand:
    """What conditions ask of one field: the constants, and whether their order matters."""

    test: FactTest
    constants: dict[Any, None] = dataclasses.field(default_factory=dict)
    ordered: bool = False

    def field(self, vocabulary: Vocabulary) -> Field:
        fact, inner = self.test.fact, innermost(self.test.unary)
        if isinstance(inner, Has):
            return holding(fact, inner.value)
        currency = _currency(inner)
        if currency:
            return ranked_money(fact, currency, self.constants)
        if self.ordered:
            return ranked(fact, self.constants)
        # In the order of the vocabulary, so that `[mon, tue, wed]` is one range of codes.
        known = vocabulary.facts.get(fact)
        allowed = [value for value in (known.values if known else ()) if value in self.constants]
        return listed(fact, [*allowed, *self.constants])


def _demands(conditions: Iterable[Condition]) -> dict[Key, _Demand]:
    demands: dict[Key, _Demand] = {}
    for condition in conditions:
        for test in leaves(condition):
            key = _key(test)
            if key is test:
                continue
            demand = demands.setdefault(key, _Demand(test))
            demand.constants.update(dict.fromkeys(constants(test.unary)))
            demand.ordered |= isinstance(innermost(test.unary), Compare | Interval)
    return demands


def _key(test: FactTest) -> Key:
    """The field for the test; the test itself when no field can represent it."""
    inner = innermost(test.unary)
    if isinstance(inner, Has):
        return (test.fact, "has", inner.value)
    currency = _currency(inner)
    if currency is None or not can_encode(inner):
        return test
    return (test.fact, "in", currency)


def _currency(test: UnaryTest) -> str | None:
    """The currency of the test's constants: empty for no money, None for several at once."""
    currencies = {value.currency if isinstance(value, Money) else "" for value in constants(test)}
    return next(iter(currencies), "") if len(currencies) <= 1 else None


def _node(name: str, ranges: Ranges, top: int) -> Node | None:
    """Comparisons that hold for the codes in `ranges`; None when that takes too many paths."""
    holes = complement(ranges, top)
    if not holes:
        return TRUE
    if len(holes) <= MAX_HOLES and all(low == high for low, high in holes):
        return both([Leaf(name, "$neq", low) for low, _ in holes])
    if len(ranges) > MAX_RANGES:
        return None
    return either([_between(name, low, high, top) for low, high in ranges]) if ranges else FALSE


def _between(name: str, low: int, high: int, top: int) -> Node:
    if low == high:
        return Leaf(name, "$eq", low)
    above = TRUE if low == ELSEWHERE else Leaf(name, "$gte", low)
    below = TRUE if high == top else Leaf(name, "$lte", high)
    return both([above, below])
