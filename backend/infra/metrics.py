"""What is counted, by its Prometheus name. Counting is cheap and never fails the work that it counts.

With several worker processes, `PROMETHEUS_MULTIPROC_DIR` must be in the environment (not in `.env`):
prometheus_client looks there, when it is imported, for the folder that all processes keep their values in.
"""

import os
from pathlib import Path
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from backend.config import shared_metrics_dir
from backend.kernel.money import Money

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

FOLDER: Final = shared_metrics_dir()
if FOLDER is not None:
    FOLDER.mkdir(parents=True, exist_ok=True)

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
_PAYMENTS: Final = Counter("payments_total", "Payments that entered a state.", ["state"])
_HOLDS: Final = Counter("holds_total", "Holds by what was done with them.", ["outcome"])
_EVENTS_DROPPED: Final = Counter("events_dropped_total", "Behaviour events that could not be kept.")
_RATES_REFRESHED: Final = Counter(
    "currency_refreshes_total", "Refreshes of exchange rates, by what became of them.", ["result"]
)
_MAILS: Final = Counter("mails_total", "Mails by what they tell and what became of them.", ["kind", "result"])
_BACKTEST_SECONDS: Final = Histogram(
    "rule_backtest_duration_seconds",
    "Time that a back-test of the rules took.",
    buckets=(1, 2.5, 5, 10, 30, 60, 120, 300, 600),
)
_SHADOW_QUOTES: Final = Counter(
    "shadow_quotes_total", "Quotes seen by a shadow of the rules, by what it would change.", ["result"]
)
_SHADOW_DIFFERENCE: Final = Counter(
    "shadow_difference_minor_total",
    "By how much a shadow would change prices, in minor units, dearer and cheaper ones apart.",
    ["currency", "direction"],
)

_BARGAIN_SAID: Final = Counter(
    "bargain_words_total",
    "Answers of bargains that a language model was to word, by outcome.",
    ["outcome"],
)
_BARGAINS: Final = Counter(
    "bargains_ended_total", "Bargains that ended, by strategy and end.", ["strategy", "outcome"]
)
_LEDGER_ENTRIES: Final = Counter("ledger_entries_total", "Entries posted to the ledger.", ["kind"])
STREAMS_OPEN: Final = Gauge("event_streams_open", "Event streams that are open.", multiprocess_mode="livesum")
STREAMS_ENDED: Final = Counter(
    "event_streams_ended_total",
    "Event streams that ended: nothing can follow (`over`), the client `left` or was too `slow`, or a process"
    " `stopped`.",
    ["reason"],
)
STREAM_EVENTS: Final = Counter("event_stream_events_total", "Events sent to streams, by name.", ["event"])


def rule_fired(decision: str, rule: str) -> None:
    """A rule changed a price or refused something."""
    _RULES_FIRED.labels(decision, rule).inc()


def matchers_disagreed() -> None:
    """The two matchers gave different answers to the same facts."""
    _DISAGREEMENTS.inc()


def booking_entered(status: str) -> None:
    """A booking came into being with `status` or changed to it."""
    _BOOKINGS.labels(status).inc()


def payment_entered(state: str) -> None:
    """A payment came into a state."""
    _PAYMENTS.labels(state).inc()


def hold_settled(outcome: str, count: int = 1) -> None:
    """A hold was `made`, `refused` (the slot was taken), `released` by its owner, or `expired`."""
    _HOLDS.labels(outcome).inc(count)


def events_dropped(count: int) -> None:
    """So many behaviour events were lost: the store failed, or the buffer was full."""
    _EVENTS_DROPPED.inc(count)


def rates_refreshed(result: str) -> None:
    """The feed of exchange rates was `stored`, `unchanged`, `refused`, or `unreachable`."""
    _RATES_REFRESHED.labels(result).inc()


def mail_settled(kind: str, result: str) -> None:
    """A mail was `sent`, or `refused` for good; a try that failed is not counted."""
    _MAILS.labels(kind, result).inc()


def shadow_compared(result: str, difference: Money) -> None:
    """A shadow of the rules priced a quote: `result` names what it would change, `difference` by how much."""
    _SHADOW_QUOTES.labels(result).inc()
    if result in {"dearer", "cheaper"}:
        _SHADOW_DIFFERENCE.labels(difference.currency, result).inc(abs(difference.minor))


def shadow_failed() -> None:
    """A shadow of the rules could not price a quote."""
    _SHADOW_QUOTES.labels("failed").inc()


def shadow_dropped() -> None:
    """A quote was not compared with a shadow: too many waited."""
    _SHADOW_QUOTES.labels("dropped").inc()


def backtest_done(seconds: float) -> None:
    """A back-test of the rules was finished in so many seconds."""
    _BACKTEST_SECONDS.observe(seconds)


def ledger_posted(kind: str) -> None:
    """An entry of this kind (`charge`, `refund` …) was posted to the ledger."""
    _LEDGER_ENTRIES.labels(kind).inc()


def bargain_said(outcome: str) -> None:
    """A model's words were `spoken`; else it says why plain ones were: `late`, `resting`, `unfit` …"""
    _BARGAIN_SAID.labels(outcome).inc()


def bargain_ended(strategy: str, outcome: str) -> None:
    """A bargain came to its end: `accepted`, `expired` or `abandoned`."""
    _BARGAINS.labels(strategy, outcome).inc()


def exposition(*also: Collector) -> bytes:
    """The values of this process, or of all that share its folder, and of `also`, in the text format."""
    shown = registry()
    for collector in also:
        shown.register(collector)
    return generate_latest(shown)


def registry() -> CollectorRegistry:
    """A registry with the values of this process, or of all that share its folder."""
    shown = CollectorRegistry()
    if FOLDER is None:
        shown.register(REGISTRY)
    else:
        MultiProcessCollector(shown, path=str(FOLDER))  # type: ignore[no-untyped-call]
    return shown


def forget_ended(folder: Path) -> None:
    """Remove what processes of former runs left in the shared folder."""
    for file in folder.glob("*_*.db"):
        if not _runs(int(file.stem.rpartition("_")[2])):
            file.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
