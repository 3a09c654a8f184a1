"""Turns somebody else's rows (JSON lines or CSV) into rows of docs/backtest-rows.md, by a mapping."""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from backend.domains.backtesting.conversions import Row, same
from backend.domains.backtesting.mapping import MappingReader, RowMapping
from backend.domains.backtesting.rows import RowsFileError
from backend.engine.problems import Problem, Report, RulebookError
from backend.engine.vocabulary import FactError, Vocabulary
from backend.infra.rule_yaml import parse_document

MAX_MAPPING_BYTES: Final = 100_000
MOST_TOLD: Final = 20


@dataclass(slots=True)
class Imported:
    """How an import went: rows written, rows left out on purpose by reason, and rows that are wrong."""

    written: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    sentences: list[str] = field(default_factory=list)


def read_mapping(path: Path, vocabulary: Vocabulary) -> RowMapping:
    """The mapping of a file; RulebookError with every mistake and its place."""
    raw = path.read_bytes()
    if len(raw) > MAX_MAPPING_BYTES:
        raise RulebookError([Problem(path.name, 1, 1, f"a mapping has at most {MAX_MAPPING_BYTES} bytes")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RulebookError([Problem(path.name, 1, 1, "this file is not UTF-8 text")]) from None
    report = Report(path.name)
    found = MappingReader(report, vocabulary).read(parse_document(path.name, text).root)
    if report.found:
        raise RulebookError(report.found)
    return found


def converted(source: Path, mapping: RowMapping, vocabulary: Vocabulary, told: Imported) -> Iterator[str]:
    """The lines of the new file; `told` counts meanwhile. RowsFileError when the source cannot be read."""
    for number, row in foreign_rows(source):
        try:
            line = _line(row, mapping, vocabulary, told)
        except (ValueError, FactError) as error:
            told.wrong += 1
            if len(told.sentences) < MOST_TOLD:
                told.sentences.append(f"{source.name}:{number}: {error}")
            continue
        if line is not None:
            told.written += 1
            yield line


def foreign_rows(source: Path) -> Iterator[tuple[int, Row | None]]:
    """Numbers and rows of a `.csv` or `.jsonl` file, also packed; None for a line that is no row."""
    name = source.name.removesuffix(".gz")
    try:
        with _text(source) as file:
            if name.endswith(".csv"):
                reader = csv.DictReader(file, strict=True)
                for record in reader:
                    yield reader.line_num, record
                return
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, _object(line)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise RowsFileError(f"{source.name} cannot be read: {error}") from None


def _text(source: Path) -> io.TextIOBase:
    if source.suffix == ".gz":
        return gzip.open(source, "rt", encoding="utf-8-sig", newline="")
    return source.open(encoding="utf-8-sig", newline="")


def _object(line: str) -> Row | None:
    try:
        # Amounts stay exactly what the file says.
        found = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _line(row: Row | None, mapping: RowMapping, vocabulary: Vocabulary, told: Imported) -> str | None:
    """The new row as JSON; None when it is left out on purpose."""
    if row is None:
        raise ValueError("this is not a JSON object")
    for skip in mapping.skip:
        if any(same(skip.of.value(row), value) for value in skip.values):
            told.skipped[skip.because] += 1
            return None
    facts = {name: value for name, one in mapping.facts.items() if (value := one.value(row)) is not None}
    vocabulary.parse_facts(facts)
    new: dict[str, Any] = {
        name: value for name, one in mapping.keys.items() if (value := one.value(row)) is not None
    }
    return json.dumps({**_with_boolean(new), "facts": facts}, ensure_ascii=False) + "\n"


def _with_boolean(row: Mapping[str, Any]) -> Mapping[str, Any]:
    accepted = row.get("accepted")
    if accepted is None:
        return row
    if accepted not in {"true", "false"}:
        raise ValueError(f"'accepted' is {accepted!r}, and must come to true or false")
    return {**row, "accepted": accepted == "true"}
