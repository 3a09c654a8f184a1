"""Refunds that staff decide."""

from dataclasses import dataclass
from datetime import datetime

from backend.domains.payments import queries
from backend.domains.payments.intents import IntentOutcomes
from backend.domains.payments.models import Payment
from backend.domains.payments.refunds import Refunds
from backend.domains.payments.service import UnknownPaymentError
from backend.domains.payments.states import PartState, State
from backend.infra.audit import AuditLog
from backend.infra.postgres import DbSession
from backend.kernel.errors import ConflictError, NotFoundError
from backend.kernel.money import Money


class NothingPaidError(ConflictError):
    """Nothing was taken yet: cancel what it is for instead."""


@dataclass(frozen=True)
class PaymentReturns:
    """Gives back what staff say, and writes down who said so."""

    session: DbSession
    intents: IntentOutcomes
    refunds: Refunds
    audit: AuditLog

    def refund(
        self,
        *,
        payment_id: str,
        part: str | None,
        amount: Money | None,
        reason: str,
        actor_id: str,
        now: datetime,
    ) -> None:
        """Give back `amount` of a part, all of it, or all there is. RefundTooHighError, NothingPaidError."""
        if self.session.get(Payment, payment_id) is None:
            raise UnknownPaymentError("There is no such payment.")
        payment = self.intents.lock(payment_id=payment_id)
        if payment.status is not State.PAID:
            raise NothingPaidError("Nothing of this payment was taken; cancel what it is for instead.")
        wanted = self._wanted(payment, part, amount)
        planned = self.refunds.plan(payment, wanted, reason=reason, now=now)
        if planned is None:
            raise NothingPaidError("All of it has gone back already.")
        self.audit.record(
            actor_id=actor_id,
            action="payment.refund",
            subject=payment.id,
            before={"refunded": payment.refunded_minor},
            after={"parts": planned.about["parts"], "reason": reason},
        )

    def _wanted(self, payment: Payment, part: str | None, amount: Money | None) -> dict[str, Money]:
        parts = queries.parts(self.session, payment.id)
        taken = [one for one in parts.values() if one.state == PartState.TAKEN]
        if part is None:
            return {one.part: self.refunds.left(payment, one.part) for one in taken}
        if part not in {one.part for one in taken}:
            raise NotFoundError(f"The payment has no part {part} that was paid.")
        return {part: self.refunds.left(payment, part) if amount is None else amount}
