"""Workers of the web server are killed (SIGKILL) in the middle of 500 bookings, each with a hold and a quote.

Every booking that was answered with 201 must exist, nothing may be half made, and the seats held by
customers who got no answer must be free again when their holds expire. Exits with 1 otherwise.
"""

import sys
import tempfile
from pathlib import Path
from typing import Final

from backend.infra import logging
from bench.fresh import fresh_stores
from tests.races.killed_worker import book_while_killing

BOOKINGS: Final = 512
KILLS: Final = 5


def main() -> int:
    """Book, kill, and say what is left."""
    logging.configure(level="ERROR", file=None)
    with fresh_stores("bench_kill") as stores, tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        aftermath = book_while_killing(stores, bookings=BOOKINGS, kills=KILLS, log=log)
    print(f"{aftermath.kills} workers killed while {BOOKINGS} bookings were asked for")
    print(f"answered 201: {len(aftermath.answered)}, of which lost: {len(aftermath.lost)}")
    print(f"no answer: {aftermath.unanswered}, refused: {aftermath.refused}")
    for what, number in aftermath.halves.items():
        print(f"{what}: {number}")
    print(
        f"holds left behind: {aftermath.held_before_expiry},"
        f" seats missing once they expired: {aftermath.seats_missing_after_expiry}"
    )
    wrong = aftermath.lost or any(aftermath.halves.values()) or aftermath.seats_missing_after_expiry
    return 1 if wrong or not aftermath.kills else 0


if __name__ == "__main__":
    sys.exit(main())
