"""A process that takes a slot and is killed before it can commit. Run as `python -m tests.races.held_open`."""

import sys
import time
from datetime import datetime

import svcs

from backend.domains.availability.holds import HoldService
from tests.conftest import Stores
from tests.factories.apps import running_app


def main(postgres_url: str, redis_url: str, user_id: str, slot_id: str, now: str) -> None:
    """Hold the slot, say so, and wait for the end with the transaction open."""
    with running_app(Stores(postgres_url, redis_url)) as app, app.app_context():
        instant = datetime.fromisoformat(now)
        svcs.flask.get(HoldService).hold(user_id=user_id, slot_id=slot_id, seats=1, now=instant)
        print("held", flush=True)
        time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
