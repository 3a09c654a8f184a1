"""What is known of every request: its id, one line in the log, and its place in the metrics."""

import re
import time
from http import HTTPMethod
from typing import Final
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

from backend.infra import metrics

log = structlog.get_logger("backend.access")

HEADER: Final = "X-Request-Id"
_SANE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_METHODS: Final = frozenset(HTTPMethod)
# What probes and scrapers ask every few seconds, logged only at the level of debugging.
_QUIET: Final = frozenset({"/health", "/ready", "/metrics"})
NO_ROUTE: Final = "none"


def install(app: Flask) -> None:
    """Observe every request of `app`. Call it before other hooks: it begins first and ends last."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def _begin() -> None:
    g.began = time.perf_counter()
    g.request_id = _request_id()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    metrics.IN_PROGRESS.inc()


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.began
    method = request.method if request.method in _METHODS else "other"
    route = request.url_rule.rule if request.url_rule else NO_ROUTE
    metrics.REQUESTS.labels(method, route, f"{response.status_code // 100}xx").inc()
    metrics.DURATION.labels(method, route).observe(seconds)
    write = log.debug if route in _QUIET else log.info
    # The query string may hold what somebody typed; the route and the id say enough.
    write("request", method=method, route=route, status=response.status_code, ms=round(seconds * 1000, 1))
    response.headers[HEADER] = g.request_id
    return response


def _forget(_: BaseException | None) -> None:
    if "began" in g:
        metrics.IN_PROGRESS.dec()
    structlog.contextvars.clear_contextvars()


def _request_id() -> str:
    """The caller's own id when it is fit for a log line, else a new one."""
    given = request.headers.get(HEADER, "")
    return given if _SANE_ID.fullmatch(given) else uuid4().hex
