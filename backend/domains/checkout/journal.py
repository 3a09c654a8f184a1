"""The one place where an order changes: state machine, version, history, audit and events together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.domains.checkout.models import Order, OrderEvent
from backend.domains.checkout.states import DONE, Action, after
from backend.infra.announcements import Announcements
from backend.infra.audit import AuditLog
from backend.infra.event_buffer import Events
from backend.infra.postgres import DbSession

PLACED: Final = "placed"


@dataclass(frozen=True)
class OrderJournal:
    """Applies changes to locked orders and writes them down."""

    session: DbSession
    audit: AuditLog
    events: Events
    announcements: Announcements

    def placed(self, order: Order, *, now: datetime, data: Mapping[str, Any]) -> None:
        """Write down a new order."""
        self._note(order, PLACED, actor_id=order.user_id, now=now, data=data)

    def apply(
        self,
        order: Order,
        action: Action,
        *,
        actor_id: str | None,
        now: datetime,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Do `action` to a locked order; by another than the customer it goes into the audit log, too.

        TransitionError.
        """
        before = order.state
        order.state = after(order.status, action)
        order.version += 1
        order.changed_at = now
        self._note(order, DONE[action], actor_id=actor_id, now=now, data=data or {})
        if actor_id != order.user_id:
            self.audit.record(
                actor_id=actor_id,
                action=f"order.{DONE[action]}",
                subject=order.id,
                before={"state": before},
                after={"state": order.state, **(data or {})},
            )

    def _note(
        self, order: Order, done: str, *, actor_id: str | None, now: datetime, data: Mapping[str, Any]
    ) -> None:
        """Add a line to the order's history, tell the behaviour log, and announce it."""
        event = OrderEvent(
            order_id=order.id, at=now, actor_id=actor_id, action=done, state=order.state, data=dict(data)
        )
        self.session.add(event)
        self.session.flush()
        told = {"order_id": order.id, "state": order.state, "actor_id": actor_id, **data}
        name = f"order.{done}"
        self.events.record(name=name, user_id=order.user_id, data=told)
        self.announcements.announce(name, subject=order.id, occasion=f"{order.version}", data=told)
