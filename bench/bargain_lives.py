"""Bargains in thousands of random lives, over a real PostgreSQL and Redis.

Hypothesis chooses what happens: offers around every limit, counter-offers accepted, sessions left, time,
deals used and given back, workers that die before or after a commit, a Redis that is cut off or loses
everything. After every step the tables are checked, and that every worker answers what is stored.
`python -m bench.bargain_lives 500` for other than 2,000 lives. Exits with 1 when anything is wrong.
"""

import sys
from collections import Counter
from typing import Final

from backend.infra import logging
from backend.wiring import Parts
from bench.fresh import fresh_stores
from bench.lives import Seen, live, live_everywhere
from tests.conftest import NOW
from tests.factories.apps import running_app
from tests.fakes.clock import FakeClock
from tests.fakes.events import FakeEventStore
from tests.storm.haggling import Haggling
from tests.storm.haggling_machine import Bargain

LIVES: Final = 2_000
STEPS: Final = 30


def main(lives: int = LIVES) -> int:
    """Live in as many processes as there are processors, and say what happened."""
    return live_everywhere(_run, lives=lives, steps=STEPS, fault="something")


def _run(number: int, lives: int) -> Seen:
    logging.configure(level="CRITICAL", file=None)
    clock = FakeClock(NOW)
    Bargain.seen = Counter()
    with fresh_stores(f"bench_bargain_lives_{number}", number=number) as stores:
        parts = Parts(clock=clock, events=FakeEventStore())
        with running_app(stores, parts) as app, app.app_context():
            Bargain.world = Haggling.build(app, clock)
            wrong = live(Bargain, lives=lives, steps=STEPS)
    return Bargain.seen, wrong


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
