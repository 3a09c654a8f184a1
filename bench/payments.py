"""Payments in thousands of random lives of a small market, over a real PostgreSQL and the local gateway.

Hypothesis chooses what happens: carts of everything, cards that are good, declined or want a proof, events
that are late, doubled or never told, approvals, cancellations, refunds, disputes, time, jobs that are lost,
answers that are lost. After each life everything settles, and our books are compared with the gateway's.
`python -m bench.payments 500` for other than 2,000 lives. Exits with 1 when anything is wrong.
"""

import os
import sys
from collections import Counter
from typing import Final

from backend.infra import logging
from backend.wiring import Parts
from bench.fresh import fresh_stores
from bench.lives import Seen, live, live_everywhere
from tests.conftest import NOW
from tests.factories.apps import running_app
from tests.factories.payments import gateway_of, open_local_stripe
from tests.fakes.clock import FakeClock
from tests.fakes.events import FakeEventStore
from tests.storm.machine import Market
from tests.storm.world import World

LIVES: Final = 2_000
STEPS: Final = 25
TOLD_EVERY: Final = 50


class Told(Market):
    """Says from time to time how far it is."""

    def count(self) -> None:
        """As `Market.count`."""
        super().count()
        if self.seen["lives"] % TOLD_EVERY == 0:
            print(f"{self.seen['lives']} lives in process {os.getpid()}", flush=True)


def main(lives: int = LIVES) -> int:
    """Live in as many processes as there are processors, and say what happened."""
    return live_everywhere(_run, lives=lives, steps=STEPS, fault="a book")


def _run(number: int, lives: int) -> Seen:
    logging.configure(level="CRITICAL", file=None)
    clock = FakeClock(NOW)
    Market.seen = Counter()
    with fresh_stores(f"bench_payments_{number}", number=number) as stores, open_local_stripe(clock) as local:
        parts = Parts(clock=clock, events=FakeEventStore(), gateway=gateway_of(local, clock))
        with running_app(stores, parts) as app, app.app_context():
            Market.world = World.build(app, clock, local)
            wrong = live(Told, lives=lives, steps=STEPS)
    return Market.seen, wrong


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
