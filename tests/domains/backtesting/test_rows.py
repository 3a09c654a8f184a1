"""Rows of a file: what is read, and what is said of what cannot be."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backend.domains.backtesting.outcomes import BadRowError
from backend.domains.backtesting.rows import RowsFileError, row_texts
from tests.domains.backtesting.books import euros

GOOD: dict[str, Any] = {"at": "2026-05-01", "base": "100.00 EUR", "facts": {"party": 2}}


def write(folder: Path, *rows: Any) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


class TestARow:
    def test_is_read_with_all_it_may_say(self, tmp_path: Path) -> None:
        row = {
            **GOOD,
            "id": "r1",
            "at": "2026-05-01T10:00+02:00",
            "label": "A night",
            "cost": "40.00 EUR",
            "accepted": True,
            "paid": "90.00 EUR",
        }

        (text,) = row_texts(write(tmp_path, row))
        found = text.record()

        assert (found.id, found.at) == ("r1", datetime(2026, 5, 1, 8, tzinfo=UTC))
        assert (found.accepted, found.paid) == (True, euros("90"))
        assert found.case == {
            "label": "A night",
            "base": "100.00 EUR",
            "cost": "40.00 EUR",
            "facts": {"party": 2},
        }

    def test_without_an_id_is_called_by_its_place(self, tmp_path: Path) -> None:
        _, second = row_texts(write(tmp_path, GOOD, "", GOOD))

        assert second.record().id == "rows.jsonl:3"

    def test_on_a_day_is_priced_at_its_noon(self, tmp_path: Path) -> None:
        (text,) = row_texts(write(tmp_path, GOOD))

        assert text.record().at == datetime(2026, 5, 1, 12, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("{", "this is not JSON"),
            ("[" * 5_000, "this is not JSON"),
            ("[1]", "a row is one JSON object"),
            ({**GOOD, "bas": 1}, "'bas' is not a key of a row"),
            ({"at": "2026-05-01"}, "'base' is missing"),
            ({**GOOD, "base": "100"}, "'base': "),
            ({**GOOD, "base": 100}, "'base': "),
            ({**GOOD, "at": "1 May"}, "'at' is when the price was asked for"),
            ({**GOOD, "at": 5}, "'at' must be a text"),
            ({**GOOD, "at": "2026-05-01T10:00"}, "'at' needs an offset"),
            ({**GOOD, "facts": []}, "'facts' must be an object"),
            ({**GOOD, "accepted": "yes"}, "'accepted' must be true or false"),
            ({**GOOD, "paid": "90.00 USD"}, "use one currency"),
            ({**GOOD, "paid": "0.00 EUR"}, "'paid' must be above 0"),
            ({**GOOD, "label": "x" * 200_000}, "longer than"),
        ],
    )
    def test_that_is_wrong_is_told_with_its_place(self, tmp_path: Path, row: Any, words: str) -> None:
        _, wrong, last = row_texts(write(tmp_path, GOOD, row, GOOD))

        with pytest.raises(BadRowError) as error:
            wrong.record()

        assert error.value.detail.startswith("rows.jsonl:2: ")
        assert words in error.value.detail
        assert last.line == 3


class TestAFile:
    def test_may_be_packed(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.jsonl.gz"
        path.write_bytes(gzip.compress(json.dumps(GOOD).encode()))

        assert [text.record().id for text in row_texts(path)] == ["rows.jsonl.gz:1"]

    def test_that_is_packed_badly_is_refused_in_words(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.jsonl.gz"
        path.write_bytes(gzip.compress(b"x" * 50_000)[:-20])

        with pytest.raises(RowsFileError) as error:
            list(row_texts(path))

        assert "rows.jsonl.gz cannot be read" in error.value.detail
