"""`/health`: the process answers. `/ready`: it can serve; what it depends on is checked in bounded time."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import marshmallow as ma
import structlog
import svcs

from backend.web.api import Blueprint
from backend.web.fields import Schema

log = structlog.get_logger(__name__)

TIME_LIMIT: Final = 1.0
KEPT_FOR: Final = 1.0

OK: Final = "ok"
DEGRADED: Final = "degraded"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Probe:
    """A check of one dependency; `needed` when nothing can be served without it.

    `check` answers details for the report (its own `status` included, if that is not "ok") or raises.
    """

    name: str
    check: Callable[[], Mapping[str, Any]]
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What the probes found: `status` is ok, degraded (it serves, not everything works) or failed."""

    status: str
    checks: Mapping[str, Mapping[str, Any]]

    @property
    def ready(self) -> bool:
        """Whether requests should be sent here."""
        return self.status != FAILED


class Readiness:
    """Runs the probes at the same time, each for a second at most; a report is good for a second."""

    def __init__(
        self,
        probes: Sequence[Probe],
        *,
        time_limit: float = TIME_LIMIT,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probes = tuple(probes)
        self._time_limit = time_limit
        self._ticks = ticks
        self._asking = threading.Lock()
        self._kept: tuple[float, Report] | None = None
        # Threads are made at the first report: after the server forked its workers.
        self._threads = ThreadPoolExecutor(2 * len(self._probes), thread_name_prefix="ready")

    def report(self) -> Report:
        """What the probes say, or said less than a second ago."""
        with self._asking:
            now = self._ticks()
            if self._kept is None or now - self._kept[0] >= KEPT_FOR:
                self._kept = (now, self._ask())
            return self._kept[1]

    def close(self) -> None:
        """Let the checks that run come to their end, and end the threads."""
        self._threads.shutdown()

    def _ask(self) -> Report:
        running = {probe: self._threads.submit(probe.check) for probe in self._probes}
        wait(running.values(), timeout=self._time_limit)
        checks = {probe.name: self._result(probe, future) for probe, future in running.items()}
        return Report(self._status(checks), checks)

    def _result(self, probe: Probe, future: "Future[Mapping[str, Any]]") -> Mapping[str, Any]:
        if not future.done():
            future.cancel()
            return {"status": FAILED, "why": f"no answer within {self._time_limit:g} s"}
        error = future.exception()
        if error is not None:
            # The text may name hosts and users: it goes to the log, not to whoever asks.
            log.warning("not_ready", check=probe.name, error=str(error))
            return {"status": FAILED, "why": type(error).__name__}
        return {"status": OK, **future.result()}

    def _status(self, checks: Mapping[str, Mapping[str, Any]]) -> str:
        if any(probe.needed and checks[probe.name]["status"] == FAILED for probe in self._probes):
            return FAILED
        return OK if all(check["status"] == OK for check in checks.values()) else DEGRADED


class HealthSchema(Schema):
    """The process answers."""

    status = ma.fields.String(required=True)


class ReadySchema(HealthSchema):
    """`status` is ok, degraded or failed; `checks` says so of each dependency."""

    checks = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Dict(keys=ma.fields.String()), required=True
    )


blueprint = Blueprint("operations", __name__, description="For probes and operators.")


@blueprint.get("/health")
@blueprint.response(HTTPStatus.OK, HealthSchema)
def health() -> dict[str, str]:
    """Whether this process answers; nothing else is asked."""
    return {"status": OK}


@blueprint.get("/ready")
@blueprint.response(HTTPStatus.OK, ReadySchema)
@blueprint.alt_response(HTTPStatus.SERVICE_UNAVAILABLE, schema=ReadySchema)
def ready() -> tuple[Report, HTTPStatus]:
    """Whether requests should be sent to this process, and what does not work."""
    report = svcs.flask.get(Readiness).report()
    return report, HTTPStatus.OK if report.ready else HTTPStatus.SERVICE_UNAVAILABLE
