"""Background tasks of behaviour."""

from datetime import timedelta
from typing import Final

import structlog
import svcs

from backend.domains.behaviour.conversion import MEMORY
from backend.domains.behaviour.learning import PAST, ConversionLearning
from backend.domains.behaviour.steps import SIGHTINGS
from backend.infra.clock import Clock
from backend.infra.events import EventStore
from backend.infra.jobs import Task

log = structlog.get_logger(__name__)

# As far as learning looks back, and a month more.
FORGOTTEN_AFTER: Final = PAST + MEMORY + timedelta(days=30)


def learn() -> None:
    """Learn from the last weeks how likely customers are to buy."""
    svcs.flask.get(ConversionLearning).learn(now=svcs.flask.get_abstract(Clock).now())


def forget() -> None:
    """Forget looks and carts that are too old for any fact: there are more of them than of all else."""
    before = svcs.flask.get_abstract(Clock).now() - FORGOTTEN_AFTER
    count = svcs.flask.get_abstract(EventStore).forget(names=SIGHTINGS, before=before)
    log.info("behaviour_forgotten", events=count)


TASKS: Final = (
    Task("behaviour.learn", learn, cron="41 3 * * *"),
    Task("behaviour.forget", forget, cron="11 4 * * *"),
)
