"""The ledger with a million postings: balances, statements, posting; and posting to the same accounts.

Posting at once is measured as the ledger does it, and with one row for each account's month instead, which
is what its parts (docs/decisions/0126-balances-by-month.md) are there to avoid. Exits with 1 when a balance
is not the sum of its postings, when the check finds anything, or when somebody who posts fails.
"""

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Final

import svcs
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from backend.domains.ledger import entries, queries
from backend.domains.ledger.accounts import GATEWAY, PLATFORM, provider
from backend.domains.ledger.checking import LedgerCheck
from backend.domains.ledger.entries import Kind
from backend.domains.ledger.service import Ledger
from backend.infra import logging
from backend.infra.postgres import db, run_script
from backend.kernel.money import Money
from bench.fresh import fresh_stores
from tests.factories.apps import running_app

ROUNDS: Final = 30
PEOPLE: Final = 8
TRANSACTIONS: Final = 40
# Of those that wait for one another in a circle, each waits for a second.
FEW_TRANSACTIONS: Final = 5
OTHER_WORK: Final = text("SELECT pg_sleep(0.005)")
NOW: Final = datetime(2026, 12, 7, 9, tzinfo=UTC)
MIDDLE: Final = datetime(2026, 6, 20, tzinfo=UTC)
GUIDE: Final = provider(f"prv_{'7'.zfill(26)}")

# A year of 250,000 charges for 1,000 providers, past all triggers for the sake of time.
LOAD: Final = """
SET LOCAL session_replication_role = replica;
INSERT INTO ledger_entries (key, kind, reference, source, postings, at)
    SELECT 'k' || n, 'charge', 'pay_' || n, 'ch_' || n, 4,
        timestamptz '2025-12-07T09:00Z' + n * interval '365 days' / 250000 FROM generate_series(1, 250000) n;
INSERT INTO ledger_postings SELECT id, account, 'EUR', minor, at FROM ledger_entries, LATERAL (VALUES
    ('gateway', 10000), ('platform', -1000), ('tax', -500),
    ('provider:prv_' || lpad((id % 1000)::text, 26, '0'), -8500)) v (account, minor);
INSERT INTO ledger_months (account, currency, month, amount_minor, postings)
    SELECT account, currency, date_trunc('month', at AT TIME ZONE 'UTC')::date, sum(amount_minor), count(*)
    FROM ledger_postings GROUP BY 1, 2, 3;
"""
SUM: Final = text(
    "SELECT sum(amount_minor) FROM ledger_postings WHERE account = :account AND currency = 'EUR'"
)
DEFINITION: Final = text("SELECT pg_get_functiondef('add_up_ledger_months'\\:\\:regproc)")
PARTS: Final = text(
    "SELECT max(parts) FROM (SELECT count(*) AS parts FROM ledger_months GROUP BY account, month) AS counted"
)


def main() -> int:
    """Print the tables."""
    logging.configure(level="ERROR", file=None)
    print("ledger: 250,000 entries of 4 postings, 1,000 providers;")
    print(f"        {os.cpu_count()} processors, load before the run {os.getloadavg()[0]:.1f}\n", flush=True)
    with fresh_stores("bench_ledger") as stores, running_app(stores, web_threads=PEOPLE) as app:
        with app.app_context():
            _load()
            _print_reads()
            agree = _agrees(GATEWAY) and _agrees(GUIDE)
        failed = _post_at_once(app, "in parts", TRANSACTIONS)
        with app.app_context():
            wrong = _wrong()
            _one_row_each()
        _post_at_once(app, "one row each", FEW_TRANSACTIONS)
    print(f"\nbalances are the sums of their postings: {agree}; wrong in the book: {wrong or 'nothing'}")
    return 0 if agree and not wrong and not failed else 1


def _load() -> None:
    run_script(db.session.connection(), LOAD)
    db.session.commit()
    db.session.execute(text("ANALYZE ledger_entries, ledger_postings, ledger_months"))
    db.session.commit()


def _print_reads() -> None:
    ledger, session = svcs.flask.get(Ledger), db.session
    reads: dict[str, Callable[[], object]] = {
        "balance of the gateway": lambda: ledger.balance(account=GATEWAY, currency="EUR"),
        "the same, summed": lambda: session.scalar(SUM, {"account": GATEWAY}),
        "balance of a provider": lambda: ledger.balance(account=GUIDE, currency="EUR"),
        "… at an instant": lambda: queries.balances(session, account=GUIDE, before=MIDDLE),
        "… of the gateway": lambda: queries.balances(session, account=GATEWAY, before=MIDDLE),
        "a month of a statement": lambda: queries.moved(
            session, account=GUIDE, since=MIDDLE, before=MIDDLE + timedelta(days=30), limit=5_000
        ),
        "posting, with its commit": lambda: (_post(Kind.CHARGE), session.commit()),
    }
    print(f"  {'':26}{'ms':>8}   (lowest to highest of {ROUNDS})")
    for what, read in reads.items():
        times = sorted(_milliseconds(read) for _ in range(ROUNDS))
        print(f"  {what:26}{median(times):>8.1f}   ({times[0]:.1f} to {times[-1]:.1f})", flush=True)


def _milliseconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return (perf_counter() - started) * 1000


def _post(kind: Kind) -> None:
    amount = Money(100, "EUR")
    facts = {
        Kind.CHARGE: entries.charge(
            amount=amount, shares={GUIDE: Money(90, "EUR"), PLATFORM: Money(10, "EUR")}
        ),
        Kind.WRITE_OFF: entries.write_off(account=GUIDE, amount=amount),
    }
    key = f"{kind} {perf_counter()} {threading.get_ident()}"
    svcs.flask.get(Ledger).post(key=key, kind=kind, reference="bench", postings=facts[kind], at=NOW)


def _post_at_once(app: Flask, how: str, times: int) -> int:
    """Two entries in each transaction, of two kinds in turned order; how many transactions failed."""
    start = threading.Barrier(PEOPLE)

    def person(number: int) -> Counter[str]:
        kinds = (Kind.CHARGE, Kind.WRITE_OFF)
        with app.app_context():
            db.session.connection()
            start.wait()
            return Counter(_transaction(kinds[:: 1 if number % 2 else -1]) for _ in range(times))

    started = perf_counter()
    with ThreadPoolExecutor(PEOPLE) as pool:
        ended = sum(pool.map(person, range(PEOPLE)), Counter())
    seconds = perf_counter() - started
    with app.app_context():
        parts = db.session.scalar(PARTS)
    print(
        f"\n  {PEOPLE} at once, {how}: {ended['done'] / seconds:.1f} transactions a second,"
        f" {ended['deadlock']} of {PEOPLE * times} ended in a deadlock; at most {parts} parts",
        flush=True,
    )
    return ended["deadlock"]


def _transaction(kinds: tuple[Kind, ...]) -> str:
    try:
        for kind in kinds:
            _post(kind)
            db.session.execute(OTHER_WORK)
        db.session.commit()
    except OperationalError:
        db.session.rollback()
        return "deadlock"
    return "done"


def _agrees(account: str) -> bool:
    balance = svcs.flask.get(Ledger).balance(account=account, currency="EUR")
    return balance.minor == db.session.scalar(SUM, {"account": account})


def _wrong() -> list[str]:
    """What the check finds, but that these providers are in no catalogue."""
    return [problem for problem in svcs.flask.get(LedgerCheck).problems() if "nobody's" not in problem]


def _one_row_each() -> None:
    """Wait for the row of the month, instead of taking one that nobody is at."""
    definition = db.session.scalar(DEFINITION)
    db.session.execute(text(definition.replace(" SKIP LOCKED", "").replace(":=", r"\:=")))
    db.session.execute(text("DELETE FROM ledger_months WHERE month = '2026-12-01'"))
    for kind in (Kind.CHARGE, Kind.WRITE_OFF):
        _post(kind)
    db.session.commit()


if __name__ == "__main__":
    sys.exit(main())
