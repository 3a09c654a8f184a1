"""What the gateway tells us: kept first, acted on by a job, right in any order and any number of times."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.dialects.postgresql import insert

from backend.domains.payments import queries
from backend.domains.payments.accounts import PayoutAccounts
from backend.domains.payments.disputes import Disputes
from backend.domains.payments.gateway import PaymentGateway
from backend.domains.payments.intents import IntentOutcomes
from backend.domains.payments.models import Payment, PaymentEvent
from backend.domains.payments.refunds import Refunds
from backend.domains.payments.running import OperationRunner
from backend.infra.jobs import JobQueue
from backend.infra.postgres import DbSession
from backend.kernel.errors import NotFoundError

HANDLE: Final = "payments.handle_event"


@dataclass(frozen=True)
class EventInbox:
    """Keeps events. Their signature is verified on the raw body before anything of it is read."""

    session: DbSession
    gateway: PaymentGateway
    jobs: JobQueue

    def receive(self, *, payload: bytes, signature: str, now: datetime) -> bool:
        """Keep an event, to be acted on by a job; False for one that is kept already. BadEventError."""
        event = self.gateway.event(payload=payload, signature=signature)
        row = {
            "id": event.id,
            "kind": event.kind,
            "told_at": event.created_at,
            "received_at": now,
            "subject": dict(event.subject),
            "account_id": event.account_id,
        }
        kept = insert(PaymentEvent).values(row).on_conflict_do_nothing().returning(PaymentEvent.id)
        is_new = self.session.scalar(kept) is not None
        if is_new:
            self.jobs.enqueue(HANDLE, event_id=event.id)
        return is_new


@dataclass(frozen=True)
class PaymentLooks:
    """Looks at a payment at the gateway, with all that hangs on it. Events and reconciliation end here.

    Events of connected accounts are looked at as such.
    """

    session: DbSession
    gateway: PaymentGateway
    runner: OperationRunner
    intents: IntentOutcomes
    refunds: Refunds
    disputes: Disputes
    accounts: PayoutAccounts

    def handle(self, *, event_id: str, now: datetime) -> None:
        """Act on an event: look at what it is about, whatever it says. GatewayDownError: again later."""
        event = self.session.get(PaymentEvent, event_id)
        if event is None or event.handled_at is not None:
            return
        if event.account_id is not None:
            self._see_account(event.account_id)
        elif (payment_id := self._payment_of(event.subject)) is not None:
            self.look(payment_id=payment_id, now=now)
        event = self.session.get_one(PaymentEvent, event_id, populate_existing=True)
        event.handled_at = now
        self.session.flush()

    def look(self, *, payment_id: str, now: datetime) -> None:
        """Bring a payment, its refunds and its disputes to where the gateway says that they are."""
        self.runner.look(payment_id=payment_id, now=now)
        self.session.commit()
        intent_id = self.session.get_one(Payment, payment_id).intent_id
        if intent_id is None:
            return
        self.session.commit()
        refunds = self.gateway.refunds(intent_id=intent_id)
        disputes = self.gateway.disputes(intent_id=intent_id)
        payment = self.intents.lock(payment_id=payment_id)
        for refund in refunds:
            self.refunds.look(payment, refund, now=now)
        self.disputes.look(payment, disputes, now=now)

    def _see_account(self, account_id: str) -> None:
        """See what a connected account can do now; an account of somebody else is nothing of ours."""
        with contextlib.suppress(NotFoundError):
            self.accounts.refresh(account_id=account_id)

    def _payment_of(self, subject: Any) -> str | None:
        """The payment that an object of the gateway is about, if it is one of ours."""
        intent_id = subject.get("payment_intent") or subject.get("id")
        return queries.by_intent(self.session, str(intent_id)) if intent_id else None
