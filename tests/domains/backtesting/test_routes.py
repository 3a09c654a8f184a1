"""/api/rules/backtest: asked for, followed, read, cancelled; and the job that does the work."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from backend import wiring
from backend.cli.worker import work
from backend.config import ROOT
from backend.domains.backtesting.history import QuoteText
from backend.domains.backtesting.jobs import BacktestRun
from backend.domains.backtesting.jobs import backtest as run_job
from backend.domains.backtesting.models import RuleBacktest, State
from backend.domains.rules.publishing import RulePublishing
from backend.domains.rules.service import RulesService
from backend.infra.clock import Clock, SystemClock
from backend.infra.postgres import db
from backend.kernel.roles import Role
from tests.conftest import Stores, make_settings
from tests.domains.backtesting.books import record
from tests.factories.apps import running_app
from tests.factories.bookings import Customer, make_consultant, next_week

PEAK = (ROOT / "rules" / "peak_hours.yaml").read_text().partition("scenarios:")[0] + "scenarios: []\n"
EVERY_HOUR = PEAK.replace(
    "rules:\n",
    "rules:\n  - {id: always-dearer, about: Dearer., when: {kind: slot}, then: {surcharge: 10%}}\n",
    1,
)
FOREVER = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}


def body(**changes: Any) -> dict[str, Any]:
    version = svcs.flask.get(RulesService).rulebook().version
    draft = {"based_on": version, "files": {"rules/peak_hours.yaml": EVERY_HOUR}}
    return {"draft": draft, **FOREVER, **changes}


@dataclass(frozen=True)
class CancelledMeanwhile:
    """A history during the reading of which somebody cancels the back-test."""

    backtest_id: str

    def stream(self, *, start: datetime, end: datetime) -> Iterator[QuoteText]:
        db.session.execute(
            text("UPDATE rule_backtests SET state = 'cancelled', finished_at = now() WHERE id = :id"),
            {"id": self.backtest_id},
        )
        case = json.dumps(dict(record().case))
        return iter([QuoteText("quo_1", start, case, accepted=False)])


@pytest.fixture
def analyst(app: Flask, client: FlaskClient) -> Customer:
    return Customer.new(client, roles=[Role.ANALYST])


def quoted(customer: Customer) -> None:
    """One quote of 100.00 EUR."""
    customer.quote(customer.slots(make_consultant())[0]["slot_id"])


class TestABacktest:
    def test_is_done_by_a_job_and_read_as_json_page_and_table(self, analyst: Customer) -> None:
        quoted(analyst)
        asked = analyst.post("/api/rules/backtest", body(by=["weekday"]))
        run_job(backtest_id=asked.json["id"])

        found = analyst.get(f"/api/rules/backtests/{asked.json['id']}")
        html = analyst.get(f"/api/rules/backtests/{asked.json['id']}?format=html")
        csv = analyst.get(f"/api/rules/backtests/{asked.json['id']}?format=csv")

        assert asked.status_code == 202
        assert (asked.json["state"], asked.json["total"]) == ("waiting", 1)
        assert (found.json["state"], found.json["done"]) == ("done", 1)
        assert found.json["result"]["counts"]["dearer"] == 1
        assert [segment["fact"] for segment in found.json["result"]["segments"]] == ["weekday"]
        assert html.mimetype == "text/html"
        assert "style-src 'unsafe-inline'" in html.headers["Content-Security-Policy"]
        assert csv.mimetype == "text/csv"
        assert csv.get_data(as_text=True).startswith("fact,value,")

    def test_has_no_report_until_it_is_done(self, analyst: Customer) -> None:
        asked = analyst.post("/api/rules/backtest", body())

        answer = analyst.get(f"/api/rules/backtests/{asked.json['id']}?format=html")

        assert answer.status_code == 409
        assert "0 of 0 quotes priced" in answer.json["detail"]

    def test_is_not_run_once_it_is_cancelled(self, analyst: Customer) -> None:
        asked = analyst.post("/api/rules/backtest", body())
        cancelled = analyst.delete(f"/api/rules/backtests/{asked.json['id']}")
        run_job(backtest_id=asked.json["id"])

        found = analyst.get(f"/api/rules/backtests/{asked.json['id']}")
        again = analyst.delete(f"/api/rules/backtests/{asked.json['id']}")

        assert cancelled.json["state"] == "cancelled"
        assert (found.json["state"], found.json["result"]) == ("cancelled", None)
        assert again.status_code == 409

    def test_is_begun_anew_after_its_worker_died(self, analyst: Customer) -> None:
        quoted(analyst)
        asked = analyst.post("/api/rules/backtest", body())
        row = db.session.get(RuleBacktest, asked.json["id"])
        assert row is not None
        row.state, row.done = State.RUNNING, 1
        db.session.commit()

        run_job(backtest_id=asked.json["id"])
        run_job(backtest_id=asked.json["id"])

        found = analyst.get(f"/api/rules/backtests/{asked.json['id']}")
        assert (found.json["state"], found.json["done"]) == ("done", 1)

    def test_stops_when_it_is_cancelled_on_the_way(self, analyst: Customer) -> None:
        asked = analyst.post("/api/rules/backtest", body())
        run = BacktestRun(
            session=db.session,
            clock=svcs.flask.get_abstract(Clock),
            publishing=svcs.flask.get(RulePublishing),
            quotes=CancelledMeanwhile(asked.json["id"]),  # type: ignore[arg-type]
        )

        run.run(backtest_id=asked.json["id"])

        found = analyst.get(f"/api/rules/backtests/{asked.json['id']}").json
        assert (found["state"], found["result"]) == ("cancelled", None)

    @pytest.mark.parametrize(
        ("changes", "status", "words"),
        [
            ({"to": "2019-01-01T00:00:00Z"}, 422, "ends before it begins"),
            ({"by": ["wether"]}, 422, "'wether'"),
            ({"draft": {"based_on": f"sha256:{'0' * 64}", "files": {}}}, 404, "no release"),
        ],
    )
    def test_is_refused_in_words(
        self, analyst: Customer, changes: dict[str, Any], status: int, words: str
    ) -> None:
        answer = analyst.post("/api/rules/backtest", body(**changes))

        assert answer.status_code == status
        assert words in answer.json["detail"]

    def test_of_a_bad_draft_is_refused_with_the_place(self, analyst: Customer) -> None:
        asked = body()
        asked["draft"]["files"] = {"rules/peak_hours.yaml": PEAK.replace("surcharge: 25%", "surchrage: 25%")}

        answer = analyst.post("/api/rules/backtest", asked)

        assert answer.status_code == 422
        assert "Did you mean 'surcharge'?" in answer.json["detail"]

    def test_is_for_those_who_work_on_rules(self, app: Flask, client: FlaskClient) -> None:
        customer = Customer.new(client)

        answers = [customer.post("/api/rules/backtest", body()), customer.get("/api/rules/backtests/rbt_1")]

        assert [answer.status_code for answer in answers] == [403, 403]

    def test_that_nobody_asked_for_is_unknown(self, analyst: Customer) -> None:
        answers = [analyst.get("/api/rules/backtests/rbt_1"), analyst.delete("/api/rules/backtests/rbt_1")]

        assert [answer.status_code for answer in answers] == [404, 404]


class TestTheWorker:
    def test_runs_what_was_asked_for_over_http(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            now = SystemClock().now()
            analyst = Customer.new(app.test_client(), roles=[Role.ANALYST])
            analyst.quote(analyst.slots(make_consultant(), day=next_week(now))[0]["slot_id"])
            asked = analyst.post("/api/rules/backtest", body())

            asyncio.run(work(app, wiring.tasks(), settings=make_settings(own_stores), wait=False))

            found = analyst.get(f"/api/rules/backtests/{asked.json['id']}").json
            assert (found["state"], found["done"], found["total"]) == ("done", 1, 1)
