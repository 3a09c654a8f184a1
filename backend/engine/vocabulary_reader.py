"""Reads `vocabulary.yaml`: the facts that rules may test and the decisions that code asks for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from backend.engine.effect_registry import EFFECTS
from backend.engine.nodes import MapNode, Node, Scalar
from backend.engine.problems import Report
from backend.engine.scales import SCALES
from backend.engine.values import ENUM, LIST, PERCENT, TYPES, ValueType
from backend.engine.vocabulary import RESERVED, DecisionSpec, Fact, Vocabulary, suggest

_FACT_OPTIONS: Final = ("unit", "values", "default", "min", "max")


def read_vocabulary(node: Node, *, report: Report) -> Vocabulary:
    """The vocabulary, without the entries that are wrong; their mistakes are noted."""
    parts = report.fields(node, what="the vocabulary", required=("facts", "decisions")) or {}
    facts = [_read_fact(key, value, report) for key, value in _entries(parts.get("facts"), "facts", report)]
    specs = [
        _read_decision(key, value, report)
        for key, value in _entries(parts.get("decisions"), "decisions", report)
    ]
    return Vocabulary(
        {fact.name: fact for fact in facts if fact}, {spec.name: spec for spec in specs if spec}
    )


def _entries(node: Node | None, what: str, report: Report) -> tuple[tuple[Scalar, Node], ...]:
    if isinstance(node, MapNode):
        return node.entries
    if node is not None:
        report.add(node, f"'{what}' is a block of 'name:' entries")
    return ()


def _read_fact(key: Scalar, node: Node, report: Report) -> Fact | None:
    if key.text in RESERVED:
        report.add(key, f"'{key.text}' has a meaning of its own in rules and cannot name a fact")
        return None
    parts = report.fields(
        node, what=f"the fact '{key.text}'", required=("type", "about"), optional=_FACT_OPTIONS
    )
    if parts is None or "type" not in parts:
        return None
    kind = _read_type(parts["type"], report)
    if kind is None:
        return None
    values = tuple(item.text for item in report.texts(parts.get("values"), what="'values'"))
    if kind is ENUM and not values:
        report.add(key, f"the enum '{key.text}' needs 'values': the list of what it may be")
    if values and kind not in (ENUM, LIST):
        report.add(
            parts["values"],
            f"'values' belongs to an enum or a list, and '{key.text}' is of type {kind.name}",
        )
        values = ()
    about = report.text(parts.get("about"), what="'about'")
    unit = report.text(parts.get("unit"), what="'unit'")
    fact = _with_range(Fact(key.text, kind, about, unit, values), parts, report)
    return replace(fact, default=_read_value(parts.get("default"), fact, report))


def _read_type(node: Node, report: Report) -> ValueType | None:
    name = report.text(node, what="'type'")
    kind = TYPES.get(name)
    if kind is None:
        report.add(node, f"'{name}' is not a type of facts.{suggest(name, TYPES)}")
    return kind


def _with_range(fact: Fact, parts: Mapping[str, Node], report: Report) -> Fact:
    ends = [parts[name] for name in ("min", "max") if name in parts]
    if ends and fact.type.name not in SCALES:
        said = f"'min' and 'max' are for numbers, dates and times; '{fact.name}' is of type {fact.type.name}"
        report.add(ends[0], said)
        return fact
    lowest, highest = (_read_value(parts.get(name), fact, report) for name in ("min", "max"))
    if lowest is not None and highest is not None and highest < lowest:
        report.add(ends[0], f"'min' is above 'max', so '{fact.name}' could have no value")
        return fact
    return replace(fact, lowest=lowest, highest=highest)


def _read_value(node: Node | None, fact: Fact, report: Report) -> Any:
    return None if node is None else report.value(node, fact.parse)


def _read_decision(key: Scalar, node: Node, report: Report) -> DecisionSpec | None:
    what = f"the decision '{key.text}'"
    parts = report.fields(node, what=what, required=("about", "effects"), optional=("lowest", "highest"))
    if parts is None:
        return None
    effects = report.texts(parts.get("effects"), what="'effects'")
    for effect in effects:
        if effect.text not in EFFECTS:
            report.add(effect, f"'{effect.text}' is not an effect.{suggest(effect.text, EFFECTS)}")
    about = report.text(parts.get("about"), what="'about'")
    lowest, highest = (report.value(parts.get(name), PERCENT.parse) for name in ("lowest", "highest"))
    if lowest is not None and highest is not None and highest < lowest:
        report.add(parts["highest"], f"'highest' is below 'lowest', so '{key.text}' could have no rule")
    understood = frozenset(EFFECTS) & {effect.text for effect in effects}
    return DecisionSpec(key.text, about, understood, lowest, highest)
