"""What a shadow costs quoting: quotes a second and latency over HTTP, without one and with one of all quotes.

Turns alternate, so that both sides see the same machine. Afterwards the shadow must have seen each quote
that was answered meanwhile exactly once (compared or dropped), or the run fails.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Final

import svcs
from flask import Flask

from backend.cli import stores
from backend.domains.shadow.service import ShadowReport, ShadowService
from backend.factory import create_app
from backend.infra.closing import close_app
from backend.infra.postgres import db
from backend.infra.rule_files import folder_sources
from bench.consultants import ROOT, settings, week
from bench.http import WARM_UP_SECONDS, ask, quote_of, served
from bench.load import Result, drive, get, post

CLIENTS: Final = 16
TURNS: Final = 3
SECONDS: Final = 6.0
# Every process follows within two seconds, and stores what it found twice a second.
FOLLOWED_SECONDS: Final = 2.5


def main() -> int:
    """Print a line for each turn; 1 when an answer was an error or a quote was not counted once."""
    first, last = week(datetime.now(UTC))  # noqa: TID251 (a bench runs in real time)
    with served() as port:
        listed = ask(port, get(f"/api/bookings?from={first:%Y-%m-%d}&to={last:%Y-%m-%d}"))["items"]
        requests = [post("/api/quotes", quote_of(slot["slot_id"])) for slot in listed[:500]]
        app = create_app(stores.resolve(settings()))
        drive(port, requests, clients=2, seconds=WARM_UP_SECONDS)
        print(f"shadow: quotes from {CLIENTS} clients, {SECONDS:g} s a turn")
        print(f"  {'':12}{'per s':>9}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}  answers")
        good = [_turn(port, requests, app) for _ in range(TURNS)]
        close_app(app)
    return 0 if all(good) else 1


def _turn(port: int, requests: list[bytes], app: Flask) -> bool:
    without = _show("without", drive(port, requests, clients=CLIENTS, seconds=SECONDS))
    with app.app_context():
        _start()
        time.sleep(FOLLOWED_SECONDS)
        beside = _show("with", drive(port, requests, clients=CLIENTS, seconds=SECONDS))
        time.sleep(FOLLOWED_SECONDS)
        found = _stop()
    answered, seen = sum(beside.statuses.values()), found.tally.results.total()
    counts = ", ".join(f"{count} {result}" for result, count in found.tally.results.most_common())
    print(f"  {'':12}seen {seen} of {answered} quotes, by {found.processes} processes: {counts}", flush=True)
    return seen == answered and set(without.statuses) == set(beside.statuses) == {201}


def _show(what: str, result: Result) -> Result:
    percentiles = "".join(f"{result.percentile(percent):>9.1f}" for percent in (50, 95, 99))
    print(f"  {what:12}{result.rate:>9.1f}{percentiles}  {result.statuses}", flush=True)
    return result


def _start() -> None:
    """A shadow of the shipped rules with dearer evenings."""
    sources = folder_sources(ROOT / "rules")
    text, _, _ = sources["rules/peak_hours.yaml"].partition("\nscenarios:")
    sources["rules/peak_hours.yaml"] = text.replace("surcharge: 25%", "surcharge: 30%") + "\n"
    svcs.flask.get(ShadowService).start(
        sources=sources, note="a measurement", author="bench", lasts=timedelta(hours=1)
    )
    db.session.commit()


def _stop() -> ShadowReport:
    svcs.flask.get(ShadowService).stop(author="bench")
    db.session.commit()
    return svcs.flask.get(ShadowService).report()


if __name__ == "__main__":
    sys.exit(main())
