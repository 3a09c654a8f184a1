"""Background tasks of holds and the waitlist. Each reads the clock itself, and may run twice."""

from typing import Final

import svcs

from backend.domains.availability.holds import HoldService
from backend.domains.waitlist.service import OFFER_JOB, WaitlistService
from backend.infra.clock import Clock
from backend.infra.jobs import JobQueue, Task


def release_expired() -> None:
    """Clear holds that have expired, and look at the waitlists, each in a transaction of its own."""
    clock = svcs.flask.get_abstract(Clock)
    svcs.flask.get(HoldService).release_expired(now=clock.now())
    jobs = svcs.flask.get(JobQueue)
    for provider_id in svcs.flask.get(WaitlistService).awaited_providers():
        jobs.enqueue(OFFER_JOB, provider_id=provider_id)


def offer(*, provider_id: str) -> None:
    """Offer a provider's free seats to those who wait."""
    clock = svcs.flask.get_abstract(Clock)
    svcs.flask.get(WaitlistService).turn(provider_id=provider_id, now=clock.now())


TASKS: Final = (
    Task("holds.release_expired", release_expired, cron="* * * * *"),
    Task(OFFER_JOB, offer),
)
