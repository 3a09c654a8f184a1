"""What the rules say of a bargain: whether there is one, by which strategy, and on which terms."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from backend.domains.pricing.draft import known_facts
from backend.engine.bargain_effects import Firmer, MostOff, Softer, Strategy
from backend.engine.decision import Decision
from backend.engine.effects import Refuse
from backend.engine.rulebook import Rulebook
from backend.negotiator.terms import LEAST_POWER, MOST_POWER, Terms

_SHARES: Final = ("zone", "patience", "jitter", "serious")
_POWERS: Final = ("curve", "firmness")
_HUNDRED: Final = Decimal(100)
_NOT_BARGAINED: Final = "This is not bargained over."


@dataclass(frozen=True, slots=True)
class Chosen:
    """It may be bargained over by `strategy`; `rule` says which rule decided, "" when staff chose it.

    Coupons come on top of the price agreed on only if it `combines_coupons`; whoever words the answers may
    move a counter-offer only if `words_may_propose`.
    """

    strategy: str
    combines_coupons: bool
    words_may_propose: bool
    rule: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not bargained over, for a `reason` that the customer may read."""

    reason: str
    rule: str


def strategy_of(
    rulebook: Rulebook, facts: Mapping[str, Any], at: datetime, chosen: str | None = None
) -> Chosen | Refused:
    """How something may be bargained over; `chosen` is the strategy that staff ask for.

    What a rule refuses, or no rule allows, is refused whatever was chosen.
    """
    decision = _decide(rulebook, "bargain", facts, at)
    for fired in () if decision is None else decision.fired:
        if isinstance(fired.effect, Refuse):
            return Refused(fired.effect.reason, fired.rule)
        if isinstance(fired.effect, Strategy):
            effect = fired.effect
            name, rule = (effect.name, fired.rule) if chosen is None else (chosen, "")
            return Chosen(name, effect.combines_coupons, effect.words_may_propose, rule)
    return Refused(_NOT_BARGAINED, "")


def terms_of(rulebook: Rulebook, facts: Mapping[str, Any], at: datetime) -> Terms:
    """The terms of the strategy that stands in `facts`, with what rules change of them.

    Of several rules with `most_off`, a later one changes what it names. `softer` and `firmer` add up by
    multiplication and never touch `most_off`: that is the most that is ever given away.
    """
    terms = Terms(strategy=str(facts["strategy"]))
    decision = _decide(rulebook, "bargain_terms", facts, at)
    for effect in () if decision is None else decision.outcome:
        match effect:
            case MostOff():
                terms = replace(terms, **_numbers(effect))
            case Softer():
                terms = _moved(terms, _share(effect.percent))
            case Firmer():
                terms = _moved(terms, -_share(effect.percent))
    return terms


def _decide(rulebook: Rulebook, name: str, facts: Mapping[str, Any], at: datetime) -> Decision | None:
    """The decision; None by a release of the time before there were bargains."""
    if name not in rulebook.decisions:
        return None
    return rulebook.decide(name, known_facts(dict(facts), rulebook.vocabulary), at=at)


def _numbers(effect: MostOff) -> dict[str, Any]:
    given = {name: getattr(effect, name) for name in (*_SHARES, *_POWERS)}
    numbers = {
        name: float(value) if name in _POWERS else _share(value)
        for name, value in given.items()
        if value is not None
    }
    return {"most_off": _share(effect.percent), **numbers}


def _share(percent: Decimal) -> float:
    return float(percent / _HUNDRED)


def _moved(terms: Terms, softer: float) -> Terms:
    """Terms that are softer by this share, or firmer where it is negative."""
    return replace(
        terms,
        zone=min(terms.zone * (1 + softer), 1.0),
        firmness=min(max(terms.firmness * (1 - softer), LEAST_POWER), MOST_POWER),
        patience=min(terms.patience * (1 - softer), 1.0),
    )
