"""Writing down what is to be asked of the gateway, in the transaction of the change that wants it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from backend.domains.payments import queries
from backend.domains.payments.models import Payment, PaymentOperation
from backend.infra.jobs import JobQueue
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.money import Money

RUN: Final = "payments.run_operation"
LOOK: Final = "payments.look"
REMIND: Final = "payments.remind"
REMINDED_BEFORE: Final = timedelta(days=3)
MORNING: Final = time(9)


class Kind(StrEnum):
    """What can be asked."""

    OPEN = "open"
    CHARGE = "charge"
    CAPTURE = "capture"
    CANCEL = "cancel"
    REFUND = "refund"
    TRANSFER = "transfer"
    REVERSE = "reverse"


class Outcome(StrEnum):
    """What is known of it."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class Operations:
    """Plans operations. The payment must be locked; a job does what was planned once that is committed."""

    session: DbSession
    jobs: JobQueue

    def plan(
        self,
        payment: Payment,
        kind: Kind,
        *,
        now: datetime,
        amount: Money | None = None,
        account: str | None = None,
        about: Mapping[str, Any] | None = None,
        by_job: bool = True,
    ) -> PaymentOperation:
        """The operation, to be done by a job; or by the caller once this is committed, unless that dies."""
        made = PaymentOperation(
            id=ids.new_id(ids.PAYMENT_OPERATION),
            payment_id=payment.id,
            kind=kind.value,
            number=queries.count(self.session, payment.id, kind.value) + 1,
            state=Outcome.PENDING.value,
            amount_minor=None if amount is None else amount.minor,
            account=account,
            about=dict(about or {}),
            created_at=now,
        )
        self.session.add(made)
        self.session.flush()
        if by_job:
            self.do_again(made.id)
        return made

    def is_pending(self, payment: Payment, kind: Kind) -> bool:
        """Whether one of this kind was planned and its outcome is not known."""
        found = queries.operations(self.session, payment.id, kind.value)
        return any(one.state == Outcome.PENDING for one in found)

    def may_have_intent(self, payment: Payment) -> bool:
        """Whether the gateway has, or may have, an intent of the payment."""
        makers = (Kind.OPEN, Kind.CHARGE)
        return payment.intent_id is not None or any(self.is_pending(payment, kind) for kind in makers)

    def do_again(self, operation_id: str) -> None:
        """Let a job do it (again); what is done already stays as it is."""
        self.jobs.enqueue(RUN, operation_id=operation_id)

    def remind(self, payment: Payment, due_on: date) -> None:
        """Let a job say some days before a balance is charged that it will be."""
        at = datetime.combine(due_on, MORNING, UTC) - REMINDED_BEFORE
        self.jobs.enqueue(REMIND, at=at, payment_id=payment.id)

    def look_soon(self, payment: Payment) -> None:
        """Let a job see where the gateway has a payment."""
        self.jobs.enqueue(LOOK, payment_id=payment.id)

    def settle(
        self,
        operation: PaymentOperation,
        outcome: Outcome,
        *,
        now: datetime,
        gateway_id: str | None = None,
        told: Mapping[str, Any] | None = None,
    ) -> None:
        """Note what became of it."""
        operation.state = outcome.value
        operation.gateway_id = gateway_id
        operation.outcome = dict(told or {})
        operation.settled_at = now
        self.session.flush()
