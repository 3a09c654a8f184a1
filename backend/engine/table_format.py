"""How a decision table is written down as CSV: its separator and habits, declared beside `table:`."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from backend.engine.nodes import MAX_BYTES, Node, Scalar
from backend.engine.problems import Report

SEPARATORS: Final[Mapping[str, str]] = {",": ",", ";": ";", "|": "|", "tab": "\t"}
DECIMALS: Final = (".", ",")
DATES: Final[Mapping[str, re.Pattern[str]]] = {
    "year-month-day": re.compile(r"(?!)"),
    "day/month/year": re.compile(r"\b(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})\b"),
    "month/day/year": re.compile(r"\b(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})\b"),
    "day.month.year": re.compile(r"\b(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})\b"),
}
"""How dates may be declared to be written; 2026-12-24 is understood under each."""

_FILE: Final = re.compile(r"tables/[a-zA-Z0-9_-]+\.csv")
_CONFLICT: Final = re.compile(r"(<{7}|={7}|>{7})( .*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TableFormat:
    """What a spreadsheet program was set to when it wrote the table."""

    separator: str = ","
    decimal: str = "."
    dates: str = "year-month-day"


@dataclass(frozen=True, slots=True)
class TableReference:
    """What a rule file says after `table:`; `file` is the table's name, such as `rules/tables/peak.csv`."""

    file: str
    format: TableFormat


class TableSyntaxError(ValueError):
    """A text that is no table; `row` is where."""

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row = row


def read_reference(node: Node, *, report: Report) -> TableReference | None:
    """The table that a decision names, and its format; None, with the mistake noted, when it names none."""
    if isinstance(node, Scalar):
        parts: Mapping[str, Node] = {"file": node}
    else:
        optional = ("separator", "decimal", "dates")
        parts = report.fields(node, what="'table'", required=("file",), optional=optional) or {}
    name = report.text(parts.get("file"), what="'file'")
    if "file" in parts and not _FILE.fullmatch(name):
        report.add(parts["file"], f"{name!r} is not the name of a table; write one such as tables/peak.csv")
        return None
    separator = _choice(parts.get("separator"), SEPARATORS, ",", "a separator", report)
    decimal = _choice(parts.get("decimal"), dict.fromkeys(DECIMALS), ".", "a decimal sign", report)
    dates = _choice(parts.get("dates"), DATES, "year-month-day", "a way to write dates", report)
    return TableReference(f"rules/{name}", TableFormat(separator, decimal, dates)) if name else None


def _choice(node: Node | None, known: Mapping[str, object], usual: str, what: str, report: Report) -> str:
    if node is None:
        return usual
    text = report.text(node, what=what)
    if text in known:
        return text
    names = ", ".join(repr(name) for name in known)
    report.add(node, f"{text!r} is not {what} of tables; write one of {names}")
    return usual


def read_rows(text: str, *, separator: str) -> list[list[str]]:
    """The cells of every row, as many as it has; TableSyntaxError."""
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        raise TableSyntaxError(1, f"this table has {size} bytes; tables have at most {MAX_BYTES}: split it")
    rows: list[list[str]] = []
    for row in _csv_rows(text.removeprefix("\ufeff"), separator):
        if row and _CONFLICT.fullmatch(row[0]):
            raise TableSyntaxError(
                len(rows) + 1, "a merge conflict stands here; decide it and delete its marks"
            )
        rows.append(row)
    if not any(any(cell.strip() for cell in row) for row in rows):
        raise TableSyntaxError(1, "this table is empty; its first row names the columns")
    return rows


def _csv_rows(text: str, separator: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=SEPARATORS[separator], strict=True)
    count = 0
    try:
        for row in reader:
            count += 1
            yield row
    except csv.Error as error:
        raise TableSyntaxError(count + 1, _explained(str(error))) from None


def _explained(said: str) -> str:
    if "field larger" in said:
        return "a cell is longer than any rule; a quotation mark that is opened here is perhaps not closed"
    return (
        'a quotation mark " is not closed, or text follows it; a mark that is part of the text stands twice'
    )


def write_rows(rows: list[list[str]]) -> str:
    """Rows as CSV in the usual format."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
