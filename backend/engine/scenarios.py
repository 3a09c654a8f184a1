"""Scenarios: the staff's own tests, kept in the rule files. A rulebook with a failing one is not served."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from backend.engine.decision import Decision, price_lines
from backend.engine.nodes import Node
from backend.kernel.money import Money, total


@dataclass(frozen=True, slots=True)
class Scenario:
    """A case and what must come of it: `fired` in order, and where given, `price` and `nearly`.

    `expected_at` is the place of `expect` in `file`, where a failure is reported.
    """

    name: str
    file: str
    expected_at: Node
    given: Mapping[str, object]
    at: datetime
    fired: tuple[str, ...]
    nearly: tuple[str, ...] = ()
    price: Money | None = None

    def failure(self, decision: Decision) -> str | None:
        """What is wrong with the decision on the given facts, in a sentence; None when it is as expected."""
        got = tuple(fired.rule for fired in decision.fired)
        if got != self.fired:
            return (
                f"scenario '{self.name}': fired {_names(got)}, not {_names(self.fired)}."
                f"{_why_not(decision, self.fired)}"
            )
        missed = [rule for rule in self.nearly if rule not in {miss.rule for miss in decision.near_misses}]
        if missed:
            return f"scenario '{self.name}': {_names(tuple(missed))} did not fail by exactly one test"
        return self._price_failure(decision)

    def _price_failure(self, decision: Decision) -> str | None:
        base = self.given.get("base")
        if self.price is None or not isinstance(base, Money):
            return None
        lines = price_lines(decision, base)
        price = base + total((amount for _, amount in lines), base.currency)
        if price == self.price:
            return None
        steps = "".join(f", {fired.rule} {amount}" for fired, amount in lines)
        return f"scenario '{self.name}': the price is {price}, not {self.price} (base {base}{steps})"


def _names(rules: tuple[str, ...]) -> str:
    return ", ".join(f"'{rule}'" for rule in rules) or "no rule"


def _why_not(decision: Decision, wanted: tuple[str, ...]) -> str:
    return "".join(
        f" '{miss.rule}' wants {miss.fact} {miss.wanted}, and it is {_shown(miss.got)}."
        for miss in decision.near_misses
        if miss.rule in wanted
    )


def _shown(value: object) -> str:
    return "missing" if value is None else str(value)
