"""/api/rules/shadow over HTTP."""

from typing import Any

import pytest
import svcs
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.domains.shadow.schemas import ShadowReportSchema, ShadowSchema
from backend.domains.shadow.service import SUBJECT
from backend.infra.audit import AuditLog
from backend.kernel.roles import Role
from tests.factories.rules import Colleague, dearer, edited
from tests.fakes.clock import FakeClock


def start(editor: Colleague, files: dict[str, Any] | None = None, **changes: Any) -> TestResponse:
    body = {"draft": editor.draft(files or dearer()), "minutes": 60, "note": "Evenings sell", **changes}
    return editor.post("/shadow", body)


def stop(colleague: Colleague) -> TestResponse:
    return colleague.client.delete("/api/rules/shadow", headers=colleague.headers)


class TestStart:
    def test_says_what_runs_until_when(self, editor: Colleague) -> None:
        answer = start(editor, sample=10)

        assert answer.status_code == 201
        ShadowSchema().load(answer.json)
        assert (answer.json["status"], answer.json["sample"]) == ("running", "10%")
        assert answer.json["author"] == editor.id
        assert answer.json["ends_at"] == "2026-12-07T10:00:00Z"

    def test_there_is_one_at_a_time(self, editor: Colleague) -> None:
        start(editor)

        second = start(editor, note="Another idea")

        assert second.status_code == 409
        assert "Another shadow runs until 2026-12-07 10:00 UTC" in second.json["detail"]

    def test_another_may_start_when_the_time_is_up(self, editor: Colleague, shared_clock: FakeClock) -> None:
        start(editor)
        shared_clock.advance(minutes=60)

        assert editor.get("/shadow").json["shadow"]["status"] == "ended"
        assert start(editor).status_code == 201

    def test_refuses_a_draft_that_cannot_be_read(self, editor: Colleague) -> None:
        answer = start(editor, edited("surcharge:", "surchrage:"))

        assert answer.status_code == 422
        assert "Did you mean 'surcharge'?" in answer.json["detail"]
        assert editor.get("/shadow").status_code == 404

    @pytest.mark.parametrize("changes", [{"minutes": 0}, {"minutes": 43_201}, {"sample": 0}, {"note": ""}])
    def test_refuses_what_is_out_of_range(self, editor: Colleague, changes: dict[str, Any]) -> None:
        answer = start(editor, **changes)

        assert answer.status_code == 422
        assert set(answer.json["errors"]) == set(changes)


class TestStop:
    def test_ends_it_and_keeps_its_report(self, editor: Colleague) -> None:
        start(editor)

        answer = stop(editor)

        assert answer.status_code == 200
        report = editor.get("/shadow").json
        assert report["shadow"] == answer.json
        assert (answer.json["status"], answer.json["ended_at"]) == ("stopped", "2026-12-07T09:00:00Z")

    def test_of_none_says_so(self, editor: Colleague) -> None:
        start(editor)
        stop(editor)

        assert stop(editor).status_code == 404


class TestReport:
    def test_is_for_analysts_too_and_begins_with_nothing(self, editor: Colleague, analyst: Colleague) -> None:
        start(editor)

        report = analyst.get("/shadow").json

        ShadowReportSchema().load(report)
        assert set(report["results"].values()) == {0}
        assert (report["processes"], report["stored_at"]) == (0, None)


class TestRoles:
    def test_analysts_and_customers_start_and_stop_nothing(
        self, editor: Colleague, analyst: Colleague, client: FlaskClient
    ) -> None:
        customer = Colleague.new(client, Role.CUSTOMER)
        body = {"draft": editor.draft(dearer()), "minutes": 60, "note": "mine"}

        answers = [who.post("/shadow", body).status_code for who in (analyst, customer)]
        stopped = [stop(who).status_code for who in (analyst, customer)]

        assert answers + stopped == [403] * 4
        assert customer.get("/shadow").status_code == 403

    def test_start_and_stop_are_in_the_audit_log(self, editor: Colleague) -> None:
        shadow = start(editor).json
        stop(editor)

        entries = svcs.flask.get(AuditLog).of(SUBJECT)
        (started, stopped) = [entry for entry in entries if "shadow" in entry.action]
        assert (started.action, started.actor_id) == ("rules.shadow_started", editor.id)
        assert started.after["version"] == shadow["version"]
        assert (stopped.action, stopped.before) == ("rules.shadow_stopped", {"shadow": shadow["id"]})
