"""Reads the `when` of a rule."""

from typing import Final

from backend.engine.conditions import ALWAYS, MAX_NESTING, AllOf, AnyOf, Condition, FactTest
from backend.engine.nodes import ListNode, MapNode, Node, Scalar
from backend.engine.problems import Report
from backend.engine.unary_parser import read_unary_test, written
from backend.engine.vocabulary import Vocabulary, suggest

_BLOCKS: Final[dict[str, type[AllOf | AnyOf]]] = {"all": AllOf, "any": AnyOf}


def read_condition(node: Node, *, vocabulary: Vocabulary, report: Report) -> Condition | None:
    """The condition, or None with every mistake in it noted."""
    if isinstance(node, Scalar) and node.text == "always":
        return ALWAYS
    if not isinstance(node, MapNode) or not node.entries:
        report.add(node, "'when' is a block of 'fact: test' lines, or the word 'always'")
        return None
    parts = _read_map(node, vocabulary, report, depth=0)
    return None if None in parts else _joined(AllOf, parts)


def _joined(block: type[AllOf | AnyOf], parts: list[Condition | None]) -> Condition:
    whole = tuple(part for part in parts if part is not None)
    return whole[0] if len(whole) == 1 else block(whole)


def _read_map(node: MapNode, vocabulary: Vocabulary, report: Report, *, depth: int) -> list[Condition | None]:
    return [
        _read_block(key, value, vocabulary, report, depth=depth + 1)
        if key.text in _BLOCKS
        else _read_test(key, value, vocabulary, report)
        for key, value in node.entries
    ]


def _read_block(
    key: Scalar, node: Node, vocabulary: Vocabulary, report: Report, *, depth: int
) -> Condition | None:
    if depth > MAX_NESTING:
        report.add(key, f"'all' and 'any' nest at most {MAX_NESTING} deep; split the rule into several")
        return None
    parts: list[Condition | None] = []
    if isinstance(node, MapNode):
        parts = _read_map(node, vocabulary, report, depth=depth)
    elif isinstance(node, ListNode):
        parts = [_read_alternative(item, vocabulary, report, depth=depth) for item in node.items]
    if not parts:
        report.add(key, f"'{key.text}' holds at least one test: a list of '- fact: test' lines")
        return None
    return None if None in parts else _joined(_BLOCKS[key.text], parts)


def _read_alternative(node: Node, vocabulary: Vocabulary, report: Report, *, depth: int) -> Condition | None:
    if not isinstance(node, MapNode) or not node.entries:
        report.add(node, "each item of 'all' and 'any' is a block of 'fact: test' lines")
        return None
    parts = _read_map(node, vocabulary, report, depth=depth)
    return None if None in parts else _joined(AllOf, parts)


def _read_test(key: Scalar, node: Node, vocabulary: Vocabulary, report: Report) -> FactTest | None:
    fact = vocabulary.facts.get(key.text)
    if fact is None:
        report.add(key, f"'{key.text}' is not a known fact.{suggest(key.text, vocabulary.facts)}")
        return None
    try:
        return FactTest(fact.name, read_unary_test(node, fact), wanted=written(node))
    except ValueError as error:
        report.add(node, str(error))
        return None
