"""Background tasks of bookings. Each reads the clock itself, and does nothing when run twice."""

from typing import Final

import svcs

from backend.domains.bookings.lifecycle import BookingLifecycle
from backend.infra.clock import Clock
from backend.infra.jobs import Task


def complete_ended() -> None:
    """Complete bookings whose end has passed."""
    clock = svcs.flask.get_abstract(Clock)
    svcs.flask.get(BookingLifecycle).complete_ended(now=clock.now())


def lapse_unanswered() -> None:
    """Cancel bookings that nobody approved or paid for before their time."""
    clock = svcs.flask.get_abstract(Clock)
    svcs.flask.get(BookingLifecycle).lapse_unanswered(now=clock.now())


TASKS: Final = (
    Task("bookings.complete_ended", complete_ended, cron="*/5 * * * *"),
    Task("bookings.lapse_unanswered", lapse_unanswered, cron="* * * * *"),
)
