"""Background tasks of bargains. Each reads the clock itself, and does nothing when run twice."""

from typing import Final

import svcs

from backend.domains.bargain.service import Bargains
from backend.infra.clock import Clock
from backend.infra.jobs import Task


def end_expired() -> None:
    """End the sessions whose time is over, so that reports and learning know of them."""
    svcs.flask.get(Bargains).end_expired(now=svcs.flask.get_abstract(Clock).now())


TASKS: Final = (Task("bargain.end_expired", end_expired, cron="* * * * *"),)
