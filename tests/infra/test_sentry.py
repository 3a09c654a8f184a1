import json
import subprocess
import sys
from typing import Any

import pytest
import sentry_sdk

from backend.config import ROOT, Settings
from backend.infra.sentry import configure, report, scrub

SECRET = "hunter2"


def reports(switch: str) -> list[dict[str, Any]]:
    """What a process sends: in this one, Sentry's integrations would stay for all other tests."""
    command = [sys.executable, "-m", "tests.infra.reporting_app", switch]
    done = subprocess.run(command, cwd=ROOT, input=SECRET, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stderr.splitlines()]


@pytest.fixture(scope="module")
def sent() -> list[dict[str, Any]]:
    return reports("on")


class TestReports:
    def test_an_exception_that_is_logged_is_sent_once(self, sent: list[dict[str, Any]]) -> None:
        (report,) = sent

        assert report["exception"]["values"][-1]["type"] == "LookupError"
        assert report["exception"]["values"][-1]["value"] == "the row is refused"

    def test_a_report_names_the_line_of_the_log_and_the_request(self, sent: list[dict[str, Any]]) -> None:
        assert sent[0]["tags"] == {"event": "unhandled_error", "request_id": "r1"}

    def test_a_report_holds_nothing_that_the_customer_sent(self, sent: list[dict[str, Any]]) -> None:
        assert sent[0]["request"] == {"method": "POST"}
        assert SECRET not in json.dumps(sent)
        assert "198.51.100.7" not in json.dumps(sent)

    def test_without_a_dsn_nothing_is_sent(self) -> None:
        assert reports("off") == []


class TestReport:
    @pytest.mark.parametrize("form", ["itself", "triple", "flag", "none"])
    def test_the_line_goes_on_to_the_log_as_it_was(self, form: str) -> None:
        error = LookupError("no slot")
        given = {"itself": error, "triple": (type(error), error, None), "flag": True, "none": None}[form]
        line = {"event": "it_failed", "level": "error", "exc_info": given}

        reported = report(None, "error", dict(line))

        assert reported == line


class TestScrub:
    def test_only_the_method_of_the_request_stays(self) -> None:
        event = {
            "request": {"method": "GET", "url": "https://x/y", "headers": {"Cookie": "a"}},
            "user": {"id": 1},
        }

        scrubbed = scrub(event, {})

        assert scrubbed == {"request": {"method": "GET"}}

    def test_a_row_that_the_database_shows_is_cut_off(self) -> None:
        text = 'duplicate key value violates "uq_users_email"\nDETAIL:  Key (email)=(a@example.com) already exists.'
        event = {
            "exception": {
                "values": [{"type": "UniqueViolation", "value": text}, {"type": "Bare", "value": None}]
            }
        }

        scrubbed = scrub(event, {})

        values = [value["value"] for value in scrubbed["exception"]["values"]]
        assert values == ['duplicate key value violates "uq_users_email"', ""]


class TestConfigure:
    def test_without_a_dsn_nothing_is_begun(self) -> None:
        configure(Settings(jwt_secret="x"))

        assert not sentry_sdk.is_initialized()
