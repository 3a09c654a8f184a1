"""200 buyers in 4 processes check out at the same instant, ten times over for goods, seats and coupons.

They want the last 5 units; or, with something else, one of the last 5 seats; or one half a coupon that is
good for 10 uses, the other one of which 100.00 EUR may be given, 9.00 EUR at a time.
Exits with 1 when an order too many or too few is placed, when anybody is told anything but that it is gone,
or when lines of an order are not its total.
"""

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from backend.infra import logging
from bench.fresh import fresh_stores
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.races.checkout_race import (
    GONE,
    REDUCTIONS,
    TOO_LATE,
    UNITS,
    Takings,
    race_for_coupons,
    race_for_seats,
    race_for_units,
)
from tests.races.crowd import Crowd, gather

REPETITIONS: Final = 10
PROCESSES: Final = 4
CROWD: Final = 200

Race = Callable[[Stores, Crowd], Takings]
RACES: Final[Mapping[str, tuple[Race, int, frozenset[str]]]] = {
    "units": (partial(race_for_units, buyers=CROWD), UNITS, GONE),
    "seats": (partial(race_for_seats, buyers=CROWD), UNITS, GONE),
    "coupons": (partial(race_for_coupons, buyers=CROWD), REDUCTIONS, TOO_LATE),
}


def main() -> int:
    """Race, and print a line for each repetition."""
    logging.configure(level="ERROR", file=None)
    with gather(PROCESSES) as crowd:
        right = sum(_race(crowd, name, number) for number in range(1, REPETITIONS + 1) for name in RACES)
    wanted = REPETITIONS * len(RACES)
    print(f"{right} of {wanted} races placed exactly as many orders as there was something for")
    return 0 if right == wanted else 1


def _race(crowd: Crowd, name: str, number: int) -> bool:
    race, orders, told = RACES[name]
    with fresh_stores("bench_checkout") as stores, running_app(stores) as app, app.app_context():
        started = time.monotonic()
        takings = race(stores, crowd)
        seconds = time.monotonic() - started
    right = takings.is_right(orders=orders, told=told)
    verdict = "right" if right else "WRONG"
    print(f"{number:2} {name}: {dict(takings.ended)}, {seconds:.1f} s: {verdict}", flush=True)
    return right


if __name__ == "__main__":
    sys.exit(main())
