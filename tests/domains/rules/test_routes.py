"""/api/rules over HTTP."""

import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient

from backend.infra.audit import AuditLog
from backend.kernel.roles import Role
from tests.factories.rules import PEAK_HOURS, SHIPPED, Colleague, contradictory, dearer, edited


class TestReading:
    def test_shows_what_is_served(self, analyst: Colleague) -> None:
        answer = analyst.get("").json

        peak = next(one for one in answer["decisions"] if one["name"] == "peak_hours")
        assert PEAK_HOURS in answer["files"]
        assert (peak["owner"], peak["hit_policy"], peak["rules"]) == ("revenue team", "collect", 3)
        assert answer["problems"] == []

    def test_shows_a_file_which_need_not_be_sent_twice(self, analyst: Colleague) -> None:
        first = analyst.get(f"/files/{PEAK_HOURS}")
        again = analyst.get(f"/files/{PEAK_HOURS}", If_None_Match=first.headers["ETag"])

        assert first.json["text"] == SHIPPED[PEAK_HOURS]
        assert (again.status_code, again.data) == (304, b"")

    def test_names_the_files_there_are_when_asked_for_another(self, analyst: Colleague) -> None:
        answer = analyst.get("/files/rules/peek_hours.yaml")

        assert answer.status_code == 404
        assert PEAK_HOURS in answer.json["detail"]

    def test_shows_a_file_as_an_earlier_release_had_it(self, editor: Colleague) -> None:
        first = editor.get("/history").json["items"][0]["number"]
        editor.publish(dearer())

        then = editor.get(f"/files/{PEAK_HOURS}?release={first}").json
        now = editor.get(f"/files/{PEAK_HOURS}").json

        assert "surcharge: 25%" in then["text"]
        assert "surcharge: 30%" in now["text"]

    def test_lists_publications_by_pages(self, editor: Colleague) -> None:
        editor.publish(dearer(30))
        editor.publish(dearer(35))

        page = editor.get("/history?limit=2").json
        rest = editor.get(f"/history?limit=2&cursor={page['next']}").json

        numbers = [item["number"] for item in page["items"] + rest["items"]]
        assert len(numbers) == 3
        assert numbers == sorted(numbers, reverse=True)
        assert rest["next"] is None

    def test_is_not_for_customers(self, app: Flask, client: FlaskClient) -> None:
        customer = Colleague.new(client, Role.CUSTOMER)

        answers = [
            customer.get(path) for path in ("", f"/files/{PEAK_HOURS}", "/history", "/releases/served")
        ]

        assert [answer.status_code for answer in answers] == [403] * 4


class TestChecking:
    def test_says_that_a_good_draft_may_be_published(self, analyst: Colleague) -> None:
        answer = analyst.post("/check", {"draft": analyst.draft(dearer())})

        assert answer.json["ok"] is True
        assert answer.json["problems"] == []
        assert answer.json["version"].startswith("sha256:")

    def test_tells_every_mistake_with_its_place(self, analyst: Colleague) -> None:
        files = edited("surcharge: 25%", "surchrage: 25%")

        answer = analyst.post("/check", {"draft": analyst.draft(files)}).json

        (problem,) = answer["problems"]
        assert (answer["ok"], answer["version"]) == (False, None)
        assert (problem["file"], problem["line"]) == (PEAK_HOURS, 14)
        assert "Did you mean 'surcharge'?" in problem["message"]

    def test_tells_findings_with_a_case_that_shows_them(self, analyst: Colleague) -> None:
        files = contradictory()

        answer = analyst.post("/check", {"draft": analyst.draft(files)}).json

        assert [finding["rules"] for finding in answer["findings"]] == [["saturday-daytime"]]
        assert answer["findings"][0]["file"] == PEAK_HOURS

    def test_a_file_may_be_left_out(self, analyst: Colleague) -> None:
        answer = analyst.post("/check", {"draft": analyst.draft({PEAK_HOURS: None})})

        assert answer.json["ok"] is True

    @pytest.mark.parametrize(
        "files",
        [
            pytest.param({"../etc/passwd": "x"}, id="a name outside the folder"),
            pytest.param({"rules/peak.txt": "x"}, id="a name of no rule file"),
            pytest.param({"rules/a.yaml": 3}, id="no text"),
        ],
    )
    def test_refuses_what_is_no_draft(self, analyst: Colleague, files: dict[str, object]) -> None:
        answer = analyst.post("/check", {"draft": analyst.draft(files)})

        assert answer.status_code == 422
        assert "files" in answer.json["errors"]["draft"]

    def test_a_draft_on_an_unknown_release_is_refused(self, analyst: Colleague) -> None:
        answer = analyst.post("/check", {"draft": analyst.draft({}, based_on=f"sha256:{'0' * 64}")})

        assert answer.status_code == 404


class TestComparing:
    def test_tells_a_draft_from_its_base_in_words(self, analyst: Colleague) -> None:
        answer = analyst.post("/diff", {"draft": analyst.draft(dearer())}).json

        assert [(change["rule"], change["what"]) for change in answer["changes"]] == [
            ("", ["scenarios: 1 changed"]),
            ("weekday-evening", ["surcharge 25% → 30%"]),
        ]

    def test_compares_two_releases(self, editor: Colleague) -> None:
        before = editor.served()
        editor.publish(dearer())

        answer = editor.post("/diff", {"before": before, "after": "served"}).json

        assert (answer["before"], answer["after"]) == (before, editor.served())
        assert "surcharge 25% → 30%" in answer["changes"][1]["text"]

    def test_wants_two_sides(self, analyst: Colleague) -> None:
        assert analyst.post("/diff", {"before": "served"}).status_code == 422


class TestPublishing:
    def test_serves_the_draft_and_notes_who_did_it(self, editor: Colleague) -> None:
        before = editor.served()

        answer = editor.publish(dearer())

        assert answer.status_code == 201
        assert (answer.json["kind"], answer.json["author"], answer.json["previous"]) == (
            "publish",
            editor.id,
            before,
        )
        assert editor.served() == answer.json["version"]
        assert svcs.flask.get(AuditLog).of("rules")[-1].action == "rules.published"

    def test_is_not_for_analysts(self, analyst: Colleague) -> None:
        assert analyst.publish(dearer()).status_code == 403

    def test_on_a_base_that_others_have_left_shows_both_changes(self, editor: Colleague) -> None:
        base = editor.served()
        editor.publish(dearer(30))

        late = editor.publish(dearer(40), based_on=base)

        assert late.status_code == 409
        assert "surcharge 25% → 30%" in late.json["published_meanwhile"][1]
        assert "surcharge 30% → 40%" in late.json["diff"][1]
        assert late.json["current"] == editor.served()

    def test_of_a_broken_draft_changes_nothing(self, editor: Colleague) -> None:
        before = editor.served()

        answer = editor.publish(edited("surcharge: 25%", "surchrage: 25%"))

        assert answer.status_code == 422
        assert "Did you mean 'surcharge'?" in answer.json["problems"][0]
        assert editor.served() == before

    def test_of_rules_that_contradict_each_other_is_refused_with_the_finding(self, editor: Colleague) -> None:
        answer = editor.publish(contradictory())

        assert answer.status_code == 422
        assert "saturday-daytime" in answer.json["problems"][0]

    def test_of_what_is_served_already_is_refused(self, editor: Colleague) -> None:
        answer = editor.publish({})

        assert answer.status_code == 422
        assert "nothing to publish" in answer.json["detail"]


class TestRollingBack:
    def test_serves_an_earlier_release_again(self, editor: Colleague) -> None:
        before = editor.served()
        editor.publish(dearer())

        answer = editor.post("/rollback", {"to": before, "note": "Customers complained"})

        assert (answer.status_code, answer.json["kind"]) == (201, "rollback")
        assert editor.served() == before

    def test_can_hold_on_when_others_published_meanwhile(self, editor: Colleague) -> None:
        first = editor.served()
        editor.publish(dearer(30))
        seen = editor.served()
        editor.publish(dearer(35))

        body = {"to": first, "note": "Customers complained", "expected_current": seen}
        answer = editor.post("/rollback", body)

        assert answer.status_code == 409

    def test_to_an_unknown_release_is_refused(self, editor: Colleague) -> None:
        assert editor.post("/rollback", {"to": "999999", "note": "oops"}).status_code == 404
