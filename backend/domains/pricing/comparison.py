"""Two prices of the same case, side by side: today's rules and a draft's. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.domains.pricing.entities import LINE_STAGES, PERMISSIONS, Case, Line, Price, Refusal, RuleRef
from backend.engine.decision import NearMiss
from backend.engine.diff_words import effect_text
from backend.engine.rulebook import Rulebook
from backend.kernel.money import Money

_ORDER: Final = {stage: place for place, stage in enumerate(LINE_STAGES)}
_PRICING: Final = frozenset((*LINE_STAGES, *PERMISSIONS))


@dataclass(frozen=True, slots=True)
class LineComparison:
    """One line of a price under today's rules and under the draft; at least one of them has it."""

    today: Line | None
    draft: Line | None

    @property
    def stage(self) -> str:
        """The stage of the price that the line belongs to."""
        return self._newest.stage

    @property
    def label(self) -> str:
        """What the customer reads, under the draft if it has the line."""
        return self._newest.label

    @property
    def rule(self) -> RuleRef | None:
        """The rule behind the line; None for the list price."""
        return self._newest.rule

    @property
    def difference(self) -> Money:
        """By how much the draft's line is higher; a line that is not there counts as zero."""
        zero = Money.zero(self._newest.amount.currency)
        return (self.draft.amount if self.draft else zero) - (self.today.amount if self.today else zero)

    @property
    def differs(self) -> bool:
        """Whether the customer would see another line: amount, words, or none at all."""
        if self.today is None or self.draft is None:
            return True
        return (self.today.amount, self.today.label) != (self.draft.amount, self.draft.label)

    @property
    def _newest(self) -> Line:
        line = self.draft or self.today
        assert line is not None  # noqa: S101 (one of them is there)
        return line


@dataclass(frozen=True, slots=True)
class PriceComparison:
    """Two prices of one case; what stands on one side only is listed as gone (today) or new (draft)."""

    today: Price
    draft: Price
    lines: tuple[LineComparison, ...]

    @property
    def difference(self) -> Money:
        """By how much the draft is dearer; the sum of the lines' differences."""
        return self.draft.total - self.today.total

    @property
    def changed(self) -> tuple[LineComparison, ...]:
        """The lines that differ."""
        return tuple(line for line in self.lines if line.differs)

    @property
    def is_same(self) -> bool:
        """Whether the customer would see the same: lines, refusals, and whether approval is needed."""
        return (
            not self.changed
            and _reasons(self.today) == _reasons(self.draft)
            and self.today.requires_approval == self.draft.requires_approval
        )

    @property
    def refusals_gone(self) -> tuple[Refusal, ...]:
        """What is refused today and would be no more."""
        return _refusals_without(self.today, self.draft)

    @property
    def refusals_new(self) -> tuple[Refusal, ...]:
        """What the draft would refuse."""
        return _refusals_without(self.draft, self.today)

    @property
    def near_misses_gone(self) -> tuple[NearMiss, ...]:
        """The tests by which rules fail today only."""
        return _without(self.today.near_misses, self.draft.near_misses)

    @property
    def near_misses_new(self) -> tuple[NearMiss, ...]:
        """The tests by which rules fail under the draft only."""
        return _without(self.draft.near_misses, self.today.near_misses)


@dataclass(frozen=True, slots=True)
class DecisionComparison:
    """The rules that fire in a decision beside the price, by id and with their effects in words."""

    decision: str
    today: tuple[str, ...]
    draft: tuple[str, ...]


def compare_prices(today: Price, draft: Price) -> PriceComparison:
    """The two side by side: lines of the same rule (of the same stage, for those of none) stand together."""
    waiting: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for line in draft.lines:
        waiting[_identity(line)].append(line)
    pairs = [LineComparison(line, _next(waiting, line)) for line in today.lines]
    pairs += [LineComparison(None, line) for lines in waiting.values() for line in lines]
    return PriceComparison(today, draft, tuple(sorted(pairs, key=lambda pair: _ORDER.get(pair.stage, 0))))


def compare_decisions(
    today: Rulebook, draft: Rulebook, case: Case, *, at: datetime
) -> tuple[DecisionComparison, ...]:
    """The decisions beside the price (such as cancellation) in which other rules fire or do other things."""
    names = [name for name in {**today.decisions, **draft.decisions} if name not in _PRICING]
    both = (
        DecisionComparison(name, _fired(today, name, case, at), _fired(draft, name, case, at))
        for name in names
    )
    return tuple(one for one in both if one.today != one.draft)


def _fired(rulebook: Rulebook, decision: str, case: Case, at: datetime) -> tuple[str, ...]:
    if decision not in rulebook.decisions or not rulebook.decisions[decision].rules:
        return ()
    known = rulebook.vocabulary.facts
    facts = {name: value for name, value in case.facts.items() if name in known}
    decided = rulebook.decide(decision, {**facts, "base": case.base, "cost": case.cost}, at=at)
    return tuple(f"{fired.rule} ({effect_text(fired.effect)})" for fired in decided.fired)


def _identity(line: Line) -> tuple[object, ...]:
    # Neither the file nor its line: a rule that was moved is the same rule.
    return (line.stage,) if line.rule is None else (line.stage, line.rule.decision, line.rule.id)


def _next(waiting: dict[tuple[object, ...], list[Line]], line: Line) -> Line | None:
    same = waiting[_identity(line)]
    return same.pop(0) if same else None


def _reasons(price: Price) -> frozenset[tuple[str, str, str]]:
    return frozenset((refusal.rule.decision, refusal.rule.id, refusal.reason) for refusal in price.refusals)


def _refusals_without(price: Price, other: Price) -> tuple[Refusal, ...]:
    known = _reasons(other)
    return tuple(r for r in price.refusals if (r.rule.decision, r.rule.id, r.reason) not in known)


def _without(misses: Iterable[NearMiss], others: Sequence[NearMiss]) -> tuple[NearMiss, ...]:
    return tuple(miss for miss in misses if miss not in others)
