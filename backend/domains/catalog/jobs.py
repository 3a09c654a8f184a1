"""Background tasks of the catalogue. They read the clock themselves, and do nothing when run twice."""

from typing import Final

import svcs

from backend.domains.catalog.stock import StockService
from backend.infra.clock import Clock
from backend.infra.jobs import Task


def release_expired_stock() -> None:
    """Give back units of reservations whose time is up."""
    now = svcs.flask.get_abstract(Clock).now()
    svcs.flask.get(StockService).release_expired(now=now)


TASKS: Final = (Task("catalog.release_expired_stock", release_expired_stock, cron="* * * * *"),)
