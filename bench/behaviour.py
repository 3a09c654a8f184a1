"""Milliseconds to work out the facts about a customer and a product, from a log of 500,000 events.

*log* are the two questions to the behaviour log, *facts* all that a bargain's start waits for (with the
model and the stock), *again* the same within a minute, when the people of the product are remembered.
*note* is what a look at a product costs the request. The hottest product has a seventh of all events.
Exits with 1 when the median of *facts* is 50 ms or more for a usual product, 500 ms for the hottest.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from typing import Final

import svcs
from sqlalchemy import text

from backend.domains.behaviour.log import BehaviourLog
from backend.domains.behaviour.service import Behaviour
from backend.infra import logging
from backend.infra.event_buffer import EventBuffer, Sightings
from backend.infra.events import EventStore
from backend.infra.postgres import db
from bench.fresh import fresh_stores
from tests.factories.apps import running_app
from tests.fakes.events import FakeEventStore

EVENTS: Final = 500_000
PRODUCTS: Final = 1_000
USERS: Final = 20_000
ROUNDS: Final = 25
LOOKS: Final = 5_000
MOST_MS: Final = {"usual": 50.0, "hottest": 500.0}
AT: Final = datetime(2026, 12, 7, tzinfo=UTC)

# One half by visitors; product 0 has a seventh of them, the others share the rest.
FILL: Final = """
INSERT INTO events (name, at, user_id, data)
SELECT (ARRAY['product.viewed', 'product.viewed', 'product.viewed', 'quote.made', 'order.placed'])[1 + n % 5],
    cast(:at AS timestamptz) - (n * 7919 % 10000000) / 10000000.0 * interval '120 days',
    CASE WHEN n % 2 = 0 THEN 'usr_' || n * 104729 % :users END,
    jsonb_build_object('product_id', 'prd_' || CASE WHEN n % 7 = 0 THEN 0 ELSE 1 + n % :products END)
FROM generate_series(1::bigint, :events) AS n"""


def main() -> int:
    """Print the table."""
    logging.configure(level="ERROR", file=None)
    with fresh_stores("bench_behaviour") as stores, running_app(stores) as app, app.app_context():
        _fill()
        print(f"behaviour: ms with {EVENTS:,} events, medians of {ROUNDS} customers\n")
        print(f"  {'':10}{'log':>8}{'facts':>8}{'again':>8}")
        slow = [name for name in MOST_MS if not _measure(name)]
        print(f"\n  note: {_note():.1f} µs")
    return 1 if slow else 0


def _fill() -> None:
    values = {"at": AT, "users": USERS, "products": PRODUCTS, "events": EVENTS}
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(FILL), values)
        connection.execute(text("VACUUM ANALYZE events"))


def _measure(name: str) -> bool:
    behaviour = svcs.flask.get(Behaviour)
    users = [f"usr_{2 * number}" for number in range(ROUNDS)]
    product_id = "prd_0" if name == "hottest" else "prd_77"

    def facts(user_id: str) -> None:
        behaviour.facts(user_id=user_id, product_id=product_id, now=AT)

    def fresh(user_id: str) -> None:
        own = replace(behaviour, log=_log())
        assert own.facts(user_id=user_id, product_id=product_id, now=AT)  # noqa: S101 (facts are there)

    def asked(user_id: str) -> None:
        _log().of(user_id=user_id, product_id=product_id, now=AT)

    facts(users[0])
    log, first, again = (_milliseconds(work, users) for work in (asked, fresh, facts))
    print(f"  {name:10}{log:8.1f}{first:8.1f}{again:8.1f}", flush=True)
    return first < MOST_MS[name]


def _log() -> BehaviourLog:
    """One that remembers nothing yet."""
    return BehaviourLog(svcs.flask.get_abstract(EventStore))


def _milliseconds(work: Callable[[str], None], users: list[str]) -> float:
    taken = []
    for user_id in users:
        begun = time.perf_counter()
        work(user_id)
        taken.append(time.perf_counter() - begun)
    return median(taken) * 1000


def _note() -> float:
    """Microseconds of noting a look that is new."""
    buffer = EventBuffer(FakeEventStore())
    sightings = Sightings(buffer)
    begun = time.perf_counter()
    for number in range(LOOKS):
        sightings.note(
            name="product.viewed", product_id=f"prd_{number}", user_id=None, visitor="192.0.2.1", now=AT
        )
    taken = time.perf_counter() - begun
    buffer.close()
    return taken / LOOKS * 1e6


if __name__ == "__main__":
    sys.exit(main())
