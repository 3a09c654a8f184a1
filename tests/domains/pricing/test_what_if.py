"""POST /api/rules/try: a case under today's rules and under a draft."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient

from backend.domains.availability.slot_ids import slot_id
from backend.domains.pricing.service import QuoteService
from backend.domains.pricing.what_if_schemas import TriedSchema
from backend.domains.rules.service import RulesService
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.availability import make_schedule
from tests.factories.catalog import make_product, make_provider
from tests.factories.rules import PEAK_HOURS, Colleague, dearer, edited

EVENING = datetime(2026, 12, 14, 18, 0, tzinfo=UTC)
CASE = {"kind": "slot", "weekday": "mon", "start_time": "18:00", "experience_years": 12, "base": "100.00 EUR"}


@pytest.fixture
def analyst(app: Flask, client: FlaskClient) -> Colleague:
    """An analyst, while the shipped rules are served."""
    svcs.flask.get(RulesService).rulebook()
    return Colleague.new(client, Role.ANALYST)


class TestTry:
    def test_prices_a_case_by_the_rules_that_are_served(self, analyst: Colleague) -> None:
        answer = analyst.post("/try", {"case": CASE})

        assert answer.status_code == 200
        TriedSchema().load(answer.json)
        assert answer.json["today"]["total"] == {"amount": 14375, "currency": "EUR"}
        assert (answer.json["draft"], answer.json["lines"], answer.json["same"]) == (None, [], True)

    def test_shows_today_and_a_draft_line_by_line(self, analyst: Colleague) -> None:
        answer = analyst.post("/try", {"case": CASE, "draft": analyst.draft(dearer())}).json

        TriedSchema().load(answer)
        assert answer["draft"]["total"]["amount"] == 14950
        differences = {line["stage"]: line["difference"]["amount"] for line in answer["lines"]}
        assert differences == {"base": 0, "experience": 0, "peak_hours": 575}
        assert (answer["difference"]["amount"], answer["same"]) == (575, False)

    def test_tries_at_another_instant(self, analyst: Colleague) -> None:
        dated = edited("    about: Evenings", "    from: 2027-01-01\n    about: Evenings")
        body = {"case": CASE, "draft": analyst.draft(dated)}

        now = analyst.post("/try", body).json
        later = analyst.post("/try", {**body, "at": "2027-02-01T09:00:00Z"}).json

        assert (now["difference"]["amount"], later["difference"]["amount"]) == (-2875, 0)

    def test_tries_a_stored_quote_at_its_own_instant(self, analyst: Colleague) -> None:
        provider = make_provider(timezone="UTC")
        make_schedule(provider.id, hours=((time(9), time(21)),))
        quote = svcs.flask.get(QuoteService).make(
            user_id=None,
            slot_id=slot_id(product_id=make_product(provider).id, starts_at=EVENING),
            party=1,
            currency=None,
            now=NOW,
        )

        answer = analyst.post("/try", {"quote_id": quote.id, "draft": analyst.draft(dearer())}).json

        assert answer["today"]["total"]["amount"] == quote.total.minor
        assert answer["lines"][0]["label"] == quote.price.lines[0].label
        assert answer["same"] is False

    def test_gives_the_problems_of_a_bad_draft_as_a_check_does(self, analyst: Colleague) -> None:
        draft = analyst.draft(edited("surcharge:", "surchrage:"))

        answer = analyst.post("/try", {"case": CASE, "draft": draft})

        assert answer.status_code == 422
        assert answer.json["problems"] == analyst.post("/check", {"draft": draft}).json["problems"]
        assert answer.json["problems"][0]["file"] == PEAK_HOURS

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({}, "Send either"),
            ({"case": CASE, "quote_id": "quo_01kaj3zq6m8v9x2c4b5n7p8q9r"}, "Send either"),
            ({"case": {"partysize": 2, "base": "1.00 EUR"}}, "Did you mean 'party"),
            ({"case": {"kind": "slot"}}, "list price"),
        ],
    )
    def test_refuses_what_is_no_case_in_words(
        self, analyst: Colleague, body: dict[str, Any], told: str
    ) -> None:
        answer = analyst.post("/try", body)

        assert answer.status_code == 422
        assert told in answer.get_data(as_text=True)

    def test_of_an_unknown_quote_says_so(self, analyst: Colleague) -> None:
        answer = analyst.post("/try", {"quote_id": "quo_01kaj3zq6m8v9x2c4b5n7p8q9r"})

        assert answer.status_code == 404

    def test_is_not_for_customers(self, analyst: Colleague, client: FlaskClient) -> None:
        customer = Colleague.new(client, Role.CUSTOMER)

        assert customer.post("/try", {"case": CASE}).status_code == 403
