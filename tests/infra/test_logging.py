import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from backend.infra import logging as structured


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """Logging set up into a file; the test run's own logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    file = tmp_path / "logs" / "app.log"
    structured.configure(level="INFO", file=file)
    yield file
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines_of(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


class TestHideSecrets:
    @pytest.mark.parametrize(
        "name",
        ["password", "new_password", "access_token", "Authorization", "cookie", "api_key", "client_secret"],
    )
    def test_hides_values_under_names_of_secrets(self, name: str) -> None:
        shown = structured.hide_secrets(None, "info", {"event": "seen", name: "hunter2"})

        assert shown == {"event": "seen", name: "[hidden]"}

    def test_hides_passwords_inside_urls(self) -> None:
        event = {"event": "cannot reach postgresql://climbup:hunter2@db:5432/climbup"}

        shown = structured.hide_secrets(None, "info", event)

        assert shown["event"] == "cannot reach postgresql://climbup:[hidden]@db:5432/climbup"

    def test_hides_inside_nested_values(self) -> None:
        event = {
            "event": "called",
            "body": {"user": "a", "password": "hunter2", "urls": ["redis://:hunter2@cache/0"]},
        }

        shown = structured.hide_secrets(None, "info", event)

        assert shown["body"] == {"user": "a", "password": "[hidden]", "urls": ["redis://:[hidden]@cache/0"]}

    def test_leaves_everything_else(self) -> None:
        event = {"event": "booked", "booking": "bkg_1", "seats": 2, "paid": None}

        assert structured.hide_secrets(None, "info", dict(event)) == event


class TestConfigure:
    def test_writes_one_json_object_a_line_with_its_context(self, log_file: Path) -> None:
        structlog.contextvars.bind_contextvars(request_id="req_1")

        structlog.get_logger("test").info("booked", seats=2)

        (line,) = lines_of(log_file)
        assert line["event"] == "booked"
        assert line["seats"] == 2
        assert line["request_id"] == "req_1"
        assert line["level"] == "info"
        assert str(line["at"]).endswith("Z")

    def test_formats_the_messages_of_libraries_alike(self, log_file: Path) -> None:
        logging.getLogger("some.library").warning("slow query of %d ms", 900)

        (line,) = lines_of(log_file)
        assert line["event"] == "slow query of 900 ms"
        assert line["logger"] == "some.library"

    def test_hides_secrets_of_tracebacks_too(self, log_file: Path) -> None:
        def connect() -> None:
            raise ConnectionError("postgresql://climbup:hunter2@db/climbup refused")

        try:
            connect()
        except ConnectionError:
            structlog.get_logger("test").exception("store_unavailable")

        text = log_file.read_text()

        assert "ConnectionError" in text
        assert "hunter2" not in text

    def test_goes_on_in_a_new_file_after_rotation(self, log_file: Path) -> None:
        log = structlog.get_logger("test")
        log.info("before")
        log_file.rename(log_file.with_suffix(".1"))

        log.info("after")

        assert [line["event"] for line in lines_of(log_file)] == ["after"]
