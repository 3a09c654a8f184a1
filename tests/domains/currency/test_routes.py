"""/api/currency over HTTP. The shipped rates of 2026-10-30 are older than the clock of the tests."""

from typing import Any

import pytest
import svcs
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.domains.currency.schemas import (
    ConversionSchema,
    RateHistorySchema,
    RatesSchema,
    StoredRateSchema,
)
from backend.infra.audit import AuditLog
from backend.kernel.roles import Role
from tests.factories.identity import auth_headers, make_user
from tests.fakes.clock import FakeClock

RATES = "/api/currency/rates"
# A Friday in the past, for which the shipped rates are known for good: 1 EUR = 1.105 USD = 156.33 JPY.
FRIDAY = "2023-12-29T12:00:00Z"


@pytest.fixture
def admin(client: FlaskClient) -> dict[str, str]:
    return auth_headers(client, make_user(roles=[Role.ADMIN]))


def convert(client: FlaskClient, amount: int, source: str, target: str, **more: str) -> TestResponse:
    asked = {"amount": amount, "from": source, "to": target, **more}
    return client.get("/api/currency/convert", query_string=asked)


def set_rate(client: FlaskClient, headers: dict[str, str], **changes: Any) -> TestResponse:
    body = {"currency": "KWD", "rate": "0.33", "note": "The bank's word", **changes}
    return client.post(RATES, json=body, headers=headers)


class TestConvert:
    def test_shows_both_amounts_and_the_rate_between_them(self, client: FlaskClient) -> None:
        answer = convert(client, 10000, "EUR", "JPY", at=FRIDAY)

        ConversionSchema().load(answer.json)
        assert answer.json == {
            "from": {"amount": 10000, "currency": "EUR"},
            "to": {"amount": 15711, "currency": "JPY"},
            "mid_rate": "156.33",
            "margin": "0.5",
            "rate": "157.11165",
            "day": "2023-12-29",
            "age_days": 0,
            "origin": "ecb",
        }

    def test_takes_the_last_working_day_before_a_weekend(self, client: FlaskClient) -> None:
        answer = convert(client, 100, "EUR", "USD", at="2023-12-31T12:00:00Z")

        assert (answer.json["day"], answer.json["age_days"]) == ("2023-12-29", 2)

    def test_of_a_currency_into_itself_costs_nothing(self, client: FlaskClient) -> None:
        answer = convert(client, 1234, "KWD", "KWD")

        assert answer.json["to"] == {"amount": 1234, "currency": "KWD"}
        assert (answer.json["rate"], answer.json["margin"], answer.json["origin"]) == ("1", "0", "same")

    def test_names_the_currencies_that_have_a_rate_where_one_is_missing(self, client: FlaskClient) -> None:
        answer = convert(client, 100, "EUR", "KWD")

        assert answer.status_code == 409
        assert "There is no exchange rate for KWD" in answer.json["detail"]
        assert {"EUR", "JPY", "USD"} <= set(answer.json["currencies"])
        assert "KWD" not in answer.json["currencies"]

    @pytest.mark.parametrize("code", ["HRK", "XXX", "eur"])
    def test_refuses_what_is_no_currency(self, client: FlaskClient, code: str) -> None:
        answer = convert(client, 100, "EUR", code)

        assert answer.status_code == 422
        assert "USD" in str(answer.json["errors"])

    def test_refuses_amounts_beyond_all_money(self, client: FlaskClient) -> None:
        answer = convert(client, 10**12, "EUR", "IDR")

        assert answer.status_code == 422


class TestRates:
    def test_lists_every_currency_that_has_a_rate(self, client: FlaskClient) -> None:
        answer = client.get(RATES, query_string={"base": "USD", "at": FRIDAY})

        RatesSchema().load(answer.json)
        euro = next(rate for rate in answer.json["rates"] if rate["currency"] == "EUR")
        assert euro["mid_rate"] == "0.90497737556561086"
        assert len(answer.json["rates"]) == 29
        assert answer.json["base"] == "USD"

    def test_say_how_old_they_are(self, client: FlaskClient) -> None:
        answer = client.get(RATES)

        assert {(rate["day"], rate["age_days"]) for rate in answer.json["rates"]} == {("2026-10-30", 38)}

    def test_were_not_there_before_the_euro(self, client: FlaskClient) -> None:
        answer = client.get(RATES, query_string={"base": "USD", "at": "1998-06-01T00:00:00Z"})

        assert answer.status_code == 409


class TestSettingARate:
    def test_makes_a_currency_one_that_can_be_converted(
        self, client: FlaskClient, admin: dict[str, str]
    ) -> None:
        made = set_rate(client, admin)

        assert made.status_code == 201
        StoredRateSchema().load(made.json)
        after = convert(client, 10000, "EUR", "KWD")
        assert after.json["to"] == {"amount": 33165, "currency": "KWD"}
        assert (after.json["mid_rate"], after.json["origin"]) == ("0.33", "staff")

    def test_once_sets_it_once_when_the_request_is_repeated(
        self, client: FlaskClient, admin: dict[str, str]
    ) -> None:
        headers = {**admin, "Idempotency-Key": "one"}

        first, second = set_rate(client, headers), set_rate(client, headers)

        assert first.json == second.json
        history = client.get(f"{RATES}/history?currency=KWD", headers=admin)
        assert len(history.json["items"]) == 1

    def test_far_from_the_present_one_wants_to_be_confirmed(
        self, client: FlaskClient, admin: dict[str, str]
    ) -> None:
        slip = set_rate(client, admin, currency="USD", rate="11.172")
        meant = set_rate(client, admin, currency="USD", rate="11.172", confirmed=True)

        assert (slip.status_code, meant.status_code) == (409, 201)
        assert "One euro is 1.1172 USD now" in slip.json["detail"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"rate": "0"},
            {"rate": "-1.2"},
            {"rate": "NaN"},
            {"rate": "1e40"},
            {"rate": "0.12345678901"},
            {"currency": "EUR"},
            {"note": ""},
            {"until": "2026-12-07T09:00:00Z"},
        ],
    )
    def test_refuses_what_makes_no_sense(
        self, client: FlaskClient, admin: dict[str, str], changes: dict[str, str]
    ) -> None:
        assert set_rate(client, admin, **changes).status_code == 422

    def test_ends_by_itself_at_its_end(
        self, client: FlaskClient, admin: dict[str, str], shared_clock: FakeClock
    ) -> None:
        set_rate(client, admin, until="2026-12-07T10:00:00Z")

        shared_clock.advance(minutes=59)
        before = convert(client, 100, "EUR", "KWD").status_code
        shared_clock.advance(minutes=1)
        after = convert(client, 100, "EUR", "KWD").status_code

        assert (before, after) == (200, 409)


class TestWithdrawing:
    def test_lets_the_reference_rate_hold_again_and_keeps_the_history(
        self, client: FlaskClient, admin: dict[str, str], shared_clock: FakeClock
    ) -> None:
        made = set_rate(client, admin, currency="USD", rate="1.2").json
        shared_clock.advance(hours=1)

        gone = client.delete(f"{RATES}/{made['id']}", headers=admin)

        assert gone.json["withdrawn_at"] == "2026-12-07T10:00:00Z"
        assert convert(client, 100, "EUR", "USD").json["origin"] == "ecb"
        assert convert(client, 100, "EUR", "USD", at="2026-12-07T09:30:00Z").json["mid_rate"] == "1.2"
        history = client.get(f"{RATES}/history?currency=USD", headers=admin)
        RateHistorySchema().load(history.json)
        assert [item["withdrawn_at"] for item in history.json["items"]] == ["2026-12-07T10:00:00Z"]

    def test_a_second_time_says_so(self, client: FlaskClient, admin: dict[str, str]) -> None:
        made = set_rate(client, admin).json

        answers = [client.delete(f"{RATES}/{made['id']}", headers=admin).status_code for _ in range(2)]

        assert answers == [200, 409]

    def test_of_an_unknown_rate_is_not_found(self, client: FlaskClient, admin: dict[str, str]) -> None:
        assert client.delete(f"{RATES}/rat_none", headers=admin).status_code == 404

    def test_is_in_the_audit_log_with_who_did_it(self, client: FlaskClient, admin: dict[str, str]) -> None:
        made = set_rate(client, admin).json
        client.delete(f"{RATES}/{made['id']}", headers=admin)

        entries = svcs.flask.get(AuditLog).of("currency:KWD")

        assert [entry.action for entry in entries] == ["currency.rate_set", "currency.rate_withdrawn"]
        assert [entry.actor_id for entry in entries] == [made["set_by"]] * 2
        assert entries[0].after == {
            "id": made["id"],
            "rate": "0.33",
            "note": "The bank's word",
            "until": None,
        }


class TestHistory:
    def test_comes_in_pages_the_newest_first(self, client: FlaskClient, admin: dict[str, str]) -> None:
        made = [set_rate(client, admin, rate=rate).json["id"] for rate in ("0.31", "0.32", "0.33")]

        first = client.get(f"{RATES}/history?currency=KWD&limit=2", headers=admin).json
        second = client.get(
            f"{RATES}/history?currency=KWD&limit=2&cursor={first['next']}", headers=admin
        ).json

        assert sorted(item["id"] for item in first["items"] + second["items"]) == sorted(made)
        assert (len(first["items"]), second["next"]) == (2, None)


class TestRoles:
    @pytest.mark.parametrize("role", [Role.CUSTOMER, Role.SUPPORT, Role.RULE_EDITOR])
    def test_only_administrators_set_and_withdraw_rates(self, client: FlaskClient, role: Role) -> None:
        headers = auth_headers(client, make_user(roles=[role]))

        answers = [set_rate(client, headers), client.delete(f"{RATES}/rat_none", headers=headers)]

        assert [answer.status_code for answer in answers] == [403, 403]

    def test_visitors_convert_and_staff_read_the_history(self, client: FlaskClient) -> None:
        support = auth_headers(client, make_user(roles=[Role.SUPPORT]))
        customer = auth_headers(client, make_user())
        history = f"{RATES}/history?currency=USD"

        answers = [client.get(history), client.get(history, headers=customer)]

        assert [answer.status_code for answer in answers] == [401, 403]
        assert client.get(history, headers=support).status_code == 200
        assert convert(client, 100, "EUR", "USD").status_code == 200
