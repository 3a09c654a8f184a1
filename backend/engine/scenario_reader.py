"""Reads the scenarios of a decision."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Final

from backend.engine.decision_table import zone_of
from backend.engine.nodes import ListNode, MapNode, Node
from backend.engine.problems import Report
from backend.engine.scenarios import Scenario
from backend.engine.values import DATE, LIST, MONEY
from backend.engine.vocabulary import Fact, Vocabulary, suggest
from backend.kernel.money import Money

# A day for scenarios of undated rules, where it makes no difference.
_ANY_DAY: Final = date(2026, 1, 1)


def read_scenario(
    node: Node, *, rules: Sequence[str], is_dated: bool, vocabulary: Vocabulary, report: Report
) -> Scenario | None:
    """The scenario, or None with every mistake in it noted. `rules` are the ids it may name."""
    parts = report.fields(node, what="a scenario", required=("name", "given", "expect"), optional=("at",))
    if parts is None or not {"name", "given", "expect"} <= parts.keys():
        return None
    if is_dated and "at" not in parts:
        report.add(node, "rules here have effective dates, so a scenario says its day: 'at: 2026-06-01'")
    given = _read_given(parts["given"], vocabulary, report)
    expect = report.fields(
        parts["expect"], what="'expect'", required=("fired",), optional=("nearly", "price")
    )
    if expect is None:
        return None
    price = report.value(expect.get("price"), MONEY.parse)
    if price is not None and not isinstance(given.get("base"), Money):
        report.add(expect["price"], "a price is worked out from 'base'; give 'base' an amount under 'given'")
    return Scenario(
        name=report.text(parts["name"], what="'name'"),
        file=report.file,
        expected_at=parts["expect"],
        given=given,
        at=_noon(report.value(parts.get("at"), DATE.parse) or _ANY_DAY, given),
        fired=_read_rules(expect.get("fired"), rules, report),
        nearly=_read_rules(expect.get("nearly"), rules, report),
        price=price,
    )


def _noon(day: date, given: Mapping[str, object]) -> datetime:
    """The middle of the local day, which is what effective dates are compared with."""
    return datetime.combine(day, time(12), tzinfo=zone_of(given))


def _read_rules(node: Node | None, rules: Sequence[str], report: Report) -> tuple[str, ...]:
    names = report.texts(node, what="a list of rules")
    for name in names:
        if name.text not in rules:
            report.add(
                name, f"'{name.text}' is not a rule of this decision.{suggest(name.text, tuple(rules))}"
            )
    return tuple(name.text for name in names)


def _read_given(node: Node, vocabulary: Vocabulary, report: Report) -> dict[str, object]:
    if not isinstance(node, MapNode):
        report.add(node, "'given' is a block of 'fact: value' lines")
        return {}
    given: dict[str, object] = {}
    for key, value in node.entries:
        fact = vocabulary.facts.get(key.text)
        if fact is None:
            report.add(key, f"'{key.text}' is not a known fact.{suggest(key.text, vocabulary.facts)}")
            continue
        found = _read_value(fact, value, report)
        if found is not None:
            given[key.text] = found
    return vocabulary.with_currency(given)


def _read_value(fact: Fact, node: Node, report: Report) -> object | None:
    if fact.type is LIST and isinstance(node, ListNode):
        items = [report.value(item, fact.parse_item) for item in node.items]
        return tuple(item for item in items if item is not None)
    return report.value(node, fact.parse)
