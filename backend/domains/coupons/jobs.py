"""Background tasks of coupons. Each reads the clock itself, and may run twice."""

from typing import Final

import svcs

from backend.domains.coupons.uses import CouponUses
from backend.infra.clock import Clock
from backend.infra.jobs import Task


def release_expired() -> None:
    """Give back what was reserved for orders that were never paid."""
    svcs.flask.get(CouponUses).release_expired(now=svcs.flask.get_abstract(Clock).now())


TASKS: Final = (Task("coupons.release_expired", release_expired, cron="* * * * *"),)
