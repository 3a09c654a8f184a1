"""A process that checks out and is killed before the commit. Run as `python -m tests.races.checkout_open`."""

import sys
import time

from backend.infra import logging
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.races.checkout_acts import Place


def main(postgres_url: str, redis_url: str, user_id: str) -> None:
    """Place the order in a transaction left open, say so, and wait for the end."""
    logging.configure(level="ERROR", file=None)
    with running_app(Stores(postgres_url, redis_url)) as app, app.app_context():
        Place(user_id, NOW).do()
        print("placed", flush=True)
        time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
