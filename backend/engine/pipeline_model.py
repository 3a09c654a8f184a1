"""The whole price as formulas of z3: which rules fire in which case, and what they make of the price.

Amounts are exact rationals of minor units; the rounding of single lines is left out, and therefore every
case that is found is priced again before anybody is told of it.
"""

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

import z3

from backend.engine.atoms import Atoms, constants
from backend.engine.conditions import AllOf, Condition, FactTest, leaves
from backend.engine.decision_table import DecisionTable
from backend.engine.effects import (
    Effect,
    MinimumMargin,
    PriceEffect,
    Refuse,
)
from backend.engine.hit_policies import Best, First, Priority, Unique
from backend.engine.matcher_compiled import full_condition
from backend.engine.pipeline_effects import (
    cost_to_customer,
    is_plain,
    price_line,
    price_part,
    share_of,
    signed_percent,
)
from backend.engine.pipeline_facts import AmountFact, ChosenFact, FactVariable, NumberFact, share
from backend.engine.pipeline_relations import RELATED, relations
from backend.engine.premises import Premises
from backend.engine.rulebook import Rulebook
from backend.engine.rules import Rule
from backend.engine.unary_tests import UnaryTest
from backend.engine.values import MONEY, TEXT
from backend.engine.vocabulary import BASE, CURRENCY, Fact, Vocabulary
from backend.kernel.money import EXPONENTS, Money

COST: Final = "cost"
_HORIZON: Final = timedelta(days=400)
_LAST: Final = date(9000, 1, 1)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The decisions of a price: its stages in their order, the floor, what may refuse."""

    stages: tuple[str, ...]
    floor: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Firing:
    """When a rule of a decision counts."""

    decision: str
    rule: Rule
    fires: z3.BoolRef


@dataclass(frozen=True, slots=True)
class PriceModel:
    """A price in formulas. `always` holds in every case; amounts are in minor units.

    `subtotals` are the prices after each stage, `price` the last of them, `floor` the lowest price.
    """

    facts: Mapping[str, FactVariable]
    day: z3.ArithRef
    is_dated: bool
    currency: ChosenFact
    list_price: z3.ArithRef
    cost: z3.ArithRef
    cost_at_most: Decimal | None
    price: z3.ArithRef
    floor: z3.ArithRef
    subtotals: tuple[z3.ArithRef, ...]
    pricing: tuple[Firing, ...]
    refusing: tuple[Firing, ...]
    always: tuple[z3.BoolRef, ...]

    @property
    def is_cut(self) -> z3.BoolRef:
        """When the floor raises a price that is sold and not below nothing."""
        passes = [one.fires for one in self.pricing if _may_pass(one.rule.effect)]
        return z3.And(
            self.price < self.floor, self.price >= 0, z3.Not(z3.Or(passes)), z3.Not(self.is_refused)
        )

    @property
    def is_negative(self) -> z3.BoolRef:
        """When a price that is sold is below nothing after some stage."""
        return z3.And(z3.Or([subtotal < 0 for subtotal in self.subtotals]), z3.Not(self.is_refused))

    @property
    def is_refused(self) -> z3.BoolRef:
        """When a rule refuses to sell."""
        return z3.Or([one.fires for one in self.refusing])

    @property
    def is_dearest(self) -> z3.BoolRef:
        """When the product costs as much as is assumed at most."""
        if self.cost_at_most is None:
            return z3.BoolVal(val=True)
        return self.cost * 100 == self.list_price * share(self.cost_at_most)

    @property
    def all_known(self) -> z3.BoolRef:
        """When no fact is missing."""
        return z3.And([fact.known() for fact in self.facts.values()])


def _may_pass(effect: Effect) -> bool:
    return isinstance(effect, PriceEffect) and effect.may_go_below_floor


def price_model(rulebook: Rulebook, pipeline: Pipeline, *, on: date) -> PriceModel:
    """The price of the rulebook from the day `on`. TooComplexError for a test that cannot be told exactly."""
    names = (*pipeline.stages, pipeline.floor, *pipeline.permissions)
    tables = [rulebook.decisions[name] for name in names if name in rulebook.decisions]
    premises = rulebook.decisions[pipeline.floor].premises
    return _Builder.of(rulebook.vocabulary, tables, on, premises).model(rulebook, pipeline)


@dataclass(frozen=True, slots=True)
class _Builder:
    """A model in the making: `always` grows with each stage."""

    facts: Mapping[str, FactVariable]
    currency: ChosenFact
    day: z3.ArithRef
    is_dated: bool
    premises: Premises
    always: list[z3.BoolRef] = field(default_factory=list)

    @classmethod
    def of(
        cls, vocabulary: Vocabulary, tables: Sequence[DecisionTable], on: date, premises: Premises
    ) -> "_Builder":
        rules = [rule for table in tables for rule in table.rules]
        tests = _tests(rules)
        amounts = [low.currency for low in premises.list_price_at_least]
        currency = _currency(vocabulary, tests, amounts)
        facts: dict[str, FactVariable] = {
            name: _variable(vocabulary.facts[name], some, currency)
            for name, some in tests.items()
            if name not in {CURRENCY, BASE, COST}
        }
        facts[CURRENCY] = currency
        until = _horizon(rules, tests, on)
        day = z3.Int("day of the price")
        named = {number for test in tests.get("seats_total", ()) for number in constants(test)}
        found = cls(facts, currency, day, any(rule.is_dated for rule in rules), premises)
        found.always.extend([day >= on.toordinal(), day <= until.toordinal(), currency.known()])
        found.always.extend(
            [
                z3.And(fact.index >= 0, fact.index < len(fact.atoms.values))
                for fact in facts.values()
                if isinstance(fact, ChosenFact)
            ]
        )
        found.always.extend(relations(facts, day=day, on=on, until=until, places=named))
        return found

    def model(self, rulebook: Rulebook, pipeline: Pipeline) -> PriceModel:
        """All stages one after the other."""
        list_price, cost = z3.Real("list price"), z3.Real(COST)
        self._assume(list_price, cost)
        pricing: list[Firing] = []
        subtotals = [list_price]
        for stage in pipeline.stages:
            firings = self._firings(rulebook.decisions[stage], subtotals[-1], cost)
            pricing += firings
            subtotals.append(self._after(stage, firings, subtotals[-1]))
        price = subtotals[-1]
        floor = self._floor(self._firings(rulebook.decisions[pipeline.floor], price, cost), cost)
        asked = z3.If(price < floor, floor, price)
        permits = [self._firings(rulebook.decisions[name], asked, cost) for name in pipeline.permissions]
        return PriceModel(
            facts=self.facts,
            day=self.day,
            is_dated=self.is_dated,
            currency=self.currency,
            list_price=list_price,
            cost=cost,
            cost_at_most=self.premises.cost_at_most,
            price=price,
            floor=floor,
            subtotals=tuple(subtotals),
            pricing=tuple(pricing),
            refusing=tuple(one for some in permits for one in some if isinstance(one.rule.effect, Refuse)),
            always=tuple(self.always),
        )

    def _assume(self, list_price: z3.ArithRef, cost: z3.ArithRef) -> None:
        """What the premises say of every product."""
        self.always.extend([list_price >= 1, cost >= 0])
        if self.premises.cost_at_most is not None:
            self.always.append(cost * 100 <= list_price * share(self.premises.cost_at_most))
        for low in self.premises.list_price_at_least:
            here = self.currency.where(partial(operator.eq, low.currency))
            self.always.append(z3.Implies(here, list_price >= low.minor))

    def _firings(self, table: DecisionTable, base: z3.ArithRef, cost: z3.ArithRef) -> list[Firing]:
        """When each rule of a decision counts, whose fact `base` is this."""
        facts = {**self.facts, BASE: AmountFact(base, self.currency), COST: AmountFact(cost, self.currency)}
        holding = []
        for number, rule in enumerate(table.rules):
            holds = z3.Bool(f"{table.name} {number} {rule.id} holds")
            condition = holds_in(full_condition(rule.candidate), facts)
            self.always.append(holds == z3.And(condition, *self._effective(rule)))
            holding.append(holds)
        return [
            Firing(table.name, rule, fires)
            for rule, fires in zip(table.rules, self._chosen(table, holding, base), strict=True)
        ]

    def _effective(self, rule: Rule) -> Iterator[z3.BoolRef]:
        if rule.effective_from is not None:
            yield self.day >= rule.effective_from.toordinal()
        if rule.effective_until is not None:
            yield self.day < rule.effective_until.toordinal()

    def _chosen(
        self, table: DecisionTable, holding: Sequence[z3.BoolRef], base: z3.ArithRef
    ) -> Sequence[z3.BoolRef]:
        """Which of the rules that hold count, as the hit policy says."""
        match table.hit_policy:
            case Unique():
                self.always.extend([z3.AtMost(*holding, 1)] if len(holding) > 1 else [])
                return holding
            case First():
                return _first_of(holding, range(len(holding)))
            case Priority():
                order = sorted(range(len(holding)), key=lambda at: -(table.rules[at].priority or 0))
                return _first_of(holding, order)
            case Best() if is_plain(table.rules):
                # Percentages of a price that is not negative have one order, whatever the price.
                order = sorted(range(len(holding)), key=lambda at: signed_percent(table.rules[at].effect))
                return _first_of(holding, order)
            case Best():
                return self._best(table, holding, base)
        return holding

    def _best(
        self, table: DecisionTable, holding: Sequence[z3.BoolRef], base: z3.ArithRef
    ) -> Sequence[z3.BoolRef]:
        """The rule that costs the customer least; of equal ones the first."""
        best, least = z3.IntVal(-1), z3.RealVal(0)
        for number, rule in enumerate(table.rules):
            costs = cost_to_customer(rule.effect, base)
            wins = z3.And(holding[number], z3.Or(best < 0, costs < least))
            best_now, least_now = (
                z3.Int(f"{table.name} best {number}"),
                z3.Real(f"{table.name} least {number}"),
            )
            self.always.extend(
                [
                    best_now == z3.If(wins, number, best),
                    least_now == z3.If(wins, costs, least),
                ]
            )
            best, least = best_now, least_now
        return [best == number for number in range(len(holding))]

    def _after(self, stage: str, firings: Sequence[Firing], base: z3.ArithRef) -> z3.ArithRef:
        """The price after a stage that started from `base`."""
        if is_plain([one.rule for one in firings]):
            parts = [z3.If(one.fires, price_part(one.rule.effect, base), z3.RealVal(0)) for one in firings]
            return self._named(f"{stage} after all", base + z3.Sum(parts) if parts else base)
        subtotal = base
        for number, one in enumerate(firings):
            if isinstance(one.rule.effect, PriceEffect):
                after = z3.Real(f"{stage} after {number}")
                line = price_line(one.rule.effect, base, subtotal)
                self.always.append(after == z3.If(one.fires, subtotal + line, subtotal))
                subtotal = after
        return subtotal

    def _named(self, name: str, term: z3.ArithRef) -> z3.ArithRef:
        named = z3.Real(name)
        self.always.append(named == term)
        return named

    def _floor(self, firings: Iterable[Firing], cost: z3.ArithRef) -> z3.ArithRef:
        floor = cost
        for one in firings:
            if isinstance(one.rule.effect, MinimumMargin):
                kept = cost + share_of(one.rule.effect.amount, cost)
                floor = z3.If(z3.And(one.fires, kept > floor), kept, floor)
        return floor


def holds_in(condition: Condition, facts: Mapping[str, FactVariable]) -> z3.BoolRef:
    """When a condition holds."""
    if isinstance(condition, FactTest):
        return facts[condition.fact].holds(condition.unary)
    parts = [holds_in(part, facts) for part in condition.parts]
    return z3.And(parts) if isinstance(condition, AllOf) else z3.Or(parts)


def _first_of(holding: Sequence[z3.BoolRef], order: Iterable[int]) -> list[z3.BoolRef]:
    """Each holds and none before it in the order does."""
    chosen: dict[int, z3.BoolRef] = {}
    before: z3.BoolRef = z3.BoolVal(val=False)
    for at in order:
        chosen[at] = z3.And(holding[at], z3.Not(before))
        before = z3.Or(before, holding[at])
    return [chosen[at] for at in range(len(holding))]


def _tests(rules: Iterable[Rule]) -> dict[str, list[UnaryTest]]:
    tests: dict[str, list[UnaryTest]] = {}
    for rule in rules:
        for leaf in leaves(full_condition(rule.candidate)):
            tests.setdefault(leaf.fact, []).append(leaf.unary)
    return tests


def _variable(fact: Fact, tests: Sequence[UnaryTest], currency: ChosenFact) -> FactVariable:
    if fact.type is MONEY:
        return AmountFact(z3.Real(fact.name), currency)
    if RELATED.get(fact.name) == fact.type.name:
        return NumberFact.of(fact)
    return ChosenFact(Atoms.of(fact, dict.fromkeys(tests)), z3.Int(fact.name))


def _currency(
    vocabulary: Vocabulary, tests: Mapping[str, Sequence[UnaryTest]], also: Iterable[str]
) -> ChosenFact:
    """The currency of the price: one that is named, or another; never missing, and always a real one."""
    named = [value for some in tests.values() for test in some for value in constants(test)]
    codes = [value.currency for value in named if isinstance(value, Money)]
    fact = vocabulary.facts.get(CURRENCY, Fact(CURRENCY, TEXT))
    atoms = Atoms.of(fact, dict.fromkeys(tests.get(CURRENCY, ())), also=(*codes, *also))
    real = tuple(value if value in EXPONENTS else None for value in atoms.values)
    return ChosenFact(Atoms(fact, real), z3.Int(CURRENCY))


def _horizon(rules: Iterable[Rule], tests: Mapping[str, Sequence[UnaryTest]], on: date) -> date:
    """The last day that is looked at: some time after everything that rules name."""
    named: list[date] = [value for test in tests.get("start_date", ()) for value in constants(test)]
    changes = [day for rule in rules for day in (rule.effective_from, rule.effective_until) if day]
    return min(max([on, *named, *changes]), _LAST) + _HORIZON
