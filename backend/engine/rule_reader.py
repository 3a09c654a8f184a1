"""Reads one rule: its `when`, its `then`, its effective dates."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from backend.engine.condition_reader import read_condition
from backend.engine.conditions import AllOf, Condition, FactTest
from backend.engine.effect_registry import EFFECTS
from backend.engine.effects import Effect
from backend.engine.nodes import MapNode, Node, Scalar
from backend.engine.problems import Report
from backend.engine.rules import Rule
from backend.engine.unary_tests import Equals
from backend.engine.values import DATE, ENUM, INTEGER
from backend.engine.vocabulary import CURRENCY, DecisionSpec, Vocabulary, suggest

_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def read_rule(
    node: Node,
    *,
    spec: DecisionSpec,
    applies_to: Mapping[str, frozenset[str]],
    vocabulary: Vocabulary,
    report: Report,
) -> Rule | None:
    """The rule, or None with every mistake in it noted."""
    parts = report.fields(
        node,
        what="a rule",
        required=("id", "about", "when", "then"),
        optional=("from", "until", "priority"),
    )
    if parts is None or not {"id", "when", "then"} <= parts.keys():
        return None
    rule_id = _read_id(parts["id"], report)
    condition = read_condition(parts["when"], vocabulary=vocabulary, report=report)
    effect = read_effect(parts["then"], spec=spec, report=report)
    start, end = _read_dates(parts, report)
    priority = report.value(parts.get("priority"), INTEGER.parse)
    about = report.text(parts.get("about"), what="'about'")
    if condition is None or effect is None:
        return None
    return Rule(
        id=rule_id,
        file=report.file,
        place=node,
        about=about,
        condition=_in_currency_of(effect, condition, vocabulary),
        effect=effect,
        applies_to=applies_to,
        effective_from=start,
        effective_until=end,
        priority=priority,
    )


def read_applies_to(
    node: Node | None, *, vocabulary: Vocabulary, report: Report
) -> Mapping[str, frozenset[str]]:
    """The discriminators: for each enum fact, the values for which the rules are looked at."""
    if node is None:
        return {}
    if not isinstance(node, MapNode):
        report.add(node, "'applies_to' is a block such as {kind: [slot]}")
        return {}
    applies: dict[str, frozenset[str]] = {}
    for key, value in node.entries:
        fact = vocabulary.facts.get(key.text)
        if fact is None or fact.type is not ENUM:
            enums = {name: known for name, known in vocabulary.facts.items() if known.type is ENUM}
            report.add(key, f"'{key.text}' is not a fact of type enum.{suggest(key.text, enums)}")
            continue
        texts = report.texts(value, what=f"'{key.text}'")
        values = [report.value(text, fact.parse) for text in texts]
        applies[key.text] = frozenset(str(value) for value in values if value is not None)
        if not texts:
            report.add(key, f"'{key.text}' names no value, so no rule could ever fire")
    return applies


def read_effect(node: Node, *, spec: DecisionSpec, report: Report) -> Effect | None:
    """The effect of a `then`, with its flags; None with every mistake noted."""
    if not isinstance(node, MapNode):
        report.add(node, "'then' is a block with one effect, such as {surcharge: 25%}")
        return None
    flags = {name for name in spec.effects if name in EFFECTS for name in EFFECTS[name].flags}
    keywords = [(key, value) for key, value in node.entries if key.text in spec.effects]
    for key, _ in node.entries:
        if key.text not in spec.effects and key.text not in flags:
            report.add(key, unknown_effect(key.text, spec, flags))
    if len(keywords) != 1:
        if keywords or all(key.text in flags for key, _ in node.entries):
            report.add(node, f"a rule has one effect, and this has {len(keywords)}; write one rule for each")
        return None
    keyword, value = keywords[0]
    others = [(key, flag) for key, flag in node.entries if key.text in flags]
    return _parse_effect(EFFECTS[keyword.text], value, others, report)


def unknown_effect(name: str, spec: DecisionSpec, flags: set[str]) -> str:
    """What is wrong with this name in a `then`."""
    if name in EFFECTS:
        return f"'{name}' is not an effect of the decision '{spec.name}'.{suggest('', spec.effects)}"
    return f"'{name}' is not a known effect.{suggest(name, spec.effects | flags)}"


def _parse_effect(
    kind: type[Effect], node: Node, others: list[tuple[Scalar, Node]], report: Report
) -> Effect | None:
    flags: dict[str, Any] = {}
    for key, value in others:
        if key.text not in kind.flags:
            report.add(key, f"'{key.text}' does not go with '{kind.keyword}'")
            continue
        flag = report.value(value, kind.flags[key.text].parse)
        if flag is not None:
            flags[key.text] = flag
    if not isinstance(node, Scalar) or not node.text:
        report.add(node, f"'{kind.keyword}' needs a value, and a single one")
        return None
    try:
        return kind.parse(node.text, flags)
    except ValueError as error:
        report.add(node, str(error))
        return None


def _in_currency_of(effect: Effect, condition: Condition, vocabulary: Vocabulary) -> Condition:
    """A rule with a fixed amount holds for prices in the amount's currency only."""
    if effect.currency is None or CURRENCY not in vocabulary.facts:
        return condition
    return AllOf((condition, FactTest(CURRENCY, Equals(effect.currency), wanted=effect.currency)))


def _read_id(node: Node, report: Report) -> str:
    text = report.text(node, what="'id'")
    if text and not _ID.fullmatch(text):
        report.add(node, f"{text!r} is not an id; write small letters, digits and hyphens: weekday-evening")
    return text


def _read_dates(parts: Mapping[str, Node], report: Report) -> tuple[date | None, date | None]:
    start = report.value(parts.get("from"), DATE.parse)
    end = report.value(parts.get("until"), DATE.parse)
    if start is not None and end is not None and start >= end:
        report.add(
            parts["until"],
            f"'until' {end} is not after 'from' {start}; 'until' is the first day without the rule",
        )
    return start, end
