"""Background tasks of orders. Each reads the clock itself, and does nothing when run twice."""

from typing import Final

import svcs

from backend.domains.checkout.travelled import TravelledOrders
from backend.infra.clock import Clock
from backend.infra.jobs import Task


def complete_travelled() -> None:
    """Deliver orders of journeys alone that are over."""
    clock = svcs.flask.get_abstract(Clock)
    svcs.flask.get(TravelledOrders).complete(now=clock.now())


TASKS: Final = (Task("checkout.complete_travelled", complete_travelled, cron="17 * * * *"),)
