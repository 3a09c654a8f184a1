"""A small application whose view fails; what would go to Sentry is printed as JSON lines (see test_sentry.py).

`SECRET` comes from standard input: lines of source are part of a report.
"""

import json
import logging as standard_logging
import sys

import structlog
from flask import Flask, request
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from backend.config import Settings
from backend.infra import logging, sentry

DSN = "https://key@reports.example/1"
SECRET = sys.stdin.read()

log = structlog.get_logger("small")


class PrintingTransport(Transport):
    """Implements the transport port."""

    def capture_envelope(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        if event is not None:
            sys.stderr.write(json.dumps(event, default=str) + "\n")


def refuse_row(word: str) -> None:
    """What the driver raises for a row that breaks a constraint."""
    raise LookupError(f"the row is refused\nDETAIL:  Failing row contains ({word}).")


def view() -> str:
    """Logged by us with its exception, without one, and by the standard library."""
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        log.error("without_exception", password=SECRET)
        try:
            refuse_row(request.json["password"])
        except LookupError:
            log.exception("unhandled_error")
            standard_logging.getLogger("library").exception("it failed")
    return "done"


def main(dsn: str | None) -> None:
    """Send one request that carries the secret in every place."""
    logging.configure(level="INFO", file=None)
    sentry.configure(Settings(jwt_secret="x", sentry_dsn=dsn), transport=PrintingTransport())
    app = Flask("small")
    app.add_url_rule("/fail", view_func=view, methods=["POST"])
    app.test_client().post(
        f"/fail?q={SECRET}",
        json={"password": SECRET},
        headers={"Authorization": f"Bearer {SECRET}", "Cookie": f"session={SECRET}"},
        environ_base={"REMOTE_ADDR": "198.51.100.7"},
    )


if __name__ == "__main__":
    main(DSN if sys.argv[1:] == ["on"] else None)
