"""Cases of the past, priced under two rulebooks. Pure: `pricing.price` does the pricing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from backend.domains.pricing.entities import FLOOR, Case, Price, RuleRef
from backend.domains.pricing.price import price_many
from backend.domains.pricing.records import read_case
from backend.engine.rulebook import Rulebook
from backend.kernel.errors import ClimbUpError, InvalidError
from backend.kernel.money import CurrencyError, Money

UNKNOWN: Final = "(not known)"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that was priced: `case` has the shape of `pricing.records.case_document`.

    `accepted` says whether it was bought, `paid` what was really paid for it; None when nobody knows.
    """

    id: str
    at: datetime
    case: Mapping[str, Any]
    accepted: bool = False
    paid: Money | None = None


class Stored(Protocol):
    """A record as it comes out of a store, not yet read."""

    def record(self) -> Record:
        """The record; BadRowError when it cannot be read."""
        ...


class BadRowError(InvalidError):
    """A row that cannot be read; `line` is its number in the file."""

    def __init__(self, detail: str, *, line: int) -> None:
        super().__init__(detail)
        self.line = line


class UnpricedError(InvalidError):
    """A case that one of the rulebooks cannot price."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What one rule did to a price before and after; None where it did not fire."""

    rule: str
    before: Money | None
    after: Money | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A record with its prices before (the rules to compare with) and after (the draft)."""

    record: Record
    cost: Money | None
    segments: tuple[tuple[str, str], ...]
    before: Price
    after: Price

    def rule_changes(self) -> tuple[RuleChange, ...]:
        """The rules that did something else after than before, in the order of the price lines."""
        before, after = _amounts(self.before), _amounts(self.after)
        names = dict.fromkeys([*before, *after])
        return tuple(
            RuleChange(name, before.get(name), after.get(name))
            for name in names
            if before.get(name) != after.get(name)
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Prices records under two rulebooks; `by` names the facts whose values make the segments."""

    before: Rulebook
    after: Rulebook
    by: tuple[str, ...]

    def outcome(self, record: Record) -> Outcome:
        """The record's prices. UnpricedError when a rulebook does not know a fact, or contradicts itself."""
        case = _read(record, self.before, "the rules before")
        same = self.after.vocabulary.facts == self.before.vocabulary.facts
        draft_case = case if same else _read(record, self.after, "the draft")
        return Outcome(
            record=record,
            cost=case.cost,
            segments=tuple((fact, self._value(fact, case)) for fact in self.by),
            before=_priced(case, self.before, record.at, "the rules before"),
            after=_priced(draft_case, self.after, record.at, "the draft"),
        )

    def _value(self, fact: str, case: Case) -> str:
        """The value of a fact as staff write it."""
        value = case.facts.get(fact)
        if value is None:
            value = self.before.vocabulary.defaults.get(fact)
        return UNKNOWN if value is None else self.before.vocabulary.facts[fact].type.write(value)


def is_raised_to_floor(price: Price) -> bool:
    """Whether the floor raised it."""
    return any(line.stage == FLOOR for line in price.lines)


def _read(record: Record, rulebook: Rulebook, whose: str) -> Case:
    try:
        return read_case(record.case, rulebook.vocabulary)
    except (ClimbUpError, CurrencyError) as error:
        raise UnpricedError(f"{whose}: {error}") from None


def _priced(case: Case, rulebook: Rulebook, at: datetime, whose: str) -> Price:
    try:
        return price_many(rulebook, [case], at=at)[0]
    except (ClimbUpError, CurrencyError) as error:
        raise UnpricedError(f"{whose}: {error}") from None


def _amounts(price: Price) -> dict[str, Money]:
    """What each rule did, by its name; a refusal counts as nothing gained."""
    found: dict[str, Money] = {}
    for line in price.lines:
        if line.rule is not None:
            found[_name(line.rule)] = line.amount
    for refusal in price.refusals:
        found[_name(refusal.rule)] = Money.zero(price.total.currency)
    return found


def _name(rule: RuleRef) -> str:
    return f"{rule.decision} / {rule.id}"


def known_facts(by: Sequence[str], rulebook: Rulebook) -> tuple[str, ...]:
    """`by` without repeats; InvalidError names a fact that the vocabulary does not know."""
    unknown = [name for name in by if name not in rulebook.vocabulary.facts]
    if unknown:
        raise InvalidError(
            f"{', '.join(map(repr, unknown))}: not a fact of the vocabulary; segments are values of facts."
        )
    return tuple(dict.fromkeys(by))
