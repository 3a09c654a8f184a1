import json
import subprocess
import sys
from typing import Any

import pytest

from backend.config import ROOT

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
