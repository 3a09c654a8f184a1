"""1,000 people watch their bargains while 200 offers a second are made, and a web process is killed.

Server (three processes, with its log), clients, PostgreSQL (fsync on) and Valkey share the
cores of one machine. Offers are due by the clock: one that waits for those before it has waited. Exits with
1 when an event is lost, doubled or out of order, when an offer gets no good answer, or when the 95th
percentile of offers is 250 ms or more.
"""

import asyncio
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Final

import svcs
from flask import Flask
from sqlalchemy import func, select

from backend.domains.bargain.models import BargainOffer
from backend.domains.bargain.starting import BargainStart
from backend.domains.identity.models import UserRow
from backend.domains.pricing.wanted import Item
from backend.infra import logging
from backend.infra.clock import SystemClock
from backend.infra.postgres import db
from bench.event_clients import Haggler, Offers, haggle, watch
from bench.fresh import fresh_stores
from bench.processors import spent, told
from tests.factories.apps import running_app
from tests.factories.bookings import make_newcomers
from tests.factories.haggling import make_bargain_goods
from tests.races.server import web_server

PEOPLE: Final = 1_000
# More than the three of the product, so that 1,000 sessions are enough for half a minute.
ROUNDS: Final = 6
RATE: Final = 200.0  # another one: `python -m bench.bargain_streams 50`
# One more than cores: when one is killed, the others still use both.
WORKERS: Final = 3
CLIENTS: Final = 32
# Not all at once: a process that is still starting takes none of them.
OPENED_A_SECOND: Final = 100.0
LIMIT_MS: Final = 250.0
PATIENCE_SECONDS: Final = 60.0
# After a process was killed its place is empty for a while.
AFTERMATH_SECONDS: Final = 8.0
FILES: Final = 8_192


def main(rate: float = RATE) -> int:
    """Watch, haggle at `rate` offers a second, kill, and say what came of it."""
    logging.configure(level="ERROR", file=None)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, most), most))
    with fresh_stores("bench_streams") as stores, running_app(stores, bargain_attempts=ROUNDS) as app:
        with app.app_context():
            hagglers = _sessions(app)
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "server.log"
            with web_server(stores, log, MAX_BARGAIN_ATTEMPTS=str(ROUNDS), WEB_WORKERS=str(WORKERS)) as (
                address,
                master,
            ):
                port = int(address.rpartition(":")[2])
                run = asyncio.run(_Run(port, master, hagglers, rate).go())
        with app.app_context():
            stored = db.session.scalar(select(func.count()).select_from(BargainOffer))
    good = [_offers_are_good(run), _all_resumed(run, hagglers), _events_are_whole(hagglers, stored or 0)]
    return 0 if all(good) else 1


def _sessions(app: Flask) -> list[Haggler]:
    """An open session for each of the people, who come from different addresses."""
    product = make_bargain_goods(stock=10 * PEOPLE)
    headers = make_newcomers(app, count=PEOPLE)
    ids = {email: user_id for email, user_id in db.session.execute(select(UserRow.email, UserRow.id))}  # noqa: C416 (a result is no mapping)
    start, clock = svcs.flask.get(BargainStart), SystemClock()
    hagglers = []
    for number, header in enumerate(headers):
        view, _ = start.start(
            user_id=ids[f"newcomer{number}@example.com"],
            item=Item(product_id=product.id, slot_id=None),
            strategy=None,
            address=f"10.1.{number // 250}.{number % 250}",
            now=clock.now(),
        )
        db.session.commit()
        hagglers.append(Haggler(view.id, header["Authorization"]))
    return hagglers


class _Run:
    """One measurement."""

    def __init__(self, port: int, master: int, hagglers: Sequence[Haggler], rate: float) -> None:
        self._port = port
        self._master = master
        self._hagglers = hagglers
        self.rate = rate
        self.killed_at = 0.0
        self.still_watching = 0
        self.cost = ""
        self.offers = Offers()

    async def go(self) -> "_Run":
        """Open the streams, make the offers, kill a process half way, let all streams come to their end."""
        watching = []
        for one in self._hagglers:
            watching.append(asyncio.create_task(watch(self._port, one)))
            await asyncio.sleep(1 / OPENED_A_SECOND)
        await self._all(lambda one: one.is_watching)
        print(f"bargain_streams: {PEOPLE} streams are open; load before the run {os.getloadavg()[0]:.1f}")
        killing = asyncio.create_task(self._kill(ROUNDS * PEOPLE / self.rate / 2, spent(self._master)))
        self.offers = await haggle(self._port, self._hagglers, rounds=ROUNDS, rate=self.rate, clients=CLIENTS)
        await killing
        await self._all(lambda one: len(one.numbers) > ROUNDS)
        self.still_watching = sum(one.is_watching for one in self._hagglers)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        return self

    async def _kill(self, seconds: float, before: Mapping[str, float]) -> None:
        await asyncio.sleep(seconds)
        # Looking takes a while, which offers would have to wait for.
        after = await asyncio.to_thread(spent, self._master)
        self.cost = told(before, after, round(seconds * self.rate))
        os.kill(_a_child_of(self._master), signal.SIGKILL)
        self.killed_at = time.perf_counter()

    async def _all(self, holds: Callable[[Haggler], bool]) -> None:
        """Wait until something holds of everybody, or for long."""
        deadline = time.perf_counter() + PATIENCE_SECONDS
        while time.perf_counter() < deadline and not all(map(holds, self._hagglers)):  # noqa: ASYNC110 (1,000 wait)
            await asyncio.sleep(0.1)


def _a_child_of(process: int) -> int:
    return int(Path(f"/proc/{process}/task/{process}/children").read_text().split()[0])


def _offers_are_good(run: _Run) -> bool:
    offers = run.offers
    calm = [
        latency
        for due, latency in zip(offers.due, offers.latencies, strict=True)
        if not run.killed_at <= due < run.killed_at + AFTERMATH_SECONDS
    ]
    print(f"{len(offers.latencies)} offers at {run.rate:.0f} a second, answered {offers.statuses};")
    print(f"  ms of processor time for each until the kill: {run.cost}")
    print(f"  {offers.unanswered} had to be sent again when their process was killed")
    print(f"  ms from when an offer was due to its answer, p50 p95 p99: {_percentiles(offers.latencies)}")
    print(f"  the same without the {AFTERMATH_SECONDS:.0f} s after the kill:  {_percentiles(calm)}")
    # 409: an offer whose answer was lost is sent again, and has been made already.
    good = offers.statuses.get(200, 0) + min(offers.statuses.get(409, 0), offers.unanswered)
    return good == len(offers.latencies) and _percentile(offers.latencies, 95) < LIMIT_MS


def _all_resumed(run: _Run, hagglers: Sequence[Haggler]) -> bool:
    again = [at - run.killed_at for one in hagglers for at in one.opened[1:]]
    last = max(again, default=0.0)
    print(f"the kill broke {len(again)} streams; the last was open again after {last:.1f} s")
    return bool(again) and run.still_watching == PEOPLE


def _events_are_whole(hagglers: Sequence[Haggler], stored: int) -> bool:
    wrong = [one for one in hagglers if one.numbers != [*range(1, ROUNDS + 2)]]
    delays = [
        arrived - sent
        for one in hagglers
        for sent, arrived in zip(one.sent, one.arrived[1:], strict=False)
        if one not in wrong
    ]
    events = sum(len(one.numbers) for one in hagglers)
    print(f"{events} events on {sum(len(one.opened) for one in hagglers)} streams, of {stored} offers stored")
    print(f"  ms from sending an offer to its event, p50 p95 p99: {_percentiles(delays)}")
    print(f"  sessions of which an event was lost, doubled or out of order: {len(wrong)}")
    return not wrong and stored == ROUNDS * PEOPLE


def _percentiles(seconds: Sequence[float]) -> str:
    return " ".join(f"{_percentile(seconds, percent):.1f}" for percent in (50, 95, 99))


def _percentile(seconds: Sequence[float], percent: int) -> float:
    return quantiles(seconds, n=100)[percent - 1] * 1000


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:])))
