"""GET /api/reports/bargain."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.domains.bargain.report import Amounts, BargainReport, Line, Tally
from backend.domains.bargain.report_csv import csv_rows
from backend.kernel.money import Money
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.bargain_rows import make_past_bargain
from tests.factories.catalog import make_retail
from tests.factories.identity import auth_headers, make_user

PATH = "/api/reports/bargain"
# The four weeks before today, which is a Monday.
LATELY = {"from": "2026-11-09", "until": "2026-12-07"}


@pytest.fixture
def headers(client: FlaskClient) -> dict[str, str]:
    return auth_headers(client, make_user(roles=[Role.ANALYST]))


def ask(client: FlaskClient, headers: dict[str, str], **query: str) -> TestResponse:
    return client.get(PATH, query_string={**LATELY, **query}, headers=headers)


def report(client: FlaskClient, headers: dict[str, str], **query: str) -> dict[str, Any]:
    answer = ask(client, headers, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def eur(minor: int) -> dict[str, Any]:
    return {"amount": minor, "currency": "EUR"}


class TestTheReport:
    def test_says_how_bargains_went(self, client: FlaskClient, headers: dict[str, str]) -> None:
        product = make_retail(cost_minor=6000)
        make_past_bargain(product, offers=[7000, 8000], asks=[9500, 9000], final=9000, used_by="ord_a")
        make_past_bargain(product, offers=[9800], final=9800)
        make_past_bargain(product, offers=[5000, 5100, 5200], asks=[9500, 9000, 8800])
        make_past_bargain(product, state="abandoned")

        found = report(client, headers)

        moderate = {
            "key": "moderate",
            "sessions": 4,
            "open": 0,
            "expired": 1,
            "abandoned": 1,
            "deals": 2,
            "success_rate": "50.00",
            "mean_discount": "6.00",
            "mean_attempts": "1.50",
            "amounts": [
                {
                    "deals": 2,
                    "agreed": eur(18800),
                    "sold": 1,
                    "revenue": eur(9000),
                    "costed": 1,
                    "margin": eur(3000),
                }
            ],
        }
        assert found == {
            **LATELY,
            "by": "strategy",
            "lines": [moderate],
            "total": {**moderate, "key": None},
        }

    def test_never_adds_up_currencies(self, client: FlaskClient, headers: dict[str, str]) -> None:
        make_past_bargain(make_retail(), final=9000)
        make_past_bargain(make_retail(price=Money(20_000, "JPY")), final=15_000)

        total = report(client, headers)["total"]

        assert total["deals"] == 2
        assert total["mean_discount"] == "17.50"
        assert [one["agreed"] for one in total["amounts"]] == [
            eur(9000),
            {"amount": 15_000, "currency": "JPY"},
        ]

    def test_leaves_out_the_margin_of_what_has_no_known_cost(
        self, client: FlaskClient, headers: dict[str, str]
    ) -> None:
        make_past_bargain(make_retail(), final=9000, used_by="ord_a")

        amounts = report(client, headers)["total"]["amounts"][0]

        assert (amounts["revenue"], amounts["costed"], amounts["margin"]) == (eur(9000), 0, eur(0))

    def test_tells_strategies_categories_or_weeks_apart(
        self, client: FlaskClient, headers: dict[str, str]
    ) -> None:
        phones, books = make_retail(category="phones"), make_retail(category="books")
        make_past_bargain(phones, strategy="aggressive")
        make_past_bargain(books, at=datetime(2026, 11, 22, 23, 59, tzinfo=UTC))
        make_past_bargain(books, at=datetime(2026, 11, 23, tzinfo=UTC))

        keys = {
            by: [line["key"] for line in report(client, headers, by=by)["lines"]]
            for by in ("strategy", "category", "week")
        }

        assert keys == {
            "strategy": ["aggressive", "moderate"],
            "category": ["books", "phones"],
            "week": ["2026-W47", "2026-W48", "2026-W49"],
        }

    def test_is_of_sessions_that_began_on_its_days(
        self, client: FlaskClient, headers: dict[str, str]
    ) -> None:
        first, after = datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 12, 7, tzinfo=UTC)
        for at in (first, first - timedelta(seconds=1), after, after - timedelta(seconds=1)):
            make_past_bargain(make_retail(), at=at)

        assert report(client, headers)["total"]["sessions"] == 2

    def test_counts_open_sessions_apart_until_their_time_is_over(
        self, client: FlaskClient, headers: dict[str, str]
    ) -> None:
        make_past_bargain(make_retail(), state="open", at=NOW - timedelta(minutes=5))
        make_past_bargain(make_retail(), state="open", at=NOW - timedelta(minutes=10))

        total = report(client, headers, until="2026-12-08")["total"]

        assert (total["open"], total["expired"], total["success_rate"]) == (1, 1, "0.00")

    def test_of_days_without_bargains_has_no_lines(
        self, client: FlaskClient, headers: dict[str, str]
    ) -> None:
        found = report(client, headers)

        assert found["lines"] == []
        assert found["total"]["sessions"] == 0
        assert found["total"]["success_rate"] is None
        assert found["total"]["amounts"] == []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"until": "2026-11-09"}, "until"),
            ({"from": "2025-12-05"}, "until"),
            ({"from": "yesterday"}, "from"),
            ({"by": "customer"}, "by"),
            ({"format": "xlsx"}, "format"),
        ],
    )
    def test_refuses_what_it_cannot_say(
        self, client: FlaskClient, headers: dict[str, str], query: dict[str, str], field: str
    ) -> None:
        answer = ask(client, headers, **query)

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]  # type: ignore[index]

    def test_takes_a_leap_year_at_a_time(self, client: FlaskClient, headers: dict[str, str]) -> None:
        assert ask(client, headers, **{"from": "2025-12-06"}).status_code == 200

    @pytest.mark.parametrize(
        ("role", "status"),
        [
            (Role.ANALYST, 200),
            (Role.SUPPORT, 200),
            (Role.ADMIN, 200),
            (Role.RULE_EDITOR, 403),
            (Role.CUSTOMER, 403),
        ],
    )
    def test_is_for_those_who_answer_for_sales(self, client: FlaskClient, role: Role, status: int) -> None:
        headers = auth_headers(client, make_user(roles=[role]))

        assert ask(client, headers).status_code == status

    def test_is_not_for_visitors(self, client: FlaskClient) -> None:
        assert ask(client, {}).status_code == 401


class TestTheReportAsCsv:
    @pytest.mark.parametrize(("query", "accept"), [({"format": "csv"}, "*/*"), ({}, "text/csv")])
    def test_has_a_row_for_each_line_and_currency(
        self, client: FlaskClient, headers: dict[str, str], query: dict[str, str], accept: str
    ) -> None:
        make_past_bargain(make_retail(cost_minor=6000), offers=[9000], final=9000, used_by="ord_a")
        make_past_bargain(make_retail(price=Money(20_000, "JPY")), state="abandoned")

        answer = ask(client, {**headers, "Accept": accept}, **query)

        assert answer.mimetype == "text/csv"
        assert "bargains-strategy-2026-11-09-2026-12-07.csv" in answer.headers["Content-Disposition"]
        rows = list(csv.reader(io.StringIO(answer.text)))
        head = "strategy sessions open expired abandoned deals success_rate mean_discount mean_attempts"
        assert rows[0] == f"{head} currency deals_in_currency agreed sold revenue costed margin".split()
        counts = ["2", "0", "0", "1", "1", "50.00", "10.00", "0.50"]
        assert rows[1:] == [
            [key, *counts, *amounts]
            for key in ("moderate", "(all)")
            for amounts in (
                ["EUR", "1", "90.00", "1", "90.00", "1", "30.00"],
                ["JPY", "0", "0", "0", "0", "0", "0"],
            )
        ]

    def test_of_days_without_bargains_is_its_head_alone(
        self, client: FlaskClient, headers: dict[str, str]
    ) -> None:
        answer = ask(client, headers, format="csv")

        assert answer.status_code == 200
        assert len(answer.text.splitlines()) == 1

    def test_is_json_for_those_who_take_anything(self, client: FlaskClient, headers: dict[str, str]) -> None:
        answer = ask(client, {**headers, "Accept": "text/html, */*;q=0.1"})

        assert answer.mimetype == "application/json"

    def test_holds_no_formula(self) -> None:
        none = Money.zero("EUR")
        line = Line("=cmd|' /C calc'!A0", Tally(sessions=1), {"EUR": Amounts(0, none, 0, none, 0, none)})
        made = BargainReport(date(2026, 1, 1), date(2026, 2, 1), "category", (line,), Line(None))

        rows = list(csv.reader(io.StringIO(csv_rows(made))))

        assert rows[1][0] == "'=cmd|' /C calc'!A0"


class TestALine:
    def test_has_no_means_of_nothing(self) -> None:
        line = Line("moderate", Tally(sessions=2, open=2))

        assert (line.success_rate, line.mean_discount, line.mean_attempts) == (None, None, None)

    def test_rounds_means_to_hundredths(self) -> None:
        line = Line("moderate", Tally(sessions=3, deals=1, expired=2, attempts=4, discounts=Decimal("7.125")))

        assert line.success_rate == Decimal("33.33")
        assert line.mean_attempts == Decimal("1.33")
