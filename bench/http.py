"""Requests a second and latency over HTTP: listing a week, quoting, listing fifty consultants for a week.

The product is started as `make run` starts it, on stores of the bench's own, and asked over keep-alive
connections from the same machine: server, clients and database share its cores, so the figures are for
comparing runs, not for planning capacity. Every answer must be below 400, or the run fails.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from backend.cli import stores
from backend.factory import create_app
from bench.consultants import ENOUGH, ENVIRONMENT, FOLDER, ROOT, ensure_enough, settings, week
from bench.load import Connection, Result, drive, get, post

CLIENTS: Final = (1, 16, 64)
FEW_CLIENTS: Final = (1, 4)
SECONDS: Final = 8.0
WARM_UP_SECONDS: Final = 2.0
READY_SECONDS: Final = 90
BAD: Final = 400


def main() -> int:
    """Print a line for each measurement; 1 when an answer was an error."""
    first, last = week(datetime.now(UTC))  # noqa: TID251 (a bench runs in real time)
    stretch = f"from={first:%Y-%m-%d}&to={last:%Y-%m-%d}"
    with served() as port:
        everything = ask(port, get(f"/api/bookings?{stretch}"))["items"]
        one = everything[0]["provider"]
        slots = [slot["slot_id"] for slot in everything if slot["provider"] == one]
        providers = len({slot["provider"] for slot in everything})
        print(f"http: a week of one consultant has {len(slots)} slots, of {providers} {len(everything)};")
        print(f"      {os.cpu_count()} processors, load before the run {os.getloadavg()[0]:.1f}\n")
        print(f"  {'':34}{'clients':>8}{'per s':>9}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}  answers")
        good = [
            measure(port, "list a week of one", [get(f"/api/bookings?provider={one}&{stretch}")], CLIENTS),
            measure(port, "quote a slot", [post("/api/quotes", quote_of(slot)) for slot in slots], CLIENTS),
            measure(port, f"list a week of {ENOUGH}", [get(f"/api/bookings?{stretch}")], FEW_CLIENTS),
        ]
    return 0 if all(good) else 1


def measure(port: int, what: str, requests: list[bytes], clients: tuple[int, ...]) -> bool:
    """A line of the table for each number of clients; whether every answer was a good one."""
    drive(port, requests, clients=2, seconds=WARM_UP_SECONDS)
    good = True
    for number in clients:
        result = drive(port, requests, clients=number, seconds=SECONDS)
        _print_line(what, number, result)
        good = good and max(result.statuses) < BAD
    return good


def _print_line(what: str, clients: int, result: Result) -> None:
    percentiles = "".join(f"{result.percentile(percent):>9.1f}" for percent in (50, 95, 99))
    print(f"  {what:34}{clients:>8}{result.rate:>9.1f}{percentiles}  {result.statuses}", flush=True)


@contextmanager
def served() -> Iterator[int]:
    """The product with enough consultants, served until the block ends; its port."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    with (FOLDER / "serve.log").open("wb") as log:
        command = [sys.executable, "-m", "backend.cli.serve"]
        environment = {**ENVIRONMENT, "PORT": str(port)}
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(port, server)
            ensure_enough(create_app(stores.resolve(settings())))
            yield port
        finally:
            server.terminate()
            server.wait(timeout=60)


def _wait_until_ready(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if Connection(port).send(get("/ready"))[0] == 200:
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"http: the server did not become ready; see {FOLDER / 'serve.log'}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def quote_of(slot: str) -> bytes:
    """The body that asks for a quote."""
    return json.dumps({"items": [{"slot_id": slot, "party": 1}]}).encode()


def ask(port: int, request: bytes) -> Any:
    """The JSON of one answer that must be good."""
    connection = Connection(port)
    status, body = connection.send(request)
    connection.close()
    if status >= BAD:
        sys.exit(f"http: {status} {body[:500]!r}")
    return json.loads(body)


if __name__ == "__main__":
    sys.exit(main())
