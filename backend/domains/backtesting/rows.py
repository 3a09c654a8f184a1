"""Real rows from a file of JSON lines: the format of docs/backtest-rows.md."""

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, BinaryIO, Final

from backend.domains.backtesting.outcomes import BadRowError, Record
from backend.engine.values import MONEY
from backend.kernel.errors import InvalidError
from backend.kernel.money import Money

KEYS: Final = frozenset({"id", "at", "label", "base", "cost", "facts", "accepted", "paid"})
LONGEST: Final = 100_000
"""Bytes of one line; longer ones are no rows of a price."""


class RowsFileError(InvalidError):
    """A file that cannot be read at all."""


@dataclass(frozen=True, slots=True)
class RowText:
    """One line of a file, not yet read."""

    file: str
    line: int
    text: bytes

    def record(self) -> Record:
        """The record; BadRowError with the place and a sentence."""
        try:
            return read_row(self.text, place=f"{self.file}:{self.line}")
        except ValueError as error:
            raise BadRowError(f"{self.file}:{self.line}: {error}", line=self.line) from None


def row_texts(path: Path) -> Iterator[RowText]:
    """The lines of a `.jsonl` or `.jsonl.gz` file, empty ones left out. RowsFileError."""
    try:
        with _opened(path) as file:
            number = 0
            while text := file.readline(LONGEST + 1):
                number += 1
                if text.strip():
                    yield RowText(path.name, number, text)
                while len(text) > LONGEST and not text.endswith(b"\n"):
                    text = file.readline(LONGEST + 1)
    except (OSError, EOFError) as error:
        raise RowsFileError(f"{path.name} cannot be read: {error}") from None


def read_row(text: bytes, *, place: str) -> Record:
    """The record of a line; ValueError says what is wrong with it."""
    if len(text) > LONGEST:
        raise ValueError(f"the line is longer than {LONGEST} bytes")
    row = _object(text)
    unknown = sorted(set(row) - KEYS)
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not a key of a row; there are {', '.join(sorted(KEYS))}")
    base = _money(row, "base")
    if base is None:
        raise ValueError("'base' is missing: the list price, such as \"100.00 EUR\"")
    cost = _money(row, "cost")
    return Record(
        id=_text(row, "id") or place,
        at=_instant(_text(row, "at")),
        case={
            "label": _text(row, "label") or "List price",
            "base": str(base),
            "cost": None if cost is None else str(cost),
            "facts": _facts(row),
        },
        accepted=_accepted(row),
        paid=_paid(row, base),
    )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path.suffix == ".gz":
        with gzip.open(path, "rb") as packed:
            yield packed  # type: ignore[misc]  # a reader of bytes, as BinaryIO is
        return
    with path.open("rb") as plain:
        yield plain


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is not JSON: {error}") from None
    if not isinstance(row, dict):
        raise ValueError('a row is one JSON object, such as {"at": "2026-05-01", "base": "100.00 EUR"}')  # noqa: TRY004
    return row


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"'{key}' must be a text, not {value!r}")  # noqa: TRY004 (a sentence for staff)
    return value


def _instant(text: str) -> datetime:
    """A day (its noon, UTC) or an instant with an offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f'\'at\' is when the price was asked for: "2026-05-01" or "2026-05-01T14:30Z", not {text!r}'
        ) from None
    if len(text) == len("2026-05-01"):
        return datetime.combine(at.date(), time(12), tzinfo=UTC)
    if at.tzinfo is None:
        raise ValueError(f"'at' needs an offset: write {text}Z for UTC, or {text}+02:00")
    return at.astimezone(UTC)


def _facts(row: Mapping[str, Any]) -> Mapping[str, Any]:
    facts = row.get("facts", {})
    if not isinstance(facts, dict):
        raise ValueError("'facts' must be an object: fact names and values")  # noqa: TRY004 (a sentence for staff)
    return facts


def _accepted(row: Mapping[str, Any]) -> bool:
    accepted = row.get("accepted", False)
    if not isinstance(accepted, bool):
        raise ValueError("'accepted' must be true or false")  # noqa: TRY004 (a sentence for staff)
    return accepted


def _paid(row: Mapping[str, Any], base: Money) -> Money | None:
    paid = _money(row, "paid")
    if paid is None:
        return None
    if paid.currency != base.currency:
        raise ValueError(f"'paid' is in {paid.currency} and 'base' in {base.currency}; use one currency")
    if paid.minor <= 0:
        raise ValueError("'paid' must be above 0; leave it out where nothing was paid")
    return paid


def _money(row: Mapping[str, Any], key: str) -> Money | None:
    value = row.get(key)
    if value is None:
        return None
    try:
        read = MONEY.parse(str(value))
    except ValueError as error:
        raise ValueError(f"'{key}': {error}") from None
    assert isinstance(read, Money)  # noqa: S101 (what the type reads)
    return read
