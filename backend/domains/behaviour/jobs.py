"""Background tasks of behaviour."""

from typing import Final

import svcs

from backend.domains.behaviour.learning import ConversionLearning
from backend.infra.clock import Clock
from backend.infra.jobs import Task


def learn() -> None:
    """Learn from the last weeks how likely customers are to buy."""
    svcs.flask.get(ConversionLearning).learn(now=svcs.flask.get_abstract(Clock).now())


TASKS: Final = (Task("behaviour.learn", learn, cron="41 3 * * *"),)
