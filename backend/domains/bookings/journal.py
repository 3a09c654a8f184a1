"""The one place where a booking changes: state machine, version, history, audit and events together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.domains.bookings.models import Booking, BookingEvent
from backend.domains.bookings.states import Action, after
from backend.infra import metrics
from backend.infra.after_commit import after_commit
from backend.infra.announcements import Announcements
from backend.infra.audit import AuditLog
from backend.infra.event_buffer import Events
from backend.infra.postgres import DbSession

# What history, audit log and behaviour log call what was done.
MADE: Final = "made"
MOVED: Final = "moved"
DONE: Final = {
    Action.CONFIRM: "confirmed",
    Action.ASK_APPROVAL: "requested",
    Action.APPROVE: "approved",
    Action.DECLINE: "declined",
    Action.LAPSE: "lapsed",
    Action.CANCEL: "cancelled",
    Action.COMPLETE: "completed",
    Action.NO_SHOW: "missed",
}


@dataclass(frozen=True)
class BookingJournal:
    """Applies changes to locked bookings and writes them down."""

    session: DbSession
    audit: AuditLog
    events: Events
    announcements: Announcements

    def made(self, booking: Booking, *, actor_id: str, now: datetime, data: Mapping[str, Any]) -> None:
        """Count and write down a new booking."""
        self._count(booking.status)
        self.note(booking, MADE, actor_id=actor_id, now=now, data=data)

    def apply(
        self,
        booking: Booking,
        action: Action,
        *,
        actor_id: str | None,
        now: datetime,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Do `action` to a locked booking; `actor_id` is None for the clock. TransitionError."""
        before = booking.status
        booking.status = after(booking.state, action)
        self.changed(booking, DONE[action], before={"status": before}, actor_id=actor_id, now=now, data=data)

    def changed(
        self,
        booking: Booking,
        done: str,
        *,
        before: Mapping[str, Any],
        actor_id: str | None,
        now: datetime,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Count and write down a change; one by another than the customer goes into the audit log too."""
        booking.version += 1
        booking.changed_at = now
        if before.get("status") != booking.status:
            self._count(booking.status)
        self.note(booking, done, actor_id=actor_id, now=now, data=data)
        if actor_id not in (None, booking.user_id):
            self.audit.record(
                actor_id=actor_id,
                action=f"booking.{done}",
                subject=booking.id,
                before=before,
                after={name: getattr(booking, name) for name in before},
            )

    def note(
        self,
        booking: Booking,
        done: str,
        *,
        actor_id: str | None,
        now: datetime,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a line to the booking's history, tell the behaviour log, and announce it."""
        self.session.add(
            BookingEvent(
                booking_id=booking.id,
                at=now,
                actor_id=actor_id,
                action=done,
                status=booking.status,
                data=dict(data or {}),
            )
        )
        self.session.flush()
        told = {"booking_id": booking.id, "status": booking.status, "actor_id": actor_id, **(data or {})}
        name = f"booking.{done}"
        self.events.record(name=name, user_id=booking.user_id, data=told)
        self.announcements.announce(name, subject=booking.id, occasion=f"{booking.version}", data=told)

    def _count(self, status: str) -> None:
        after_commit(self.session, lambda: metrics.booking_entered(status))
