"""What is counted, by its Prometheus name. Counting is cheap and never fails the work that it counts.

With several worker processes, `PROMETHEUS_MULTIPROC_DIR` must be in the environment, and its folder
must exist, before this module is imported: prometheus_client chooses then where it keeps the values.
"""

from pathlib import Path
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from prometheus_client.values import MutexValue, ValueClass

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS: Final = Counter(
    "http_requests_total", "Requests answered, by class of status (2xx).", ["method", "route", "status"]
)
DURATION: Final = Histogram(
    "http_request_duration_seconds", "Time from request to answer.", ["method", "route"], buckets=BUCKETS
)
IN_PROGRESS: Final = Gauge(
    "http_requests_in_progress", "Requests being worked on.", multiprocess_mode="livesum"
)
_RULES_FIRED: Final = Counter("rules_fired_total", "Rules that fired in an answer.", ["decision", "rule"])
_DISAGREEMENTS: Final = Counter(
    "matcher_disagreements_total", "Checked answers in which the two rule matchers differed."
)
_BOOKINGS: Final = Counter("bookings_total", "Bookings that entered a status.", ["status"])
_HOLDS: Final = Counter("holds_total", "Holds by what became of them.", ["outcome"])
_EVENTS_DROPPED: Final = Counter("events_dropped_total", "Behaviour events that could not be kept.")


def rule_fired(decision: str, rule: str) -> None:
    """A rule changed a price or refused something."""
    _RULES_FIRED.labels(decision, rule).inc()


def matchers_disagreed() -> None:
    """The two matchers gave different answers to the same facts."""
    _DISAGREEMENTS.inc()


def booking_entered(status: str) -> None:
    """A booking came into being with `status` or changed to it."""
    _BOOKINGS.labels(status).inc()


def hold_settled(outcome: str) -> None:
    """A hold was `made`, `refused`, `released`, `expired` or `booked`."""
    _HOLDS.labels(outcome).inc()


def events_dropped(count: int) -> None:
    """So many behaviour events were lost: the store failed, or the buffer was full."""
    _EVENTS_DROPPED.inc(count)


def shared() -> bool:
    """Whether the values are in files that all worker processes share."""
    return ValueClass is not MutexValue


def exposition(folder: Path | None, *also: Collector) -> bytes:
    """The values of all processes that write to `folder`, or of this one when None, and of `also`."""
    registry = CollectorRegistry()
    if folder is None:
        registry.register(REGISTRY)
    else:
        MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    for collector in also:
        registry.register(collector)
    return generate_latest(registry)


def forget_process(pid: int, folder: Path) -> None:
    """Take a process that ended out of the gauges (gunicorn's `child_exit`)."""
    mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]
