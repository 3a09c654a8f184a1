"""A process that uses coupons and is killed in the middle. Run as `python -m tests.races.reserved_open`."""

import sys
import time
from datetime import datetime

from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.races.coupon_acts import Reserve


def main(postgres_url: str, redis_url: str, coupon_id: str, now: str) -> None:
    """Reserve once for good and once more in a transaction left open, say so, and wait for the end."""
    instant = datetime.fromisoformat(now)
    with running_app(Stores(postgres_url, redis_url)) as app, app.app_context():
        for reference in ("ord_kept", "ord_open"):
            Reserve((coupon_id,), reference, "crt_killed", Money(100, "EUR"), instant).do()
            if reference == "ord_kept":
                db.session.commit()
        print("reserved", flush=True)
        time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
