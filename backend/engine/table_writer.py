"""Writes rules as a decision table: the inverse of table_reader.py."""

from collections.abc import Sequence
from typing import Final

from backend.engine.nodes import ListNode, MapNode, Node, Scalar
from backend.engine.problems import Problem, RulebookError
from backend.engine.rules import Rule
from backend.engine.table_cells import write_effect, write_test, write_text
from backend.engine.table_format import write_rows
from backend.engine.table_reader import TEXTS, THEN, VALUES, WHEN
from backend.engine.vocabulary import Vocabulary

_BLOCKS: Final = frozenset({"any", "all"})


def write_table(rules: Sequence[Rule], *, vocabulary: Vocabulary) -> str:
    """The rules, as they stand in their files, as CSV: reading it gives the same rules.

    Raises RulebookError where a table cannot say what a rule does: it has no `any:` and `all:` blocks.
    """
    blocks = [(rule, key) for rule in rules for key, _ in _entries(rule, WHEN) if key.text in _BLOCKS]
    if blocks:
        raise RulebookError([_no_column(rule, key) for rule, key in blocks])
    rows = [_cells(rule, vocabulary) for rule in rules]
    optional = [name for name in VALUES if any(name in row for row in rows)]
    others = dict.fromkeys(name for row in rows for name in row if ":" in name)
    tested = [name for name in others if name.startswith(WHEN)]
    headings = [*TEXTS, *optional, *tested, *(name for name in others if name not in tested)]
    return write_rows([headings, *([row.get(name, "") for name in headings] for row in rows)])


def _no_column(rule: Rule, key: Scalar) -> Problem:
    return Problem(
        rule.file,
        key.line,
        key.column,
        f"rule '{rule.id}' has '{key.text}:', for which a table has no column; leave the rule in YAML, or "
        "write a rule for each alternative",
    )


def _part(rule: Rule, name: str) -> Node | None:
    entries = rule.place.entries if isinstance(rule.place, MapNode) else ()
    return next((value for key, value in entries if key.text == name), None)


def _entries(rule: Rule, name: str) -> tuple[tuple[Scalar, Node], ...]:
    part = _part(rule, name)
    return part.entries if isinstance(part, MapNode) else ()


def _cells(rule: Rule, vocabulary: Vocabulary) -> dict[str, str]:
    """The cells of one rule by the heading of their column."""
    parts = {name: _part(rule, name) for name in (*TEXTS, *VALUES)}
    cells = {name: part.text for name, part in parts.items() if isinstance(part, Scalar)}
    cells |= {name: write_text(cells[name]) for name in TEXTS if name in cells}
    for key, node in _entries(rule, WHEN):
        if isinstance(node, Scalar | ListNode):
            cells[f"{WHEN}: {key.text}"] = write_test(node, vocabulary.facts[key.text].type)
    for key, node in _entries(rule, THEN):
        if isinstance(node, Scalar):
            cells[f"{THEN}: {key.text}"] = write_effect(node.text)
    return cells
