"""200 customers in 4 processes race for 20 slots of one seat and a class of 10 seats, ten times over.

Each books one of the slots and one seat of the class, all at the same instant, over the whole
application. Exactly 20 and 10 may succeed; everybody else is told 409. Exits with 1 otherwise.
"""

import sys
import time
from typing import Final

from backend.infra import logging
from bench.fresh import fresh_stores
from tests.races.booking_race import Outcome, race

REPETITIONS: Final = 10
PROCESSES: Final = 4
THREADS: Final = 50
CROWD: Final = PROCESSES * THREADS
SINGLES: Final = 20
SEATS: Final = 10


def main() -> int:
    """Race, and print a line for each repetition."""
    logging.configure(level="ERROR", file=None)
    wrong = 0
    for number in range(1, REPETITIONS + 1):
        with fresh_stores("bench_races") as stores:
            started = time.monotonic()
            outcome = race(stores, singles=SINGLES, seats=SEATS, processes=PROCESSES, threads=THREADS)
            seconds = time.monotonic() - started
        right = _is_right(outcome)
        wrong += not right
        print(
            f"{number:2}: slots {dict(outcome.singles)}, seats of the class {dict(outcome.class_seats)},"
            f" {len(outcome.stored)} bookings stored, {seconds:.1f} s: {'right' if right else 'WRONG'}",
            flush=True,
        )
    print(f"{REPETITIONS - wrong} of {REPETITIONS} races sold every seat exactly once")
    return 1 if wrong else 0


def _is_right(outcome: Outcome) -> bool:
    return (
        outcome.singles == {201: SINGLES, 409: CROWD - SINGLES}
        and outcome.class_seats == {201: SEATS, 409: CROWD - SEATS}
        and outcome.answered == outcome.stored
        and outcome.sold_singles == SINGLES
        and outcome.sold_class_seats == outcome.counted_class_seats == SEATS
    )


if __name__ == "__main__":
    sys.exit(main())
