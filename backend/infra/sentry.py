"""Errors to Sentry, when `SENTRY_DSN` is set: what went wrong and where, never what a customer sent."""

import sys
from typing import Any, Final

import sentry_sdk
import structlog
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport

from backend.config import Settings

_KEPT_OF_REQUEST: Final = frozenset({"method"})


def configure(settings: Settings, *, transport: Transport | None = None) -> None:
    """Report what is logged with an exception at level error (see `report`); without a DSN, nothing.

    `transport` sends the reports, instead of HTTP.
    """
    if settings.sentry_dsn is None:
        return
    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        environment=settings.environment,
        transport=transport,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        before_send=scrub,
        # Our lines are structured: `report` hands on the exception itself, once.
        integrations=[LoggingIntegration(level=None, event_level=None)],
    )


def report(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Hand the exception of an error line to Sentry (a step of structlog's)."""
    error = _exception(event.get("exc_info"))
    if event.get("level") in {"error", "critical"} and error is not None:
        with sentry_sdk.new_scope() as scope:
            scope.set_tag("event", str(event.get("event")))
            scope.set_tag("request_id", event.get("request_id"))
            scope.capture_exception(error)
    return event


def _exception(given: Any) -> BaseException | None:
    """The exception in any of the forms that logging allows for `exc_info`."""
    if given is True:
        given = sys.exc_info()
    if isinstance(given, tuple):
        given = given[1]
    return given if isinstance(given, BaseException) else None


def scrub(event: Any, _: dict[str, Any]) -> Any:
    """Take out of a report what may name a customer: address, query, headers, cookies, refused rows."""
    request = event.get("request", {})
    for error in event.get("exception", {}).get("values", ()):
        error["value"] = _without_row(error.get("value") or "")
    event["request"] = {name: value for name, value in request.items() if name in _KEPT_OF_REQUEST}
    event.pop("user", None)
    return event


def _without_row(text: str) -> str:
    """PostgreSQL shows the row that it refuses in the part of its message called DETAIL."""
    return text.partition("\nDETAIL:")[0]
