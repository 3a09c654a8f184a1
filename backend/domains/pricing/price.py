"""The pricing function: facts in, explained lines out. Pure; every price of the product comes from here.

The stages follow one another in the order of `STAGES`. Percentages of one stage are of what the stage
started from, so rules of one stage add up and stages compound.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.engine.decision import Decision, Fired, NearMiss, price_lines
from backend.engine.effects import MinimumMargin, PriceEffect, Refuse, Require
from backend.engine.rulebook import Rulebook
from backend.engine.vocabulary import Vocabulary
from backend.kernel.money import Money, total

BASE: Final = "base"
FLOOR: Final = "floor"
STAGES: Final = (BASE, "experience", "peak_hours", "occupancy", "group_discount")
VALIDATION: Final = "validation"
PERMISSIONS: Final = ("availability", VALIDATION)


@dataclass(frozen=True, slots=True)
class RuleRef:
    """Where a rule stands."""

    decision: str
    id: str
    file: str
    line: int

    @classmethod
    def of(cls, decision: str, fired: Fired) -> "RuleRef":
        """The place of a rule that fired."""
        return cls(decision, fired.rule, fired.file, fired.line)


@dataclass(frozen=True, slots=True)
class Line:
    """One signed amount of a price: which stage, what the customer reads, and the rule behind it."""

    stage: str
    label: str
    amount: Money
    rule: RuleRef | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it is not sold, in words for the customer, and the rule that says so."""

    reason: str
    rule: RuleRef


@dataclass(frozen=True, slots=True)
class Price:
    """What something costs and why. The lines always sum exactly to the total."""

    lines: tuple[Line, ...]
    total: Money
    near_misses: tuple[NearMiss, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    requires_approval: bool = False
    below_floor_by: RuleRef | None = None

    @property
    def reasons(self) -> list[str]:
        """What rules did to the price, in words for the customer."""
        return [line.label for line in self.lines if line.rule is not None]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to price: its facts, what it is called, its list price and what it costs us.

    `base` is the price of the whole case (all persons of the party); without `cost` there is no
    floor but zero.
    """

    facts: Mapping[str, Any]
    label: str
    base: Money
    cost: Money | None = None


def price(rulebook: Rulebook, case: Case, *, at: datetime) -> Price:
    """The price of one case at the instant `at`, with the rules that nearly fired."""
    return price_many(rulebook, [case], at=at, explain=True)[0]


def price_many(
    rulebook: Rulebook, cases: Sequence[Case], *, at: datetime, explain: bool = False
) -> list[Price]:
    """The prices of many cases in one pass of the engine for each stage."""
    drafts = [_Draft(case, rulebook.vocabulary) for case in cases]

    def decide(decision: str, *, explained: bool) -> Iterable[tuple[_Draft, Decision]]:
        facts = [draft.facts for draft in drafts]
        decisions = rulebook.decide_many(decision, facts, at=at, explain=explained)
        return zip(drafts, decisions, strict=True)

    for stage in STAGES:
        for draft, decision in decide(stage, explained=explain):
            draft.apply(stage, decision)
    for draft, decision in decide(FLOOR, explained=False):
        draft.keep_floor(decision)
    for permission in PERMISSIONS:
        for draft, decision in decide(permission, explained=explain):
            draft.permit(decision)
    return [draft.price() for draft in drafts]


class _Draft:
    """A price in the making. `facts` are those of its next stage: their `base` is where it starts from."""

    def __init__(self, case: Case, vocabulary: Vocabulary) -> None:
        self.case = case
        self.facts = vocabulary.checked({**case.facts, "base": case.base, "cost": case.cost})
        self.lines: list[Line] = [Line(BASE, case.label, case.base)]
        self.subtotal = case.base
        self.near_misses: list[NearMiss] = []
        self.refusals: list[Refusal] = []
        self.requires_approval = False
        self.may_pass_floor: RuleRef | None = None
        self.below_floor_by: RuleRef | None = None

    def apply(self, stage: str, decision: Decision) -> None:
        for fired, amount in price_lines(decision, self.subtotal):
            rule = RuleRef.of(decision.decision, fired)
            self.lines.append(Line(stage, fired.label, amount, rule))
            if isinstance(fired.effect, PriceEffect) and fired.effect.may_go_below_floor:
                self.may_pass_floor = rule
        if decision.fired:
            self._come_to(total((line.amount for line in self.lines), self.subtotal.currency))
        self.near_misses.extend(decision.near_misses)

    def _come_to(self, subtotal: Money) -> None:
        self.subtotal = subtotal
        self.facts = self.facts.replace(base=subtotal)

    def keep_floor(self, decision: Decision) -> None:
        """Raise the price to the floor, unless a rule that fired may pass it; then say which."""
        floor, fired = self._floor(decision)
        if self.subtotal >= floor:
            return
        if self.may_pass_floor is not None and self.subtotal.minor >= 0:
            self.below_floor_by = self.may_pass_floor
            return
        rule = RuleRef.of(FLOOR, fired) if fired else None
        label = fired.label if fired else "The lowest price."
        self.lines.append(Line(FLOOR, label, floor - self.subtotal, rule))
        self._come_to(floor)

    def _floor(self, decision: Decision) -> tuple[Money, Fired | None]:
        zero = Money.zero(self.subtotal.currency)
        if self.case.cost is None:
            return zero, None
        floors = [(self.case.cost, None), *_margins(decision, self.case.cost)]
        return max(floors, key=lambda pair: pair[0].minor)

    def permit(self, decision: Decision) -> None:
        self.refusals.extend(refusals_of(decision))
        self.requires_approval = self.requires_approval or asks_approval(decision)
        self.near_misses.extend(decision.near_misses)

    def price(self) -> Price:
        return Price(
            lines=tuple(self.lines),
            total=self.subtotal,
            near_misses=tuple(self.near_misses),
            refusals=tuple(self.refusals),
            requires_approval=self.requires_approval,
            below_floor_by=self.below_floor_by,
        )


def refusals_of(decision: Decision) -> list[Refusal]:
    """Why rules of a permission refuse."""
    return [
        Refusal(fired.effect.reason, RuleRef.of(decision.decision, fired))
        for fired in decision.fired
        if isinstance(fired.effect, Refuse)
    ]


def asks_approval(decision: Decision) -> bool:
    """Whether a rule of a permission wants the provider's approval."""
    return any(isinstance(fired.effect, Require) and fired.effect.approval for fired in decision.fired)


def _margins(decision: Decision, cost: Money) -> Iterable[tuple[Money, Fired]]:
    for fired in decision.fired:
        if isinstance(fired.effect, MinimumMargin):
            yield fired.effect.floor(cost), fired
