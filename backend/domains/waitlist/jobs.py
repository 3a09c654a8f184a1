"""Background tasks of holds and the waitlist. Each reads the clock itself, and may run twice."""

from typing import Final

import svcs

from backend.domains.availability.holds import HoldService
from backend.domains.waitlist.service import ANNOUNCE_JOB, OFFER_JOB, WaitlistService
from backend.infra.clock import Clock
from backend.infra.events import EventStore
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


def announce(*, entry_id: str) -> None:
    """Tell the behaviour log that seats were offered to somebody."""
    event = svcs.flask.get(WaitlistService).offer_event(entry_id=entry_id)
    if event is not None:
        svcs.flask.get_abstract(EventStore).append([event])


TASKS: Final = (
    Task("holds.release_expired", release_expired, cron="* * * * *"),
    Task(OFFER_JOB, offer),
    Task(ANNOUNCE_JOB, announce),
)
