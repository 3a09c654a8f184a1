"""Reads decision tables: each row is a rule, written as nodes like those of the `rules:` in a YAML file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from backend.engine.effect_registry import EFFECTS
from backend.engine.nodes import ListNode, MapNode, Node, Scalar
from backend.engine.problems import Problem, Report
from backend.engine.rule_reader import unknown_effect
from backend.engine.table_cells import EMPTY, read_effect, read_test, read_text, read_value
from backend.engine.table_format import (
    SEPARATORS,
    TableFormat,
    TableReference,
    TableSyntaxError,
    read_rows,
)
from backend.engine.values import DATE, INTEGER, ValueType
from backend.engine.vocabulary import DecisionSpec, Vocabulary, suggest

WHEN: Final = "when"
THEN: Final = "then"
TEXTS: Final = ("id", "about")
VALUES: Final[Mapping[str, ValueType]] = {"from": DATE, "until": DATE, "priority": INTEGER}
_HEADING: Final = re.compile(r"(when|then)\s*:\s*(.*\S)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the part of a rule that its cells are, and for `when` and `then` the fact or effect."""

    index: int
    part: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A rule as nodes; `is_whole` unless a cell of it could not be read, in which case that was noted."""

    node: Node
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Tables:
    """The texts of the decision tables by name, and what was read of them."""

    texts: Mapping[str, str]
    reports: dict[str, Report] = field(default_factory=dict)
    contents: dict[str, ListNode] = field(default_factory=dict)

    def rows(
        self,
        reference: TableReference,
        *,
        at: Node,
        spec: DecisionSpec,
        vocabulary: Vocabulary,
        report: Report,
    ) -> tuple[Sequence[Row], Report]:
        """The rules of a table, and the report of its problems; `report` is that of who refers to it."""
        name = reference.file
        if name not in self.texts:
            report.add(at, f"there is no table {name}.{suggest(name, self.texts)}")
            return (), report
        if name in self.reports:
            report.add(at, f"the table {name} belongs to another decision already; make a copy of it")
            return (), report
        rows, found = read_table(
            self.texts[name], name=name, form=reference.format, spec=spec, vocabulary=vocabulary
        )
        self.reports[name] = found
        self.contents[name] = ListNode(tuple(row.node for row in rows), 1, 1)
        return rows, found

    def unused(self) -> list[Problem]:
        """A problem for each table to which no decision refers."""
        return [
            Problem(name, 1, 1, f"no decision refers to this table; write 'table: {_short(name)}' in one")
            for name in self.texts
            if name not in self.reports
        ]


def _short(name: str) -> str:
    return name.removeprefix("rules/")


def read_table(
    text: str, *, name: str, form: TableFormat, spec: DecisionSpec, vocabulary: Vocabulary
) -> tuple[Sequence[Row], Report]:
    """The rows of a table with the report of every mistake in them."""
    try:
        rows = read_rows(text, separator=form.separator)
    except TableSyntaxError as error:
        return (), Report(name, found=[Problem(name, error.row, 1, str(error))])
    headings = [heading.strip() for heading in rows[0]]
    report = Report(name, columns=[heading or f"{_letters(at)}" for at, heading in enumerate(headings)])
    columns = _Header(headings, rows[1:], form, spec, vocabulary, report).columns()
    if not columns:
        return (), report
    reader = _RowReader(columns, len(headings), form, vocabulary, report, is_header_read=not report.found)
    numbered = [(number, row) for number, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]
    return [reader.row(cells, number) for number, cells in numbered], report


def _letters(index: int) -> str:
    """The name that spreadsheets give to a column without a heading: A, B … Z, AA."""
    before, last = divmod(index, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


@dataclass(frozen=True, slots=True)
class _Header:
    """The first row, and what stands below it."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    form: TableFormat
    spec: DecisionSpec
    vocabulary: Vocabulary
    report: Report

    def columns(self) -> list[Column]:
        """The columns that can be read; the mistakes of the others are noted."""
        if self._is_separated_otherwise():
            return []
        found = [column for index in range(len(self.headings)) if (column := self._column(index))]
        given = {column.part for column in found}
        missing = [part for part in (*TEXTS, THEN) if part not in given]
        if missing and not self.report.found:
            names = ", ".join("'then: …'" if part == THEN else f"'{part}'" for part in missing)
            self.report.found.append(Problem(self.report.file, 1, 1, f"no column is called {names}; add it"))
        return found

    def _is_separated_otherwise(self) -> bool:
        seen = [heading for heading in self.headings if heading]
        others = [name for name, sign in SEPARATORS.items() if sign in seen[0]] if len(seen) == 1 else []
        if others:
            self._note(
                self.headings.index(seen[0]),
                f"the columns are separated by {others[0]!r}, not by {self.form.separator!r}; write in the "
                f'rule file: table: {{file: {_short(self.report.file)}, separator: "{others[0]}"}}',
            )
        return bool(others)

    def _note(self, index: int, message: str) -> None:
        self.report.add(Scalar("", 1, index + 1), message)

    def _column(self, index: int) -> Column | None:
        heading = self.headings[index]
        if not heading:
            self._check_nothing_below(index)
            return None
        column = self._named(index, heading)
        first = self.headings.index(heading)
        if column and first != index:
            self._note(index, f"this column stands twice; first as column {_letters(first)}")
            return None
        return column

    def _check_nothing_below(self, index: int) -> None:
        for number, row in enumerate(self.rows, 2):
            if index < len(row) and row[index].strip():
                self._note(
                    index,
                    f"this column has no heading, but row {number} has something in it; name it",
                )
                return

    def _named(self, index: int, heading: str) -> Column | None:
        parts = _HEADING.fullmatch(heading)
        if parts is None:
            if heading in (*TEXTS, *VALUES):
                return Column(index, heading)
            known = (*TEXTS, *VALUES, *(f"{WHEN}: {name}" for name in self.vocabulary.facts))
            known = (*known, *(f"{THEN}: {name}" for name in self._effects()))
            self._note(index, f"{heading[:60]!r} is not a column of a table.{suggest(heading, known)}")
            return None
        part, name = parts[1], parts[2]
        mistake = self._unknown_fact(name) if part == WHEN else self._unknown_effect(name)
        if mistake:
            self._note(index, mistake)
            return None
        return Column(index, part, name)

    def _unknown_fact(self, name: str) -> str:
        if name in {"any", "all"}:
            return f"a table has no '{name}' blocks; write a row for each alternative, or the rule in YAML"
        if name in self.vocabulary.facts:
            return ""
        return f"'{name}' is not a known fact.{suggest(name, self.vocabulary.facts)}"

    def _unknown_effect(self, name: str) -> str:
        return "" if name in self._effects() else unknown_effect(name, self.spec, self._flags())

    def _flags(self) -> set[str]:
        return {flag for name in self.spec.effects if name in EFFECTS for flag in EFFECTS[name].flags}

    def _effects(self) -> set[str]:
        return self._flags() | self.spec.effects


@dataclass(frozen=True, slots=True)
class _RowReader:
    """Turns the cells of a row into the nodes of a rule."""

    columns: Sequence[Column]
    width: int
    form: TableFormat
    vocabulary: Vocabulary
    report: Report
    is_header_read: bool

    def row(self, cells: Sequence[str], number: int) -> Row:
        """The rule of row `number`, which counts from 1."""
        noted = len(self.report.found)
        parts: dict[str, list[tuple[Scalar, Node]]] = {"": [], WHEN: [], THEN: []}
        for column in self.columns:
            cell = cells[column.index] if column.index < len(cells) else ""
            node = self._node(column, cell, number)
            if node is not None:
                key = Scalar(column.name or column.part, number, column.index + 1)
                parts[column.part if column.name else ""].append((key, node))
        self._check_width(cells, number)
        if not parts[THEN] and self._is_whole(noted):
            effects = " or ".join(
                f"'{THEN}: {column.name}'" for column in self.columns if column.part == THEN
            )
            self._note(self._first(THEN), number, f"this row has no effect; fill in {effects}")
        return Row(self._rule(parts, number), self._is_whole(noted))

    def _is_whole(self, noted: int) -> bool:
        return self.is_header_read and noted == len(self.report.found)

    def _rule(self, parts: Mapping[str, list[tuple[Scalar, Node]]], number: int) -> MapNode:
        entries = list(parts[""])
        for part in (WHEN, THEN):
            at = self._first(part) + 1
            block: Node = MapNode(tuple(parts[part]), number, at)
            if part == WHEN and not parts[part]:
                block = Scalar("always", number, at)
            entries.append((Scalar(part, number, at), block))
        return MapNode(tuple(entries), number, 1)

    def _first(self, part: str) -> int:
        return next((column.index for column in self.columns if column.part == part), 0)

    def _node(self, column: Column, cell: str, number: int) -> Node | None:
        text = cell.strip()
        if column.part == "id" and text in {"", EMPTY}:
            self._note(
                column.index,
                number,
                "this row has no id, and each row is a rule; of merged cells only the first row has one",
            )
            return None
        if not text or (text == EMPTY and column.part != WHEN):
            return Scalar("", number, column.index + 1) if column.part == "about" else None
        try:
            return self._read(column, cell, number)
        except ValueError as error:
            self._note(column.index, number, str(error))
            return None

    def _read(self, column: Column, cell: str, number: int) -> Node:
        at = column.index + 1
        if column.part == WHEN:
            kind = self.vocabulary.facts[column.name].type
            return read_test(cell, kind, self.form, row=number, column=at)
        if column.part == THEN:
            return Scalar(read_effect(cell, self.form), number, at, quoted=True)
        if column.part in VALUES:
            return Scalar(read_value(cell, VALUES[column.part], self.form), number, at)
        return Scalar(read_text(cell), number, at, quoted=True)

    def _check_width(self, cells: Sequence[str], number: int) -> None:
        for index in range(self.width, len(cells)):
            if cells[index].strip():
                self._note(
                    index,
                    number,
                    f"{cells[index].strip()[:40]!r} stands to the right of the last heading; a cell "
                    "with a separator in it needs quotation marks around it",
                )

    def _note(self, index: int, number: int, message: str) -> None:
        self.report.add(Scalar("", number, index + 1), message)
