"""200 threads in 4 processes reserve and sell one of the last 5 units at the same instant, ten times over.

Exits with 1 when more or fewer than 5 are sold, when anybody is told anything but that there is nothing
left, or when the counters are not the sums of the movements.
"""

import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text

from backend.infra import logging
from backend.infra.postgres import db
from bench.fresh import fresh_stores
from tests.factories.apps import running_app
from tests.factories.catalog import make_retail
from tests.races.crowd import Crowd, ReserveUnits, SellUnits, gather

REPETITIONS: Final = 10
PROCESSES: Final = 4
CROWD: Final = 200
UNITS: Final = 5
NOW: Final = datetime(2026, 12, 7, 9, tzinfo=UTC)
UNTIL: Final = NOW + timedelta(minutes=10)
EXPECTED: Final = {
    "done": 2 * UNITS,
    "OutOfStockError": CROWD - UNITS,
    "ExpiredError": CROWD - UNITS,
}
SUMS: Final = """
SELECT l.on_hand, l.reserved, sum(m.on_hand_change), sum(m.reserved_change),
    count(*) FILTER (WHERE m.why = 'sold')
FROM stock_levels l JOIN stock_movements m USING (product_id) GROUP BY l.product_id"""


def main() -> int:
    """Race, and print a line for each repetition."""
    logging.configure(level="ERROR", file=None)
    with gather(PROCESSES) as crowd:
        right = sum(_race(crowd, number) for number in range(1, REPETITIONS + 1))
    print(f"{right} of {REPETITIONS} races sold every unit exactly once")
    return 0 if right == REPETITIONS else 1


def _race(crowd: Crowd, number: int) -> bool:
    with fresh_stores("bench_stock") as stores, running_app(stores) as app, app.app_context():
        lines = ((make_retail(stock=UNITS).id, 1),)
        started = time.monotonic()
        ended = crowd.rush(
            stores,
            [
                [ReserveUnits(lines, f"order-{one}", UNTIL, NOW), SellUnits(f"order-{one}", NOW)]
                for one in range(CROWD)
            ],
        )
        seconds = time.monotonic() - started
        sums = tuple(db.session.execute(text(SUMS)).one())
    right = Counter(ended) == EXPECTED and sums == (0, 0, 0, 0, UNITS)
    verdict = "right" if right else "WRONG"
    print(f"{number:2}: {dict(Counter(ended))}, {sums[-1]} sold, {seconds:.1f} s: {verdict}", flush=True)
    return right


if __name__ == "__main__":
    sys.exit(main())
