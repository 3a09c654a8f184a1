"""All cases of one decision: a dimension for each fact that its rules test, and one for the day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from backend.engine.atoms import Atoms, constants
from backend.engine.boxes import Box, join, meet_all
from backend.engine.conditions import AllOf, Condition, FactTest, leaves
from backend.engine.decision_table import DecisionTable
from backend.engine.matcher_compiled import full_condition
from backend.engine.rules import Rule
from backend.engine.unary_tests import Missing, UnaryTest
from backend.engine.vocabulary import BASE, CURRENCY, Vocabulary
from backend.kernel.money import EXPONENTS, Money

DAY: Final = "(day)"
"""The dimension of effective dates; its brackets keep it apart from every fact."""


@dataclass(frozen=True, slots=True)
class CaseSpace:
    """The dimensions of a decision's cases.

    `days` stand each for a stretch of days on which the same rules are effective, beginning with the day
    of the analysis. `impossible` are boxes of cases that cannot be: a `base` in another currency than
    `currency`. `needed` are facts that the hit policy asks for whatever the rules test.
    """

    atoms: Mapping[str, Atoms]
    needed: frozenset[str]
    days: tuple[date, ...]
    full: Mapping[str, int]
    impossible: tuple[Box, ...]

    @classmethod
    def of(cls, table: DecisionTable, *, vocabulary: Vocabulary, on: date) -> "CaseSpace":
        """The cases of `table` from the day `on`."""
        needed = table.hit_policy.needs & vocabulary.facts.keys()
        tests: dict[str, list[UnaryTest]] = {name: [] for name in sorted(needed)}
        for rule in table.rules:
            for leaf in leaves(full_condition(rule.candidate)):
                tests.setdefault(leaf.fact, []).append(leaf.unary)
        also = _currencies(tests)
        atoms = {
            name: Atoms.of(
                vocabulary.facts[name],
                dict.fromkeys(some),
                also=also if name in {BASE, CURRENCY} else (),
            )
            for name, some in tests.items()
        }
        changes = {day for rule in table.rules for day in (rule.effective_from, rule.effective_until) if day}
        days = (on, *sorted(day for day in changes if day > on))
        full = {name: some.full for name, some in atoms.items()}
        return cls(atoms, needed, days, {**full, DAY: (1 << len(days)) - 1}, _mixed_currencies(atoms))

    def boxes(self, rule: Rule) -> list[Box]:
        """The cases in which the rule holds. TooComplexError."""
        effective = self._limited(
            DAY, sum(1 << bit for bit, day in enumerate(self.days) if rule.is_effective(day))
        )
        return meet_all(effective, self._boxes(full_condition(rule.candidate)))

    def passing(self, test: FactTest) -> int:
        """The atoms of the fact that pass its test. TooComplexError."""
        return self.atoms[test.fact].passing(test.unary)

    def scope(self, applies_to: Mapping[str, Collection[str]], rules: Sequence[Rule]) -> Box:
        """The cases that a complete decision decides: every fact known, unless a rule asks whether it is."""
        asked = {
            leaf.fact for rule in rules for leaf in leaves(rule.condition) if isinstance(leaf.unary, Missing)
        }
        known = {
            name: atoms.where(lambda value: value is not None)
            for name, atoms in self.atoms.items()
            if name not in asked
        }
        wanted = {name: self.atoms[name].where(values.__contains__) for name, values in applies_to.items()}
        return {**known, **wanted}

    def case(self, box: Box) -> tuple[dict[str, object], date | None]:
        """One case of the box as JSON that `flask rules try` reads, and its day where the day matters.

        Facts that do not matter are left out, a fact that has to be missing is None.
        """
        allowed = {
            name: box.get(name, self.full[name]) for name in self.atoms if name in box or name in self.needed
        }
        facts = {name: _as_json(self.atoms[name], some) for name, some in allowed.items()}
        return facts, self.days[_lowest(box[DAY])] if DAY in box else None

    def _boxes(self, condition: Condition) -> list[Box]:
        if isinstance(condition, FactTest):
            return self._limited(condition.fact, self.passing(condition))
        parts = [self._boxes(part) for part in condition.parts]
        if not isinstance(condition, AllOf):
            return join([box for boxes in parts for box in boxes])
        found: list[Box] = [{}]
        for boxes in parts:
            found = meet_all(found, boxes)
        return found

    def _limited(self, name: str, allowed: int) -> list[Box]:
        if not allowed:
            return []
        return [{} if allowed == self.full[name] else {name: allowed}]


def _currencies(tests: Mapping[str, Sequence[UnaryTest]]) -> tuple[str, ...]:
    """The currencies that tests of the price or of its currency name."""
    values = [value for name in (BASE, CURRENCY) for test in tests.get(name, ()) for value in constants(test)]
    named = [value.currency if isinstance(value, Money) else str(value) for value in values]
    return tuple(dict.fromkeys(name for name in named if name in EXPONENTS))


def _mixed_currencies(atoms: Mapping[str, Atoms]) -> tuple[Box, ...]:
    """The cases in which the price is not in the currency of the price."""
    if BASE not in atoms or CURRENCY not in atoms:
        return ()
    known = dict.fromkeys(money.currency for money in atoms[BASE].values if money is not None)
    boxes = (_mixed(atoms[BASE], atoms[CURRENCY], currency) for currency in known)
    return tuple(box for box in boxes if all(box.values()))


def _mixed(base: Atoms, currency: Atoms, code: str) -> Box:
    return {
        BASE: base.where(lambda money: money is not None and money.currency == code),
        CURRENCY: currency.where(lambda value: value != code),
    }


def _as_json(atoms: Atoms, allowed: int) -> object:
    """One of the allowed values, the default before others and any before none, as JSON has it."""
    usual = atoms.where(lambda value: value is not None and value == atoms.fact.default) & allowed
    value = atoms.values[_lowest(usual or allowed)]
    if value is None or isinstance(value, int):
        return value
    return list(value) if isinstance(value, tuple) else atoms.fact.type.write(value)


def _lowest(bits: int) -> int:
    """The position of the lowest bit that is set."""
    return (bits & -bits).bit_length() - 1
