"""Proposals: who may do what with them, and that each is settled once."""

from collections.abc import Iterator
from typing import Any

import pytest
import svcs
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from backend.domains.rules.models import RuleProposal
from backend.domains.rules.service import RulesService
from backend.infra.audit import AuditLog
from backend.infra.postgres import db
from backend.kernel.roles import Role
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.rules import Colleague, dearer, edited

SETTLED = {"settled_at": NOW, "settled_by": RuleProposal.author}


class TestProposing:
    def test_leaves_what_is_served_and_shows_the_editor_what_would_change(
        self, analyst: Colleague, editor: Colleague
    ) -> None:
        before = editor.served()

        made = analyst.propose(dearer())
        review = editor.get(f"/proposals/{made.json['id']}").json

        assert (made.status_code, made.json["status"]) == (201, "open")
        assert review["diff"]["changes"][1]["what"] == ["surcharge 25% → 30%"]
        assert review["check"]["ok"] is True
        assert editor.served() == before

    def test_of_a_broken_draft_is_refused(self, analyst: Colleague) -> None:
        answer = analyst.propose(edited("surcharge: 25%", "surchrage: 25%"))

        assert answer.status_code == 422
        assert analyst.get("/proposals").json["items"] == []

    def test_of_nothing_is_refused(self, analyst: Colleague) -> None:
        assert analyst.propose({}).status_code == 422

    def test_lists_those_of_a_status_by_pages(self, analyst: Colleague) -> None:
        made = [analyst.propose(dearer(percent)).json["id"] for percent in (30, 35, 40)]
        analyst.post(f"/proposals/{made[0]}/withdraw")

        page = analyst.get("/proposals?status=open&limit=1").json
        rest = analyst.get(f"/proposals?status=open&limit=1&cursor={page['next']}").json

        assert [item["id"] for item in page["items"] + rest["items"]] == [made[2], made[1]]
        assert rest["next"] is None


class TestSettling:
    def test_publishes_it_with_its_note(self, analyst: Colleague, editor: Colleague) -> None:
        made = analyst.propose(dearer()).json

        answer = editor.post(f"/proposals/{made['id']}/publish")

        settled = editor.get(f"/proposals/{made['id']}").json["proposal"]
        assert (answer.status_code, answer.json["note"]) == (201, made["note"])
        assert editor.served() == made["version"]
        assert (settled["status"], settled["settled_by"]) == ("published", editor.id)
        assert settled["publication"] == answer.json["number"]

    def test_declines_it_with_a_reason(self, analyst: Colleague, editor: Colleague) -> None:
        made = analyst.propose(dearer()).json

        answer = editor.post(f"/proposals/{made['id']}/decline", {"reason": "Not before the holidays"})

        assert (answer.json["status"], answer.json["reason"]) == ("declined", "Not before the holidays")

    def test_is_not_for_analysts(self, analyst: Colleague) -> None:
        made = analyst.propose(dearer()).json

        answers = [
            analyst.post(f"/proposals/{made['id']}/publish"),
            analyst.post(f"/proposals/{made['id']}/decline", {"reason": "No"}),
        ]

        assert [answer.status_code for answer in answers] == [403, 403]

    def test_only_its_author_withdraws_it(self, analyst: Colleague, editor: Colleague) -> None:
        made = analyst.propose(dearer()).json

        refused = editor.post(f"/proposals/{made['id']}/withdraw")
        done = analyst.post(f"/proposals/{made['id']}/withdraw")

        assert (refused.status_code, done.status_code) == (403, 200)

    def test_happens_once(self, analyst: Colleague, editor: Colleague) -> None:
        made = analyst.propose(dearer()).json
        analyst.post(f"/proposals/{made['id']}/withdraw")

        late = editor.post(f"/proposals/{made['id']}/publish")

        assert late.status_code == 409
        assert "withdrawn already" in late.json["detail"]

    def test_of_one_whose_base_is_served_no_more_shows_what_changed(
        self, analyst: Colleague, editor: Colleague
    ) -> None:
        made = analyst.propose(dearer(40)).json
        editor.publish(dearer(30))

        late = editor.post(f"/proposals/{made['id']}/publish")

        assert late.status_code == 409
        assert "surcharge 25% → 30%" in late.json["published_meanwhile"][1]
        assert editor.get(f"/proposals/{made['id']}").json["proposal"]["status"] == "open"

    def test_each_step_is_audited(self, analyst: Colleague, editor: Colleague) -> None:
        made = analyst.propose(dearer()).json
        editor.post(f"/proposals/{made['id']}/publish")

        steps = [(entry.action, entry.actor_id) for entry in svcs.flask.get(AuditLog).of("rules")[-3:]]

        assert steps == [
            ("rules.proposed", analyst.id),
            ("rules.published", editor.id),
            ("rules.proposal_published", editor.id),
        ]

    def test_unknown_ones_are_not_found(self, editor: Colleague) -> None:
        answers = [editor.get("/proposals/rpr_nothing"), editor.post("/proposals/rpr_nothing/publish")]

        assert [answer.status_code for answer in answers] == [404, 404]

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"note": "Something else"}, id="its text"),
            pytest.param(SETTLED | {"status": "published"}, id="published without a publication"),
            pytest.param(SETTLED | {"status": "declined"}, id="declined without a reason"),
        ],
    )
    def test_the_database_forbids_to_change_anything_else(
        self, analyst: Colleague, change: dict[str, Any]
    ) -> None:
        made = analyst.propose(dearer()).json

        with pytest.raises(DBAPIError), db.session.begin_nested():
            db.session.execute(update(RuleProposal).where(RuleProposal.id == made["id"]).values(change))

        assert analyst.get(f"/proposals/{made['id']}").json["proposal"]["note"] == made["note"]


class TestTheSecondPerson:
    @pytest.fixture
    def office(self, own_stores: Stores) -> Iterator[Flask]:
        """An application in which nobody publishes alone, with the shipped rules."""
        with running_app(own_stores, rules_second_person=True) as app, app.app_context():
            svcs.flask.get(RulesService).rulebook()
            yield app

    def test_must_publish_what_another_proposed(self, office: Flask) -> None:
        ada, grace = (Colleague.new(office.test_client(), Role.RULE_EDITOR) for _ in range(2))
        made = ada.propose(dearer()).json

        alone = ada.publish(dearer())
        by_its_author = ada.post(f"/proposals/{made['id']}/publish")
        by_another = grace.post(f"/proposals/{made['id']}/publish")

        assert alone.status_code == 409
        assert "POST /api/rules/proposals" in alone.json["detail"]
        assert by_its_author.status_code == 403
        assert by_another.status_code == 201

    def test_is_not_needed_to_roll_back(self, office: Flask) -> None:
        ada, grace = (Colleague.new(office.test_client(), Role.RULE_EDITOR) for _ in range(2))
        before = ada.served()
        grace.post(f"/proposals/{ada.propose(dearer()).json['id']}/publish")

        answer = ada.post("/rollback", {"to": before, "note": "Customers complained"})

        assert answer.status_code == 201

    def test_is_asked_for_on_the_command_line_too(self, office: Flask) -> None:
        done = office.test_cli_runner().invoke(args=["rules", "publish", "--note", "alone"])

        assert done.exit_code == 1
        assert "a second person publishes" in done.output
