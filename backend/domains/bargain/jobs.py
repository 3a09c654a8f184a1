"""Background tasks of bargains. Each reads the clock itself, and does nothing when run twice."""

from typing import Final

import svcs

from backend.domains.bargain.service import SWEPT, Bargains
from backend.infra.clock import Clock
from backend.infra.jobs import JobQueue, Task

END_EXPIRED: Final = "bargain.end_expired"


def end_expired() -> None:
    """End the sessions whose time is over, so that reports and learning know of them.

    Of very many the rest is left to a job that follows at once.
    """
    ended = svcs.flask.get(Bargains).end_expired(now=svcs.flask.get_abstract(Clock).now())
    if ended == SWEPT:
        svcs.flask.get(JobQueue).enqueue(END_EXPIRED)


TASKS: Final = (Task(END_EXPIRED, end_expired, cron="* * * * *"),)
