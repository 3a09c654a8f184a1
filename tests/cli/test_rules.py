"""`flask rules`: what staff see in a terminal."""

import shutil
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
import svcs
from flask import Flask

from backend.config import ROOT
from backend.domains.availability.slot_ids import slot_id
from backend.domains.pricing.service import QuoteService
from tests.conftest import NOW
from tests.factories.availability import make_schedule
from tests.factories.catalog import make_product, make_provider

EVENING = datetime(2026, 12, 14, 18, 0, tzinfo=UTC)


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["rules", *words])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", copy)
    return copy


class TestCheck:
    def test_counts_what_is_in_order(self, app: Flask) -> None:
        done = run(app, "check")

        assert done.exit_code == 0
        assert "scenarios are in order" in done.output

    def test_names_every_mistake_with_its_place(self, app: Flask, folder: Path) -> None:
        for name in ("peak_hours.yaml", "cancellation.yaml"):
            file = folder / name
            file.write_text(file.read_text().replace("about:", "abuot:", 1))

        done = run(app, "check", str(folder))

        assert done.exit_code == 1
        assert "rules/peak_hours.yaml:3:1:" in done.output
        assert "rules/cancellation.yaml:3:1:" in done.output
        assert "Did you mean 'about'?" in done.output
        assert "Traceback" not in done.output

    def test_says_which_rules_contradict_each_other_with_a_case_to_try(
        self, app: Flask, folder: Path, tmp_path: Path
    ) -> None:
        file = folder / "pricing.yaml"
        file.write_text(file.read_text().replace('experience_years: "< 1"', 'experience_years: "<= 10"'))

        done = run(app, "check", str(folder))

        assert done.exit_code == 1
        assert "rules/pricing.yaml:69:9: rule 'newcomer' can hold together with 'senior'" in done.output
        assert '  case: {"kind": "slot", "experience_years": 10}' in done.output
        assert "1 mistake; see the lines above." in done.output
        case = tmp_path / "case.json"
        case.write_text('{"kind": "slot", "experience_years": 10}')
        assert "both hold" in run(app, "try", str(case), "--rules", str(folder)).output

    def test_warns_without_failing_and_gives_the_day_to_try_a_case_on(
        self, app: Flask, folder: Path, tmp_path: Path
    ) -> None:
        rule = """
  - id: NAME
    about: Sundays are quiet.
    from: 2027-03-01
    when: {weekday: sun}
    then: {discount: 5%}
"""
        file = folder / "peak_hours.yaml"
        twins = rule.replace("NAME", "sunday") + rule.replace("NAME", "lazy-sunday")
        file.write_text(file.read_text().replace("\nscenarios:", f"{twins}\nscenarios:"))

        done = run(app, "check", str(folder))

        assert done.exit_code == 0
        assert "warning: rule 'lazy-sunday' differs from 'sunday'" in done.output
        assert '  case --at 2027-03-01: {"kind": "slot", "weekday": "sun"}' in done.output
        case = tmp_path / "case.json"
        case.write_text('{"kind": "slot", "weekday": "sun"}')
        tried = run(app, "try", str(case), "--rules", str(folder), "--at", "2027-03-01")
        assert "fired  lazy-sunday" in tried.output

    def test_shows_gaps_when_asked(self, app: Flask) -> None:
        done = run(app, "check", "--gaps")

        assert done.exit_code == 0
        assert "note: no rule of 'experience' decides this case." in done.output


class TestExplain:
    def test_prices_a_stored_quote_again_to_the_cent(self, app: Flask) -> None:
        provider = make_provider(timezone="UTC")
        make_schedule(provider.id, hours=((time(9), time(21)),))
        product = make_product(provider)
        quote = svcs.flask.get(QuoteService).make(
            user_id=None,
            slot_id=slot_id(product_id=product.id, starts_at=EVENING),
            party=1,
            currency=None,
            now=NOW,
        )

        done = run(app, "explain", quote.id)

        assert done.exit_code == 0
        assert "28.75 EUR  Evenings after work are in demand." in done.output
        assert "143.75 EUR" in done.output
        assert "the same, to the cent" in done.output

    def test_of_an_unknown_quote_says_so(self, app: Flask) -> None:
        done = run(app, "explain", "quo_nothing")

        assert done.exit_code == 1
        assert "There is no quote quo_nothing." in done.output
