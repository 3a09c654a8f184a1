"""`flask rules try`: a case, and a case under today's rules and a draft side by side."""

import io
import json
import shutil
from collections.abc import Callable
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
CASE = {
    "kind": "slot",
    "weekday": "mon",
    "start_time": "18:00",
    "experience_years": 12,
    "party": 2,
    "base": "100.00 EUR",
}

Edit = Callable[..., Path]


def run(app: Flask, *words: str, given: str = "") -> Any:
    return app.test_cli_runner().invoke(args=["rules", "try", *words], input=io.BytesIO(given.encode()))


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def case(tmp_path: Path) -> str:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE))
    return str(file)


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    """A copy of the shipped rules with one text of a file replaced, and without its scenarios."""

    def copy(file: str, old: str, new: str) -> Path:
        folder = Path(shutil.copytree(ROOT / "rules", tmp_path / "draft"))
        path = folder / file
        rules, scenarios, _ = path.read_text().partition("\nscenarios:")
        assert old in rules
        path.write_text(rules.replace(old, new) + (f"{scenarios} []\n" if scenarios else ""))
        return folder

    return copy


class TestTry:
    def test_says_what_fired_what_nearly_did_and_why(self, app: Flask, case: str) -> None:
        done = run(app, case)

        assert done.exit_code == 0
        assert "fired  weekday-evening  25.00 EUR  Evenings after work are in demand." in done.output
        assert "nearly group-of-four: party is 2, wanted >= 4" in done.output

    def test_tries_another_folder(self, app: Flask, case: str, edit: Edit) -> None:
        folder = edit("peak_hours.yaml", "surcharge: 25%", "surcharge: 40%")

        done = run(app, case, "--rules", str(folder))

        assert "weekday-evening  40.00 EUR" in done.output

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("{", "is not JSON"),
            ("[]", "one JSON object of facts"),
            ('{"partysize": 2}', "'partysize' is not a known fact. Did you mean 'party"),
            ('{"party": "two"}', "is not a whole number"),
        ],
    )
    def test_refuses_a_case_that_is_none_in_words(self, app: Flask, text: str, told: str) -> None:
        done = run(app, "-", given=text)

        assert done.exit_code == 1
        assert told in done.output
        assert "Traceback" not in done.output

    def test_of_a_file_that_is_not_there_says_so(self, app: Flask, tmp_path: Path) -> None:
        done = run(app, str(tmp_path / "nothing.json"))

        assert done.exit_code == 1
        assert "cannot be read" in done.output


class TestDraft:
    def test_shows_today_and_draft_side_by_side(self, app: Flask, case: str, edit: Edit) -> None:
        folder = edit("peak_hours.yaml", "surcharge: 25%", "surcharge: 30%")

        done = run(app, case, "--draft", str(folder))

        assert done.exit_code == 0
        rows = {row[2:].split()[0]: row for row in done.output.splitlines()}
        assert rows["peak_hours"].startswith("~ ")
        assert rows["peak_hours"].split()[-6:] == ["28.75", "EUR", "34.50", "EUR", "+5.75", "EUR"]
        assert rows["total"].split() == ["total", "143.75", "EUR", "149.50", "EUR", "+5.75", "EUR"]
        assert rows["base"].split()[-4:] == ["100.00", "EUR", "100.00", "EUR"]
        assert max(map(len, done.output.splitlines()[:5])) <= 80

    def test_marks_rules_that_fire_on_one_side_only_and_says_why(
        self, app: Flask, case: str, edit: Edit
    ) -> None:
        folder = edit("peak_hours.yaml", '"[17:00..20:00)"', '"[19:00..20:00)"')

        done = run(app, case, "--draft", str(folder))

        assert "- weekday-evening (rules/peak_hours.yaml:7) only today" in done.output
        assert (
            "+ nearly only under the draft: weekday-evening: start_time is 18:00, wanted [19:00..20:00)"
            in done.output
        )

    def test_shows_refusals_and_approval_of_one_side(self, app: Flask, edit: Edit) -> None:
        folder = edit("validation.yaml", 'party: "> 50"', 'party: "> 2"')

        done = run(app, "-", "--draft", str(folder), given=json.dumps({**CASE, "party": 5}))

        assert "+ refused only under the draft:" in done.output
        assert "largest-party (rules/validation.yaml:" in done.output

    def test_shows_decisions_beside_the_price(self, app: Flask, edit: Edit) -> None:
        folder = edit("cancellation.yaml", "refund: 50%", "refund: 60%")
        cancelled = {**CASE, "cancelled_by": "customer", "hours_before_start": 25}

        done = run(app, "-", "--draft", str(folder), given=json.dumps(cancelled))

        assert "cancellation: today " in done.output
        assert "refund 60%" in done.output
        assert "changes nothing" not in done.output

    def test_says_when_nothing_changes(self, app: Flask, case: str) -> None:
        done = run(app, case, "--draft", str(ROOT / "rules"))

        assert done.exit_code == 0
        assert "The draft changes nothing in this case." in done.output

    def test_a_fact_that_only_the_draft_knows_may_be_given(self, app: Flask, edit: Edit) -> None:
        folder = edit(
            "vocabulary.yaml", "facts:\n", "facts:\n  shoe_size: {type: integer, about: For a test.}\n"
        )

        done = run(app, "-", "--draft", str(folder), given=json.dumps({**CASE, "shoe_size": 43}))

        assert done.exit_code == 0

    def test_needs_a_list_price(self, app: Flask, case: str) -> None:
        done = run(app, "-", "--draft", str(ROOT / "rules"), given='{"kind": "slot"}')

        assert done.exit_code == 1
        assert '"base": "100.00 EUR"' in done.output

    def test_tries_a_stored_quote_at_its_own_instant(self, app: Flask, edit: Edit) -> None:
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
        folder = edit("peak_hours.yaml", "surcharge: 25%", "surcharge: 30%")

        done = run(app, quote.id, "--draft", str(folder))

        assert done.exit_code == 0
        assert product.name[:10] in done.output
        assert "143.75 EUR" in done.output
        assert "149.50 EUR" in done.output

    def test_of_an_unknown_quote_or_draft_says_so(self, app: Flask, case: str) -> None:
        quote = run(app, "quo_nothing", "--draft", str(ROOT / "rules"))
        version = run(app, case, "--draft", "sha256:0123456789")

        assert (quote.exit_code, version.exit_code) == (1, 1)
        assert "There is no quote quo_nothing." in quote.output
        assert "There is no release sha256:0123456789" in version.output

    def test_a_broken_draft_is_refused_with_its_places(self, app: Flask, case: str, edit: Edit) -> None:
        folder = edit("peak_hours.yaml", "surcharge: 25%", "surchrage: 25%")

        done = run(app, case, "--draft", str(folder))

        assert done.exit_code == 1
        assert "rules/peak_hours.yaml:" in done.output
        assert "Did you mean 'surcharge'?" in done.output
