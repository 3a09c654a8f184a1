"""The background task that learns from bargains."""

from typing import Final

import svcs

from backend.domains.bargain.learning import DemandLearning
from backend.infra.clock import Clock
from backend.infra.jobs import Task


def learn() -> None:
    """Learn demand from the bargains that are over."""
    svcs.flask.get(DemandLearning).learn(now=svcs.flask.get_abstract(Clock).now())


TASKS: Final = (Task("bargain.learn", learn, cron="23 */6 * * *"),)
