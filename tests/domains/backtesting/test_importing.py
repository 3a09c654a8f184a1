"""Importing somebody else's rows by a mapping."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from backend.config import ROOT
from backend.domains.backtesting.importing import Imported, converted, read_mapping
from backend.domains.backtesting.rows import row_texts
from backend.engine.problems import RulebookError
from backend.infra.rule_files import folder_sources, read_sources
from tests.domains.backtesting.books import book, euros

VOCABULARY = book().vocabulary
HOTEL = ROOT / "examples" / "hotel"
STAY: dict[str, Any] = {
    "id": "x1",
    "hotel": "city",
    "quote_at": "2031-03-01",
    "arrive": "2031-05-02",
    "lead": 62,
    "nights": 3,
    "party": 2,
    "room": "D",
    "meal": "BB",
    "country": None,
    "on_books": 90,
    "paid": {"adr": 100.335, "cancelled": 1},
}
SMALL = "currency: EUR\nat: day\nbase: {money: price}\n"


def imported(folder: Path, mapping: str, *rows: Any, name: str = "in.jsonl") -> tuple[list[Any], Imported]:
    (folder / "mapping.yaml").write_text(mapping)
    source = folder / name
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    source.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    told = Imported()
    found = read_mapping(folder / "mapping.yaml", VOCABULARY)
    return [json.loads(line) for line in converted(source, found, VOCABULARY, told)], told


class TestTheHotelMapping:
    MAPPING = (HOTEL / "mapping.yaml").read_text()

    def test_makes_a_priced_row_of_a_stay(self, tmp_path: Path) -> None:
        (row,), told = imported(tmp_path, self.MAPPING, STAY)

        assert told.written == 1
        assert (row["base"], row["paid"], row["accepted"]) == ("300.00 EUR", "301.01 EUR", False)
        assert row["facts"] == {
            "kind": "stay",
            "provider_id": "city",
            "start_date": "2031-05-02",
            "month": "5",
            "weekday": "fri",
            "lead_days": "62",
            "nights": "3",
            "room": "D",
            "meal": "BB",
            "party": "2",
            "occupancy": "37.5%",
        }

    def test_leaves_out_what_is_no_price_and_counts_it(self, tmp_path: Path) -> None:
        free = {**STAY, "paid": {"adr": 0.0, "cancelled": 0}}

        rows, told = imported(tmp_path, self.MAPPING, free, {**STAY, "nights": 0}, {**STAY, "party": 0}, STAY)

        assert len(rows) == 1
        assert sum(told.skipped.values()) == 3
        assert told.skipped["complimentary (adr 0)"] == 1

    def test_gives_rows_that_a_back_test_reads(self, tmp_path: Path) -> None:
        (row,), _ = imported(tmp_path, self.MAPPING, STAY)
        (tmp_path / "rows.jsonl").write_text(json.dumps(row))

        (text,) = row_texts(tmp_path / "rows.jsonl")

        assert text.record().paid == euros("301.01")

    def test_fits_the_rules_beside_it_whose_scenarios_hold(self) -> None:
        rules = folder_sources(HOTEL / "rules")

        rulebook = read_sources({**folder_sources(ROOT / "rules"), **rules})

        stays = [
            rule for table in rulebook.decisions.values() for rule in table.rules if "hotel" in rule.file
        ]
        assert len(stays) == 7


class TestAnImport:
    def test_reads_csv_and_packed_files(self, tmp_path: Path) -> None:
        text = "day,price\n2026-05-01,10.5\n"

        (plain,), _ = imported(tmp_path, SMALL, text, name="in.csv")
        (packed,), _ = imported(tmp_path, SMALL, text, name="in.csv.gz")

        assert plain == packed == {"at": "2026-05-01", "base": "10.50 EUR", "facts": {}}

    @pytest.mark.parametrize(
        ("mapping", "row", "words"),
        [
            (SMALL, {"day": "2026-05-01"}, "in.jsonl:1: there is no column 'price'"),
            (SMALL, "nonsense", "in.jsonl:1: this is not a JSON object"),
            (SMALL, {"day": "2026-05-01", "price": "ten"}, "'ten' is not a number"),
            (SMALL, {"day": "2026-05-01", "price": "1e400"}, "not a number that can be counted with"),
            (SMALL, {"day": "2026-05-01", "price": [1]}, "holds no single value"),
            (SMALL + "accepted: day\n", {"day": "2026-05-01", "price": 1}, "must come to true or false"),
            (SMALL + "facts: {kind: day}\n", {"day": "2026-05-01", "price": 1}, "is not a value of 'kind'"),
            (
                SMALL + "facts: {month: {part: month, of: day}}\n",
                {"day": "1 May", "price": 1},
                "'1 May' is not a day",
            ),
            (
                SMALL + "facts: {party: {count: [a, b]}}\n",
                {"day": "2026-05-01", "price": 1, "a": 1.5, "b": None},
                "1.5 is not a whole number",
            ),
            (
                SMALL + "facts: {occupancy: {ratio: a, to: b}}\n",
                {"day": "2026-05-01", "price": 1, "a": 1, "b": 0},
                "a ratio to 0",
            ),
            (
                SMALL + "facts: {kind: {look_up: a, values: {x: slot}}}\n",
                {"day": "2026-05-01", "price": 1, "a": "y"},
                "the look-up has no value for 'y'",
            ),
        ],
    )
    def test_tells_each_row_that_is_wrong(self, tmp_path: Path, mapping: str, row: Any, words: str) -> None:
        rows, told = imported(tmp_path, mapping, row)

        assert rows == []
        assert told.wrong == 1
        assert words in told.sentences[0]

    def test_fills_what_a_look_up_does_not_name(self, tmp_path: Path) -> None:
        mapping = SMALL + "facts: {kind: {look_up: a, values: {x: slot}, otherwise: stay}}\n"

        (row,), _ = imported(tmp_path, mapping, {"day": "2026-05-01", "price": 1, "a": "y"})

        assert row["facts"] == {"kind": "stay"}


class TestAMapping:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("currency: EUR\nat: day\n", "mapping.yaml:1:1: a mapping needs 'base'"),
            (SMALL.replace("EUR", "EURO"), "mapping.yaml:1:11: 'EURO' is not an ISO 4217 currency"),
            (SMALL + "bse: x\n", "mapping.yaml:4:1: 'bse' is not a key of a mapping. Did you mean 'base'?"),
            (SMALL + "facts: {kindd: x}\n", "'kindd' is not a known fact. Did you mean 'kind'?"),
            (SMALL + "id: {lookup: x}\n", "'lookup' is not a conversion. Did you mean 'look_up'?"),
            (SMALL + "id: {look_up: x}\n", "needs 'values'"),
            (SMALL + "id: {look_up: x, values: [1]}\n", "'values' is a block"),
            (SMALL + "id: {part: hour, of: x}\n", "'hour' is not a part of a day"),
            (SMALL + "id: [x]\n", "a column or a conversion stands here"),
            (SMALL + "facts: [x]\n", "'facts' is a block"),
            (SMALL + "skip: [{when: x, is: 0}]\n", "needs 'because'"),
            (SMALL + "id: {count: x}\n", "'count' is a list"),
            (SMALL + "id: {money: {money: {money: {money: {money: x}}}}}\n", "at most 4 deep"),
        ],
    )
    def test_that_is_wrong_is_refused_with_the_place(self, tmp_path: Path, text: str, words: str) -> None:
        (tmp_path / "mapping.yaml").write_text(text)

        with pytest.raises(RulebookError) as error:
            read_mapping(tmp_path / "mapping.yaml", VOCABULARY)

        assert words in error.value.detail
        assert error.value.detail.startswith("mapping.yaml:")
