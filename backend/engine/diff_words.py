"""Effects and conditions in words, and how one turns into another: `surcharge 25% → 30%`."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from backend.engine.conditions import AllOf, AnyOf, Condition, FactTest
from backend.engine.effects import Effect
from backend.engine.rules import Rule
from backend.engine.unary_tests import Equals
from backend.engine.vocabulary import CURRENCY

SAME: Final = "no difference"
_BLOCK: Final = "any of"


def text_change(name: str, old: Any, new: Any) -> Iterator[str]:
    """How a part with one value changed; nothing when it did not. None and "" mean that it is not there."""
    if old == new:
        return
    if old in (None, ""):
        yield f"{name} {new} added"
    elif new in (None, ""):
        yield f"{name} {old} removed"
    else:
        yield f"{name} {old} → {new}"


def effect_text(effect: Effect) -> str:
    """The effect as its file has it: `surcharge 25%, label Peak`."""
    return ", ".join(f"{name} {value}" for name, value in _effect_parts(effect).items())


def effect_changes(old: Effect, new: Effect) -> Iterator[str]:
    """How an effect changed, part by part; as a whole when its kind did."""
    before, after = _effect_parts(old), _effect_parts(new)
    if old.keyword != new.keyword:
        yield f"{effect_text(old)} → {effect_text(new)}"
        return
    for name in dict.fromkeys([*before, *after]):
        yield from text_change(name, before.get(name), after.get(name))


def _effect_parts(effect: Effect) -> dict[str, str]:
    """The value under the effect's keyword, then those flags that say more than their default."""
    first, *flags = fields(effect)
    parts = {effect.keyword: _written(getattr(effect, first.name))}
    for flag in flags:
        value = getattr(effect, flag.name)
        if value != flag.default:
            parts[flag.name] = _written(value)
    return parts


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # Plain numbers are percentages in every effect.
    return f"{value:f}%" if isinstance(value, Decimal) else str(value)


def asked(rule: Rule) -> Mapping[str, str]:
    """What the rule asks, by fact; alternatives stand under `any of`."""
    parts: dict[str, str] = {}
    for part in _parts(rule.condition):
        if _goes_without_saying(part, rule.effect):
            continue
        name = part.fact if isinstance(part, FactTest) else _BLOCK
        text = part.wanted if isinstance(part, FactTest) else _inside(part)
        parts[name] = f"{parts[name]} and {text}" if name in parts else text
    return parts


def _goes_without_saying(part: Condition, effect: Effect) -> bool:
    """Whether it is the test that a fixed amount brings with it: that prices are in its currency."""
    currency = effect.currency
    return isinstance(part, FactTest) and part.fact == CURRENCY and part.unary == Equals(currency)


def _parts(condition: Condition) -> Iterator[Condition]:
    if not isinstance(condition, AllOf):
        yield condition
        return
    for part in condition.parts:
        yield from _parts(part)


def _inside(condition: Condition) -> str:
    if isinstance(condition, FactTest):
        return f"{condition.fact} {condition.wanted}"
    joint = " or " if isinstance(condition, AnyOf) else " and "
    return f"({joint.join(_inside(part) for part in condition.parts)})"


def listed(tests: Mapping[str, str]) -> str:
    """Several tests in one phrase."""
    return ", ".join(f"{name} {text}" for name, text in tests.items())


def condition_changes(old: Rule, new: Rule) -> Iterator[str]:
    """How the tests of a rule changed, fact by fact: `when: party >= 4 → >= 6`."""
    before, after = asked(old), asked(new)
    for name in dict.fromkeys([*before, *after]):
        for said in text_change(name, before.get(name), after.get(name)):
            yield f"when: {said}"
