"""A process that reserves units and is killed before it can commit. Run as `python -m tests.races.units_held_open`."""

import sys
import time
from datetime import datetime

from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.races.crowd import ReserveUnits


def main(postgres_url: str, redis_url: str, product_id: str, now: str) -> None:
    """Reserve five units, say so, and wait for the end with the transaction open."""
    with running_app(Stores(postgres_url, redis_url)) as app, app.app_context():
        instant = datetime.fromisoformat(now)
        ReserveUnits(((product_id, 5),), "killed", instant, instant).do()
        print("held", flush=True)
        time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
