"""Rules are published and rolled back while 64 clients quote, and publishers are killed (SIGKILL).

Every answer must be a quote; its lines and total must be those of the release that it names; from two
seconds after a publication on, no process may answer with other rules. After each kill the served rules
must be the old or the new ones, every publication complete, and the next publisher must succeed.
"""

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any, Final

import psycopg
import svcs

from backend.config import ROOT
from backend.domains.availability.service import AvailabilityService
from backend.domains.rules.service import RulesService
from backend.infra import logging
from backend.infra.postgres import libpq_conninfo
from bench.consultants import week
from bench.fresh import fresh_stores
from bench.load import Connection, post
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.factories.availability import make_schedule
from tests.factories.catalog import make_product, make_provider
from tests.factories.rules import SHIPPED, dearer
from tests.races.server import environment_of, web_server

CLIENTS: Final = 64
SECONDS: Final = 3.0
KILLS: Final = 20
LIMIT_SECONDS: Final = 2.0
CREATED: Final = 201
PRICING: Final = "rules/pricing.yaml"
NEWEST: Final = "SELECT number, version FROM rule_publications ORDER BY number DESC LIMIT 1"
WRITTEN: Final = "SELECT at FROM rule_publications ORDER BY number DESC LIMIT 1"
OLD: Final = "the old rules serve on"
NEW: Final = "the new rules serve"

# What must never be there after a publisher was killed.
HALVES: Final = {
    "publications that do not follow the one before": """
        SELECT number FROM (SELECT number, previous, lag(version) OVER (ORDER BY number) AS before
        FROM rule_publications) AS p WHERE previous IS DISTINCT FROM before""",
    "publications that are not audited, or entries of the audit log without one": """
        SELECT number FROM rule_publications p
        FULL JOIN (SELECT after FROM audit_log WHERE subject = 'rules') a
        ON (a.after ->> 'number')::bigint = p.number
        WHERE (p.number IS NULL OR a.after IS NULL) AND p.author IS DISTINCT FROM 'folder'""",
}


@dataclass(frozen=True)
class Answer:
    """One quote: when it was asked for and answered, of which slot, its status, release, lines and total."""

    sent: float
    answered: float
    slot: str
    status: int
    release: str = ""
    lines: tuple[tuple[str, int], ...] = ()
    total: int = 0


@dataclass
class Crowd:
    """Clients who quote one of `slots` after the other from `start` until `stop`."""

    port: int
    slots: Sequence[str]
    answers: list[Answer] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _adding: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The clients work while the block runs."""
        threads = [threading.Thread(target=self._quote, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def _quote(self, seed: int) -> None:
        choose, mine = random.Random(seed).choice, []
        connection = Connection(self.port)
        while not self._ended.is_set():
            mine.append(quote(connection, choose(self.slots)))
        connection.close()
        with self._adding:
            self.answers += mine


def quote(connection: Connection, slot: str) -> Answer:
    """Ask for one quote."""
    sent = time.monotonic()
    try:
        status, body = connection.send(
            post("/api/quotes", json.dumps({"items": [{"slot_id": slot}]}).encode())
        )
    except OSError:
        return Answer(sent, time.monotonic(), slot, 0)
    if status != CREATED:
        return Answer(sent, time.monotonic(), slot, status)
    answered, said = time.monotonic(), json.loads(body)
    lines = tuple((line["stage"], line["amount"]["amount"]) for line in said["lines"])
    return Answer(sent, answered, slot, status, said["release"], lines, said["total"]["amount"])


@dataclass(frozen=True)
class Terminal:
    """Runs `flask rules …` as an operator does, in a process of its own."""

    environment: Mapping[str, str]

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Begin a command."""
        command = [sys.executable, "-m", "flask", "rules", *words]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=ROOT, env=dict(self.environment), **pipes)

    def run(self, *words: str) -> float:
        """Run a command that must succeed; the seconds that it took."""
        started = time.monotonic()
        process = self.start(*words)
        said, _ = process.communicate()
        if process.returncode:
            sys.exit(f"publish: flask rules {' '.join(words)} failed:\n{said}")
        return time.monotonic() - started


def main() -> int:
    """Publish, roll back and kill; 1 when anything was wrong."""
    logging.configure(level="ERROR", file=None)
    with fresh_stores("bench_publish") as stores, tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        log = folder / "server.log"
        slots = _evenings(stores)
        terminal = Terminal(environment_of(stores, log))
        with web_server(stores, log) as (address, _):
            port = int(address.rpartition(":")[2])
            under_load = _publish_under_load(port, slots, terminal, folder, stores)
            killed = _kill_publishers(port, slots[0], terminal, folder, stores)
    return 0 if under_load and killed else 1


def _evenings(stores: Stores) -> list[str]:
    """Slots of an experienced consultant, whose price takes the two rules that change."""
    first, _ = week(datetime.now(UTC))  # noqa: TID251 (a bench runs in real time)
    with running_app(stores) as app, app.app_context():
        svcs.flask.get(RulesService).rulebook()
        product = make_product(make_provider(experience_years=12))
        make_schedule(product.provider_id, hours=((clock_time(9), clock_time(20)),))
        slots = svcs.flask.get(AvailabilityService).slots(
            provider_ids=[product.provider_id],
            first=first.date(),
            last=first.date() + timedelta(days=2),
            party=1,
            now=datetime.now(UTC),  # noqa: TID251 (a bench runs in real time)
        )
        return [slot.id for slot in slots]


def _draft(folder: Path, percent: int) -> str:
    """A folder of rules in which evenings and experience cost more: a mixture shows in a price of both."""
    pricing = SHIPPED[PRICING].replace("surcharge: 15%", "surcharge: 20%").replace("115.00 EUR", "120.00 EUR")
    made = folder / f"draft-{percent}"
    for name, text_ in (SHIPPED | dearer(percent) | {PRICING: pricing}).items():
        file = made / name.removeprefix("rules/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text_, encoding="utf-8")
    return str(made)


def _publish_under_load(
    port: int, slots: Sequence[str], terminal: Terminal, folder: Path, stores: Stores
) -> bool:
    shipped = _prices(port, slots)
    crowd = Crowd(port, slots)
    with crowd.at_work():
        time.sleep(SECONDS)
        terminal.run("publish", _draft(folder, 30), "--note", "Evenings sell out")
        published = _published(stores)
        time.sleep(SECONDS)
        changed = _prices(port, slots)
        terminal.run("rollback", _release(shipped), "--note", "Customers complained")
        rolled_back = _published(stores)
        time.sleep(SECONDS)
    before, after = _release(shipped), _release(changed)
    errors = [answer for answer in crowd.answers if answer.status != CREATED]
    quotes = [answer for answer in crowd.answers if answer.status == CREATED]
    expected = {(a.release, a.slot): (a.lines, a.total) for a in (*shipped, *changed)}
    mixed = [a for a in quotes if expected.get((a.release, a.slot)) != (a.lines, a.total)]
    lags = {
        "publish": _lag(quotes, since=published, until=rolled_back, old=before),
        "rollback": _lag(quotes, since=rolled_back, until=float("inf"), old=after),
    }
    print(f"{len(quotes)} quotes by {CLIENTS} clients, {len(errors)} errors, {len(mixed)} of mixed rules")
    for what, seconds in lags.items():
        print(f"{what}: from {seconds:.2f} s after the publication on, nobody who asked got the rules before")
    by_release = Counter(answer.release for answer in quotes)
    print(f"answered by the shipped rules: {by_release[before]}, by the published ones: {by_release[after]}")
    seen = set(by_release) == {before, after} and before != after
    return seen and not errors and not mixed and max(lags.values()) < LIMIT_SECONDS


def _prices(port: int, slots: Sequence[str]) -> list[Answer]:
    connection = Connection(port)
    answers = [quote(connection, slot) for slot in slots]
    connection.close()
    return answers


def _published(stores: Stores) -> float:
    """When the newest publication was written, just before its commit, as `time.monotonic` has it."""
    with psycopg.connect(libpq_conninfo(stores.postgres_url)) as database:
        ((at,),) = database.execute(WRITTEN).fetchall()
    return time.monotonic() - (datetime.now(UTC) - at).total_seconds()  # noqa: TID251 (real time)


def _release(answers: Sequence[Answer]) -> str:
    """The one release of these answers, which were asked for while nothing changed."""
    (release,) = {answer.release for answer in answers}
    return release


def _lag(quotes: Sequence[Answer], *, since: float, until: float, old: str) -> float:
    """Seconds after `since` at which the last one asked who got the `old` rules; 0 when nobody did.

    Who was answered after `until` may have met the rules that came then: the old ones again.
    """
    between = [quote for quote in quotes if since < quote.sent and quote.answered < until]
    late = [quote.sent - since for quote in between if quote.release == old]
    return max(late, default=0.0)


def _kill_publishers(port: int, slot: str, terminal: Terminal, folder: Path, stores: Stores) -> bool:
    """Kill publishers at any moment of the second half of their work: the first half is starting Python."""
    took = terminal.run("publish", _draft(folder, 31), "--note", "Not killed")
    outcomes: Counter[str] = Counter()
    with psycopg.connect(libpq_conninfo(stores.postgres_url), autocommit=True) as database:
        for turn in range(KILLS):
            old = _newest(database)
            process = terminal.start("publish", _draft(folder, 32 + turn), "--note", f"Killed {turn}")
            time.sleep(random.uniform(0.5, 1.1) * took)
            process.kill()
            process.communicate()
            outcomes[_outcome(database, old, port, slot)] += 1
        terminal.run("publish", _draft(folder, 80), "--note", "The next one")
        halves = {what: len(database.execute(query).fetchall()) for what, query in HALVES.items()}
    for outcome, number in outcomes.items():
        print(f"{KILLS} publishers killed, {outcome}: {number}")
    for what, number in halves.items():
        print(f"{what}: {number}")
    return set(outcomes) <= {OLD, NEW} and not any(halves.values())


def _newest(database: "psycopg.Connection[Any]") -> tuple[int, str]:
    """Number and version of the newest publication."""
    ((number, version),) = database.execute(NEWEST).fetchall()
    return number, version


def _outcome(database: "psycopg.Connection[Any]", old: tuple[int, str], port: int, slot: str) -> str:
    """What a killed publisher has left, once every process had the time to follow it."""
    time.sleep(LIMIT_SECONDS / 2)
    new = _newest(database)
    served = {answer.release for _ in range(8) for answer in _prices(port, [slot])}
    if served != {new[1]}:
        return f"something else is served: {served}"
    return OLD if new == old else NEW


if __name__ == "__main__":
    sys.exit(main())
