"""Finds the cases of a price in which something happens: the fewest rules first, each case priced again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Final

import z3

from backend.engine.pipeline_facts import rational
from backend.engine.pipeline_model import Firing, PriceModel
from backend.engine.rules import Rule
from backend.kernel.money import Money

STEPS: Final = 30_000_000
"""How much work one rulebook may take, in the solver's own steps; some three million take a second."""

SECONDS: Final = 10
"""How long one question may take at most, whatever its steps."""

MOST_FOUND: Final = 5
_ROUND_PRICES: Final = (10_000, 1_000_000)
_SLACK: Final = 10


class UndecidedError(Exception):
    """The question took more steps than it may."""


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line of a price: the rule behind it, None for the list price, and what it makes of the price."""

    rule: str | None
    amount: Money
    subtotal: Money


@dataclass(frozen=True, slots=True)
class Priced:
    """What really pricing a case came to: its lines before the floor, the floor, and the rules that fired."""

    lines: tuple[PricedLine, ...]
    cut_to: Money | None
    floor_rule: str | None

    @property
    def is_negative(self) -> bool:
        """Whether the price is below nothing after some line."""
        return any(line.subtotal.minor < 0 for line in self.lines)

    @property
    def is_cut(self) -> bool:
        """Whether the floor had to raise a price that was not below nothing."""
        return self.cut_to is not None and not self.is_negative

    @property
    def rules(self) -> tuple[str, ...]:
        """The pricing rules that fired, in their order."""
        return tuple(line.rule for line in self.lines if line.rule is not None)


Reprice = Callable[[Mapping[str, Any], date], Priced | None]
"""Really prices facts (`base` and `cost` among them) at noon of a day; None when it is not sold."""


@dataclass(frozen=True, slots=True)
class Found:
    """A case that really does what was looked for. `rules` fire in it."""

    rules: tuple[Rule, ...]
    facts: Mapping[str, object]
    day: date | None
    priced: Priced


@dataclass(slots=True)
class Search:
    """Questions about one price, which share a budget of steps. `doubtful` counts what rounding undoes."""

    model: PriceModel
    reprice: Reprice
    steps: int = STEPS
    doubtful: int = 0
    solver: z3.Solver = field(init=False)

    def __post_init__(self) -> None:
        self.solver = z3.Solver()
        self.solver.set("random_seed", 1)
        self.solver.set("timeout", SECONDS * 1000)
        self.solver.add(*self.model.always)

    def find(self, what: z3.BoolRef, *, happens: Callable[[Priced], bool]) -> Iterator[Found]:
        """Cases in which it happens, no rules of one all among those of a later one. UndecidedError."""
        self.solver.push()
        self.solver.add(what)
        try:
            for _ in range(MOST_FOUND):
                rules = self._fewest()
                if rules is None:
                    return
                found = self._shown(rules, happens)
                if found is None:
                    self.doubtful += 1
                else:
                    yield found
                self.solver.add(z3.Not(z3.And([one.fires for one in rules])))
        finally:
            self.solver.pop()

    def is_possible(self, *what: z3.BoolRef) -> z3.ModelRef | None:
        """A model in which all of it holds, if there is one. UndecidedError."""
        self.solver.push()
        try:
            self.solver.add(*what)
            return self.solver.model() if self._check() else None
        finally:
            self.solver.pop()

    def fired(self, model: z3.ModelRef, firings: Sequence[Firing]) -> list[Firing]:
        """Those of the rules that count in a model."""
        return [one for one in firings if z3.is_true(model.eval(one.fires, model_completion=True))]

    def _check(self) -> bool:
        if self.steps <= 0:
            raise UndecidedError
        self.solver.set("rlimit", self.steps)
        before = self._used()
        answer = self.solver.check()
        self.steps -= max(1, self._used() - before)
        if answer == z3.unknown:
            raise UndecidedError
        return bool(answer == z3.sat)

    def _used(self) -> int:
        statistics = self.solver.statistics()
        return int(statistics.get_key_value("rlimit count")) if "rlimit count" in statistics.keys() else 0  # noqa: SIM118

    def _fewest(self) -> list[Firing] | None:
        """A combination of rules of which no smaller one does it; None when there is no case."""
        pricing = self.model.pricing
        model = self.is_possible()
        if model is None:
            return None
        rules = self.fired(model, pricing)
        while rules:
            fewer = z3.AtMost(*[one.fires for one in pricing], len(rules) - 1)
            model = self.is_possible(fewer)
            if model is None:
                break
            rules = self.fired(model, pricing)
        return rules

    def _shown(self, rules: Sequence[Firing], happens: Callable[[Priced], bool]) -> Found | None:
        """A case of the combination that really does it, a plain one if there is one."""
        ids = {id(one) for one in rules}
        exactly = [one.fires if id(one) in ids else z3.Not(one.fires) for one in self.model.pricing]
        wanted = tuple(one.rule.id for one in rules)
        for wishes in self._wishes():
            model = self.is_possible(*exactly, *wishes)
            if model is None:
                continue
            facts, day = self._case(model)
            priced = self.reprice(facts, day)
            if priced is not None and happens(priced) and set(priced.rules) == set(wanted):
                facts = self._plain(facts, day, priced)
                shown_day = day if self.model.is_dated else None
                return Found(tuple(one.rule for one in rules), facts, shown_day, priced)
        return None

    def _wishes(self) -> Iterator[Sequence[z3.BoolRef]]:
        """What makes a case easy to read, and clear of rounding; ever less of it."""
        model = self.model
        clear = z3.Or(model.price + _SLACK < model.floor, model.is_negative)
        for price in _ROUND_PRICES:
            yield (model.all_known, clear, model.is_dearest, model.list_price == price)
        yield (model.all_known, clear, model.is_dearest)
        yield (clear, model.list_price == _ROUND_PRICES[0])
        yield (clear,)
        yield (z3.IsInt(model.list_price), z3.IsInt(model.cost))

    def _case(self, model: z3.ModelRef) -> tuple[dict[str, object], date]:
        """The facts and the day of a model, amounts in whole minor units."""
        code = str(self.model.currency.value(model))
        facts = {name: fact.value(model) for name, fact in self.model.facts.items()}
        base, cost = (
            Money(_whole(rational(model, term)), code) for term in (self.model.list_price, self.model.cost)
        )
        return {**facts, "base": base, "cost": cost}, date.fromordinal(int(rational(model, self.model.day)))

    def _plain(self, facts: Mapping[str, object], day: date, priced: Priced) -> dict[str, object]:
        """The case without the facts that change nothing."""
        kept = dict(facts)
        for name in facts:
            if name in {"base", "cost"}:
                continue
            fewer = {other: value for other, value in kept.items() if other != name}
            if self.reprice(fewer, day) == priced:
                kept = fewer
        return kept


def _whole(amount: Fraction) -> int:
    """Down to whole minor units: less cost never makes a cut, so a case that remains is a real one."""
    return amount.numerator // amount.denominator
