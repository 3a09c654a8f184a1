"""Bargains in thousands of random lives, over a real PostgreSQL and Redis.

Hypothesis chooses what happens: offers around every limit, counter-offers accepted, sessions left, time,
deals used and given back, workers that die before or after a commit, a Redis that is cut off or loses
everything. After every step the tables are checked, and that every worker answers what is stored.
`python -m bench.bargain_lives 500` for other than 2,000 lives. Exits with 1 when anything is wrong.
"""

import os
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from backend.infra import logging
from backend.wiring import Parts
from bench.fresh import fresh_stores
from tests.conftest import NOW
from tests.factories.apps import running_app
from tests.fakes.clock import FakeClock
from tests.fakes.events import FakeEventStore
from tests.storm.haggling import Haggling
from tests.storm.haggling_machine import Bargain

LIVES: Final = 2_000
STEPS: Final = 30


def main(lives: int = LIVES) -> int:
    """Live in as many processes as there are processors, each with stores of its own; say what happened."""
    processes = os.cpu_count() or 1
    shares = [len(range(number, lives, processes)) for number in range(processes)]
    started = time.monotonic()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        runs = list(pool.map(_run, range(processes), shares))
    seconds = time.monotonic() - started
    seen: Counter[str] = Counter()
    for one, _ in runs:
        seen.update(one)
    wrong = sum(wrong for _, wrong in runs)
    print(f"{seen.pop('lives')} lives of up to {STEPS} events in {seconds:.0f} s, {processes} at a time")
    for what, number in sorted(seen.items()):
        print(f"{what}: {number:,}")
    print(f"processes in which something was wrong: {wrong}")
    return 1 if wrong else 0


def _run(number: int, lives: int) -> tuple[Counter[str], int]:
    """What happened in so many lives, and 1 when something was wrong."""
    logging.configure(level="CRITICAL", file=None)
    clock = FakeClock(NOW)
    Bargain.seen = Counter()
    with fresh_stores(f"bench_bargain_lives_{number}", number=number) as stores:
        parts = Parts(clock=clock, events=FakeEventStore())
        with running_app(stores, parts) as app, app.app_context():
            Bargain.world = Haggling.build(app, clock)
            wrong = _live(lives)
    return Bargain.seen, wrong


def _live(lives: int) -> int:
    run = settings(
        max_examples=lives,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Bargain, settings=run)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is shown with what led to it)
        traceback.print_exception(error, limit=-3)
        print(*getattr(error, "__notes__", ()), sep="\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
