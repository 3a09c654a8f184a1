"""Processes are killed (SIGKILL) at each commit point around each call of the payment gateway.

Another process then starts, as after a crash: who got no answer asks again, the worker sweeps. Nothing may
be lost or doubled: our books are compared with the gateway's. Exits with 1 when anything is wrong.
"""

import sys

from backend.infra import logging
from bench.fresh import fresh_stores
from tests.races.deaths import LEFT, ward
from tests.races.mortal import POINTS


def main() -> int:
    """Die everywhere, and print a table of it."""
    logging.configure(level="CRITICAL", file=None)
    wrong = deaths = 0
    with fresh_stores("bench_payments_kill") as stores, ward(stores) as here:
        for kind in LEFT:
            for point, words in enumerate(POINTS):
                if (kind, point) == ("confirm", 0):
                    continue
                found = here.death(kind, point)
                deaths += 1
                wrong += bool(found)
                print(f"{kind:>9}, killed {words}: {'; '.join(found) or 'right'}", flush=True)
    print(f"{deaths - wrong} of {deaths} deaths lost nothing and doubled nothing")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
