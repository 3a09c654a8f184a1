"""`flask rules shadow`: what an operator sees in a terminal."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from backend.config import ROOT
from backend.domains.pricing.comparison import compare_prices
from backend.domains.pricing.entities import Line, Price, RuleRef
from backend.domains.shadow.models import ShadowTallyRow
from backend.domains.shadow.tally import Tally, tally_document
from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.rules import PEAK_HOURS, dearer

QUOTE = "quo_01kaj3zq6m8v9x2c4b5n7p8q9r"


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["rules", "shadow", *words])


@pytest.fixture
def draft(tmp_path: Path) -> str:
    """The shipped rules with a dearer evening."""
    folder = Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))
    (folder.parent / PEAK_HOURS).write_text(dearer()[PEAK_HOURS])
    return str(folder)


def start(app: Flask, draft: str, *words: str) -> Any:
    return run(app, "start", draft, "--for", "2h", "--note", "Evenings sell out", *words)


def price(minor: int) -> Price:
    rule = RuleRef("peak_hours", "weekday-evening", PEAK_HOURS, 7)
    lines = (
        Line("base", "It", Money(10_000, "EUR")),
        Line("peak_hours", "Evenings", Money(minor - 10_000, "EUR"), rule),
    )
    return Price(lines, Money(minor, "EUR"))


def find(shadow_id: str) -> None:
    """What two processes found."""
    for process in ("one", "other"):
        tally = Tally()
        tally.add(compare_prices(price(12_500), price(13_000)), quote_id=QUOTE)
        tally.add(compare_prices(price(12_500), price(12_500)), quote_id="quo_2")
        tally.add_failure("took too long")
        row = ShadowTallyRow(shadow_id=shadow_id, process=process, tally=tally_document(tally), stored_at=NOW)
        db.session.add(row)
    db.session.commit()


class TestShadow:
    def test_starts_and_stops(self, app: Flask, draft: str) -> None:
        begun = start(app, draft, "--sample", "12.5%")
        told = run(app, "report").output
        over = run(app, "stop")

        assert begun.exit_code == 0
        assert "runs until 2026-12-07 11:00 UTC." in begun.output
        assert "running  2026-12-07 09:00 to 2026-12-07 11:00 UTC, 12.5% of quotes" in told
        assert "by cli: Evenings sell out" in told
        assert over.exit_code == 0
        assert "over, because cli stopped it" in run(app, "report").output

    def test_reports_what_all_processes_found(self, app: Flask, draft: str) -> None:
        start(app, draft)
        shadow = json.loads(run(app, "report", "--format", "json").output)["shadow"]
        find(shadow["id"])

        lines = [" ".join(line.split()) for line in run(app, "report").output.splitlines()]

        assert lines[3:7] == [
            "6 quotes seen by 2 processes",
            "2 the same",
            "2 dearer under the draft",
            "2 not priced by the draft",
        ]
        assert "4 500.00 EUR 510.00 EUR 10.00 EUR" in lines
        assert "2 10.00 EUR peak_hours / weekday-evening" in lines
        assert f"125.00 EUR → 130.00 EUR {QUOTE}" in lines
        assert "2 took too long" in lines

    def test_reports_in_json_what_the_api_answers(self, app: Flask, draft: str) -> None:
        start(app, draft)

        document = json.loads(run(app, "report", "--format", "json").output)

        assert document["results"]["dropped"] == 0
        assert document["shadow"]["note"] == "Evenings sell out"

    def test_says_what_stands_in_the_way(self, app: Flask, draft: str) -> None:
        nothing = [run(app, "report"), run(app, "stop")]
        start(app, draft)

        second = start(app, draft)

        assert [done.exit_code for done in (*nothing, second)] == [1, 1, 1]
        assert nothing[0].output == "No shadow was started yet.\n"
        assert "Another shadow runs until 2026-12-07 11:00 UTC (Evenings sell out)" in second.output

    def test_refuses_broken_files_with_their_places(self, app: Flask, draft: str) -> None:
        file = Path(draft).parent / PEAK_HOURS
        file.write_text(file.read_text().replace("surcharge: 30%", "surchrage: 30%"))

        done = start(app, draft)

        assert done.exit_code == 1
        assert "rules/peak_hours.yaml:" in done.output
        assert "Traceback" not in done.output

    @pytest.mark.parametrize(
        "words", [("--for", "soon"), ("--for", "2w"), ("--for", "2h", "--sample", "some"), ("--for", "0m")]
    )
    def test_refuses_times_and_samples_that_are_none(self, app: Flask, draft: str, words: Any) -> None:
        done = run(app, "start", draft, "--note", "x", *words)

        assert done.exit_code in {1, 2}
        assert "Traceback" not in done.output
        assert run(app, "report").exit_code == 1
