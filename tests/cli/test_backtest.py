"""`flask rules backtest` in a terminal."""

import csv
import io
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.config import ROOT
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_consultant

ROW = {
    "at": "2026-05-01",
    "base": "100.00 EUR",
    "facts": {"kind": "slot", "weekday": "mon", "start_time": "18:00", "category": "<script>x</script>"},
}


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["rules", "backtest", *words])


def written(app: Flask, folder: Path, *words: str) -> str:
    """What a run that must succeed writes to a file: logs may stand on its standard output too."""
    output = folder / "output"
    done = run(app, *words, "-o", str(output))
    assert done.exit_code == 0, done.output
    return output.read_text(encoding="utf-8")


@pytest.fixture
def draft(tmp_path: Path) -> str:
    """The shipped rules with a dearer evening."""
    copy = Path(shutil.copytree(ROOT / "rules", tmp_path / "draft"))
    file = copy / "peak_hours.yaml"
    rules, _, _ = file.read_text().partition("scenarios:")
    file.write_text(rules.replace("surcharge: 25%", "surcharge: 30%") + "scenarios: []\n")
    return str(copy)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps(ROW) + "\n")
    return file


class TestBacktestOfRecordedQuotes:
    def test_prices_them_again_and_knows_which_were_booked(
        self, app: Flask, client: FlaskClient, draft: str, tmp_path: Path
    ) -> None:
        shop, customer = make_consultant(), Customer.new(client)
        slots = customer.slots(shop)
        customer.book(slots[0]["slot_id"])
        customer.quote(slots[1]["slot_id"])

        period = ("--from", "2026-12-07", "--to", "2026-12-08")
        document = json.loads(written(app, tmp_path, "--draft", draft, *period, "--format", "json"))

        assert document["counts"]["quotes"] == 2
        assert document["counts"]["accepted"] == 1
        assert document["accepted_percent"]["before"] == "50"

    def test_shows_what_changes(self, app: Flask, client: FlaskClient, draft: str) -> None:
        shop, customer = make_consultant(), Customer.new(client)
        customer.quote(customer.slots(shop)[0]["slot_id"])

        done = run(app, "--draft", draft, "--by", "weekday", "--to", "2026-12-08")

        assert done.exit_code == 0
        assert "1  quotes, of which the draft changes 0" in done.stdout
        assert "By weekday" in done.stdout

    def test_leaves_out_quotes_outside_the_period(self, app: Flask, client: FlaskClient, draft: str) -> None:
        shop, customer = make_consultant(), Customer.new(client)
        customer.quote(customer.slots(shop)[0]["slot_id"])

        done = run(app, "--draft", draft, "--from", f"{NOW:%Y-%m-%d}", "--to", f"{NOW:%Y-%m-%d}")

        assert done.exit_code == 0
        assert "Nothing to compare" in done.stdout

    def test_refuses_a_bad_draft_in_words(self, app: Flask, draft: str) -> None:
        file = Path(draft) / "peak_hours.yaml"
        file.write_text(file.read_text().replace("surcharge: 30%", "surchrage: 30%"))

        done = run(app, "--draft", draft)

        assert done.exit_code == 1
        assert "Did you mean 'surcharge'?" in done.stderr
        assert "Traceback" not in done.output

    def test_says_what_is_no_release_and_what_is_no_fact(self, app: Flask, draft: str) -> None:
        unknown_release = run(app, "--draft", "yesterday")
        unknown_fact = run(app, "--draft", draft, "--by", "wether")

        assert "There is no release yesterday" in unknown_release.stderr
        assert "'wether': not a fact" in unknown_fact.stderr
        assert (unknown_release.exit_code, unknown_fact.exit_code) == (1, 1)


class TestBacktestOfRows:
    def test_prints_the_table(self, app: Flask, draft: str, rows: Path) -> None:
        done = run(app, "--draft", draft, "--rows", str(rows))

        assert done.exit_code == 0
        assert "1  become dearer" in done.stdout
        assert "peak_hours / weekday-evening: 25.00 EUR → 30.00 EUR" in done.stdout

    def test_a_folder_without_a_vocabulary_holds_only_what_differs(
        self, app: Flask, tmp_path: Path, rows: Path
    ) -> None:
        folder = tmp_path / "some"
        folder.mkdir()
        (folder / "peak_hours.yaml").write_text(
            "decision: peak_hours\nowner: t\nabout: t\nhit_policy: collect\nrules: []\n"
        )

        done = run(app, "--draft", str(folder), "--rows", str(rows))

        assert done.exit_code == 0, done.stderr
        assert "1  become cheaper" in done.stdout

    def test_gives_the_same_figures_with_two_processes(
        self, app: Flask, draft: str, rows: Path, tmp_path: Path
    ) -> None:
        rows.write_text((json.dumps(ROW) + "\n") * 1_200)
        arguments = ("--draft", draft, "--rows", str(rows), "--format", "json")

        alone = written(app, tmp_path, *arguments, "--workers", "1")
        together = written(app, tmp_path, *arguments, "--workers", "2")

        assert json.loads(together)["counts"]["dearer"] == 1_200
        assert together == alone

    def test_refuses_rows_that_cannot_be_read_but_skips_as_many_as_it_may(
        self, app: Flask, draft: str, rows: Path
    ) -> None:
        rows.write_text(f"nonsense\n{json.dumps(ROW)}\n" * 25)

        refused = run(app, "--draft", draft, "--rows", str(rows))
        skipped = run(app, "--draft", draft, "--rows", str(rows), "--skip-bad", "25")

        assert refused.exit_code == 1
        assert refused.stderr.count("this is not JSON") == 20
        assert "25 rows cannot be read (the first 20 above)" in refused.stderr
        assert skipped.exit_code == 0
        assert "25  rows were skipped" in skipped.stdout

    def test_writes_csv_with_a_row_for_each_segment(
        self, app: Flask, draft: str, rows: Path, tmp_path: Path
    ) -> None:
        arguments = ("--draft", draft, "--rows", str(rows), "--by", "weekday", "--format", "csv")

        whole, monday = csv.DictReader(io.StringIO(written(app, tmp_path, *arguments)))

        assert whole["fact"] == "(all)"
        assert (monday["fact"], monday["value"], monday["quoted_after"]) == ("weekday", "mon", "130.00")

    def test_writes_a_page_that_needs_nothing_else_and_escapes_values(
        self, app: Flask, draft: str, rows: Path, tmp_path: Path
    ) -> None:
        output = tmp_path / "report.html"

        done = run(
            app,
            "--draft",
            draft,
            "--rows",
            str(rows),
            "--format",
            "html",
            "--by",
            "category",
            "-o",
            str(output),
        )

        text = output.read_text(encoding="utf-8")
        assert done.exit_code == 0
        assert tags(text).isdisjoint({"script", "link", "img", "iframe"})
        assert "svg" in tags(text)
        assert "&lt;script&gt;" in text
        assert "http" not in text.replace("http-equiv", "")

    def test_refuses_days_beside_rows(self, app: Flask, draft: str, rows: Path) -> None:
        done = run(app, "--draft", draft, "--rows", str(rows), "--from", "2026-01-01")

        assert done.exit_code == 1
        assert "leave --from and --to out" in done.stderr


def tags(text: str) -> set[str]:
    """The names of all elements of a page."""
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            found.add(tag)

    Reader().feed(text)
    return found
