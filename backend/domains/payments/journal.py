"""The one place where a payment changes its state: state machine, version, behaviour log and counters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.domains.payments.models import Payment
from backend.domains.payments.states import Action, after
from backend.domains.payments.statuses import PaymentStatuses
from backend.infra import metrics
from backend.infra.after_commit import after_commit
from backend.infra.announcements import Announcements
from backend.infra.event_buffer import Events
from backend.infra.postgres import DbSession
from backend.kernel.money import Money


@dataclass(frozen=True)
class PaymentJournal:
    """Applies changes to locked payments and tells of them."""

    session: DbSession
    events: Events
    announcements: Announcements
    statuses: PaymentStatuses

    def made(self, payment: Payment, *, now: datetime) -> None:
        """A payment was asked for."""
        self.tell(payment, "asked", now=now)

    def apply(self, payment: Payment, action: Action, *, now: datetime) -> None:
        """Do `action` to a locked payment. TransitionError."""
        payment.state = after(payment.status, action).value
        payment.version += 1
        payment.changed_at = now
        self.session.flush()
        self.tell(payment, payment.state, now=now)
        state = payment.state
        after_commit(self.session, lambda: metrics.payment_entered(state))
        self.statuses.keep(payment)

    def announce(
        self, name: str, payment: Payment, *, occasion: str, amount: Money, data: Mapping[str, Any]
    ) -> None:
        """Let the customer be written to about money of what they bought."""
        told = {"amount": {"amount": amount.minor, "currency": amount.currency}, **data}
        self.announcements.announce(
            name, subject=payment.subject, occasion=f"{payment.id}:{occasion}", data=told
        )

    def tell(
        self, payment: Payment, what: str, *, now: datetime, data: Mapping[str, Any] | None = None
    ) -> None:
        """Note in the behaviour log what happened."""
        told = {
            "payment_id": payment.id,
            "subject": payment.subject,
            "status": payment.state,
            "amount": {"amount": payment.amount_minor, "currency": payment.currency},
            "at": now.isoformat(),
            **(data or {}),
        }
        self.events.record(name=f"payment.{what}", user_id=payment.user_id, data=told)
