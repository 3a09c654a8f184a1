"""The one place where a booking changes: state machine, version, history and audit together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.domains.bookings.models import Booking, BookingEvent
from backend.domains.bookings.states import Action, after
from backend.infra import metrics
from backend.infra.audit import AuditLog
from backend.infra.postgres import DbSession


@dataclass(frozen=True)
class BookingJournal:
    """Applies changes to locked bookings and writes them down."""

    session: DbSession
    audit: AuditLog

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
        self.changed(booking, action, before={"status": before}, actor_id=actor_id, now=now, data=data)

    def changed(
        self,
        booking: Booking,
        action: str,
        *,
        before: Mapping[str, Any],
        actor_id: str | None,
        now: datetime,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Count and write down a change; one by another than the customer goes into the audit log too."""
        booking.version += 1
        booking.changed_at = now
        self.note(booking, action, actor_id=actor_id, now=now, data=data)
        if actor_id not in (None, booking.user_id):
            self.audit.record(
                actor_id=actor_id,
                action=f"booking.{action}",
                subject=booking.id,
                before=before,
                after={name: getattr(booking, name) for name in before},
            )

    def note(
        self,
        booking: Booking,
        action: str,
        *,
        actor_id: str | None,
        now: datetime,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a line to the booking's history, and count the status that it is in."""
        self.session.add(
            BookingEvent(
                booking_id=booking.id,
                at=now,
                actor_id=actor_id,
                action=action,
                status=booking.status,
                data=dict(data or {}),
            )
        )
        self.session.flush()
        metrics.booking_entered(booking.status)
