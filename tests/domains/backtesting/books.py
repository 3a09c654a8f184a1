"""Small rulebooks and records to back-test."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.config import ROOT
from backend.domains.backtesting.outcomes import Record
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import folder_sources, read_sources
from backend.kernel.money import Money
from tests.conftest import NOW

SHIPPED = folder_sources(ROOT / "rules")
CHEAP_SUNDAYS = """
decision: peak_hours
owner: tests
about: Sundays are cheap, evenings dear, Saturdays closed to nobody.
applies_to: {kind: [slot]}
hit_policy: collect
rules:
  - {id: sunday, about: Sundays., when: {weekday: sun}, then: {discount: 60%}}
  - {id: evening, about: Evenings., when: {start_time: ">= 18:00"}, then: {surcharge: 30%}}
"""
CLOSED_SATURDAYS = """
decision: availability
owner: tests
about: Closed on Saturdays.
hit_policy: collect
rules:
  - {id: saturday, about: Closed., when: {weekday: sat}, then: {refuse: Closed on Saturdays.}}
"""


def book(**files: str) -> Rulebook:
    """The shipped vocabulary with other files."""
    texts = {f"rules/{name}.yaml": text for name, text in files.items()}
    return read_sources({"rules/vocabulary.yaml": SHIPPED["rules/vocabulary.yaml"], **texts})


def draft() -> Rulebook:
    """Rules that make some dearer, some cheaper, and refuse some."""
    return book(peak=CHEAP_SUNDAYS, availability=CLOSED_SATURDAYS)


def record(number: int = 0, *, base: str = "100.00 EUR", paid: Money | None = None, **changes: Any) -> Record:
    """A record of a slot on a Monday morning unless told otherwise."""
    accepted = changes.pop("accepted", False)
    cost = changes.pop("cost", None)
    facts = {"kind": "slot", "weekday": "mon", "start_time": "10:00", **changes}
    case = {"label": "Advice", "base": base, "cost": cost, "facts": facts}
    at = NOW + timedelta(minutes=number)
    return Record(id=f"quo_{number:05}", at=at, case=case, accepted=accepted, paid=paid)


def euros(amount: str) -> Money:
    """An amount of EUR."""
    return Money.of(Decimal(amount), "EUR")


def instant(text: str) -> datetime:
    """An aware instant."""
    return datetime.fromisoformat(text)
