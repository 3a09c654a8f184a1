"""The sentences of what several decisions do together: which rules, step by step, and what to do."""

from collections.abc import Sequence

from backend.engine.nodes import where
from backend.engine.pipeline_search import Found, Priced
from backend.engine.premises import Intended
from backend.engine.rules import Rule


def cut(found: Found, floor_rule: Rule | None) -> str:
    """Of a combination that the floor has to cut."""
    margin = f" of '{floor_rule.id}' ({where(floor_rule.file, floor_rule.line)})" if floor_rule else ""
    return (
        f"{_together(found.rules)} bring the price below the floor{margin}: {steps(found.priced)}, "
        f"and the floor is {found.priced.cut_to}. Make one smaller, let one not hold with the others, or "
        "name them under 'intended' beside the floor."
    )


def negative(found: Found) -> str:
    """Of a combination that makes a price negative."""
    return (
        f"{_together(found.rules)} bring the price below nothing: {steps(found.priced)}. Take off less, or "
        "hold for higher prices only (base), or say 'list_price_at_least' beside the floor."
    )


def refused(rule: Rule, refusing: Sequence[Rule]) -> str:
    """Of a pricing rule that holds only where a rule refuses to sell."""
    each = "" if len(refusing) == 1 else "one of "
    return (
        f"rule '{rule.id}' prices only what is not sold: wherever it holds, {each}{_named(refusing)} "
        "refuses. Change one of them, or delete it."
    )


def stale(mark: Intended) -> str:
    """Of a mark that no case needs."""
    return (
        f"the intended combination {', '.join(mark.rules)} never passes the floor, so the mark says nothing. "
        "Delete it, or correct its names."
    )


def unstated() -> str:
    """Of a floor without an assumption about cost."""
    return (
        "whether discounts can together pass the floor is not looked at: say how much products cost at most, "
        "such as 'assumes: {cost_at_most: 50%}', beside the floor's rules."
    )


def undecided(question: str) -> str:
    """Of a question that took too long."""
    return f"it could not be decided in time whether {question}. Use fewer rules, or narrower ones."


def steps(priced: Priced) -> str:
    """`100.00 EUR, 'a' -5.00 EUR = 95.00 EUR, …`."""
    first, *others = priced.lines
    told = [f"'{line.rule}' {line.amount} = {line.subtotal}" for line in others]
    return ", ".join([str(first.subtotal), *told])


def _together(rules: Sequence[Rule]) -> str:
    if not rules:
        return "list price and cost alone"
    return f"rule{'s' if len(rules) > 1 else ''} {_named(rules)}{' together' if len(rules) > 1 else ''}"


def _named(rules: Sequence[Rule]) -> str:
    """Every rule with its place: a combination is only understood whole."""
    named = [f"'{rule.id}' ({where(rule.file, rule.line)})" for rule in rules]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
