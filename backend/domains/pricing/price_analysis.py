"""What the rules of all stages do to a price together: the analysis of the engine, on the real price."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from backend.domains.pricing.entities import FLOOR, PERMISSIONS, STAGES, Case, Price
from backend.domains.pricing.price import price
from backend.engine.decision_table import zone_of
from backend.engine.findings import Finding
from backend.engine.hit_policies import SeveralRulesError
from backend.engine.pipeline_analysis import analyse_price
from backend.engine.pipeline_model import Pipeline
from backend.engine.pipeline_search import STEPS, Priced, PricedLine, Reprice
from backend.engine.rulebook import Rulebook
from backend.engine.vocabulary import FactError
from backend.kernel.money import Money, total


def price_findings(rulebook: Rulebook, *, on: date, steps: int = STEPS) -> tuple[Finding, ...]:
    """Cuts at the floor, negative prices and rules that price what is refused, from the day `on`.

    Coupons, deals, fees and taxes, which come after the stages of an item, are not looked at.
    """
    # A rulebook may be older than a stage.
    stages = tuple(stage for stage in STAGES if stage in rulebook.decisions)
    pipeline = Pipeline(stages, FLOOR, PERMISSIONS)
    return analyse_price(rulebook, pipeline, reprice=_reprice(rulebook), on=on, steps=steps)


def _reprice(rulebook: Rulebook) -> Reprice:
    def reprice(facts: Mapping[str, Any], day: date) -> Priced | None:
        given = dict(facts)
        case = Case(facts=given, label="", base=given.pop("base"), cost=given.pop("cost"))
        try:
            at = datetime.combine(day, time(12), tzinfo=zone_of(given))
            found = price(rulebook, case, at=at)
        except (SeveralRulesError, FactError):
            return None
        return None if found.refusals else _priced(found)

    return reprice


def _priced(found: Price) -> Priced:
    """The lines before the floor, with what each makes of the price, and what the floor made of it."""
    subtotal = Money.zero(found.total.currency)
    lines: list[PricedLine] = []
    for line in found.lines:
        if line.stage in STAGES:
            subtotal += line.amount
            rule = line.rule.id if line.rule else None
            lines.append(PricedLine(rule, line.amount, subtotal))
    floors = [line for line in found.lines if line.stage == FLOOR]
    floor_rule = next((line.rule.id for line in floors if line.rule), None)
    raised = total((line.amount for line in floors), subtotal.currency)
    return Priced(tuple(lines), subtotal + raised if floors else None, floor_rule)
