"""What happens to payments when time passes: those that nobody makes, and balances whose day comes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backend.domains.payments import queries
from backend.domains.payments.intents import IntentOutcomes
from backend.domains.payments.journal import PaymentJournal
from backend.domains.payments.models import Payment, PaymentOperation
from backend.domains.payments.operations import Kind, Operations
from backend.domains.payments.states import Purpose, State
from backend.domains.payments.transfers import Transfers
from backend.infra.postgres import DbSession

CATCH_UP: Final = "payments.catch_up"
# A day apart each; after the last one it is cancelled.
TRIES: Final = 4
BETWEEN_TRIES: Final = timedelta(days=1)


@dataclass(frozen=True)
class PaymentSchedule:
    """Each verb works on one payment, in a transaction of its own; twice is harmless."""

    session: DbSession
    intents: IntentOutcomes
    operations: Operations
    transfers: Transfers
    journal: PaymentJournal

    def expire(self, *, payment_id: str, now: datetime) -> None:
        """Let go of a payment that was not made in time; the gateway has the last word."""
        payment = self.intents.lock(payment_id=payment_id)
        if payment.pay_by is not None and payment.pay_by <= now:
            self.intents.cancel(payment, now=now)

    def charge(self, *, payment_id: str, now: datetime) -> None:
        """Charge a balance whose day has come to the card that the deposit was paid with, without its owner.

        A day later once more, some times; then what it is for is cancelled.
        """
        payment = self.intents.lock(payment_id=payment_id)
        if payment.purpose != Purpose.BALANCE or payment.status not in {State.SCHEDULED, State.AWAITING}:
            return
        tried = queries.operations(self.session, payment.id, Kind.CHARGE.value)
        if tried and (tried[-1].state == queries.PENDING or tried[-1].created_at + BETWEEN_TRIES > now):
            return
        card = self._card(payment)
        if card is None or len(tried) >= TRIES:
            self.intents.cancel(payment, now=now)
        else:
            self.operations.plan(payment, Kind.CHARGE, now=now, about={"card": card})

    def _card(self, payment: Payment) -> str | None:
        """The card that the deposit was paid with."""
        paid = [one for one in queries.of_subject(self.session, payment.subject) if one.card]
        return paid[0].card if paid else None

    def tell_of_failure(self, payment: Payment, operation: PaymentOperation) -> None:
        """A try to charge a balance failed: when the next one is, and when it is the last."""
        first = queries.operations(self.session, payment.id, Kind.CHARGE.value)[0].created_at
        ends = first + TRIES * BETWEEN_TRIES
        data = {"cancelled_on": ends.date().isoformat()}
        if payment.decline is not None:
            data["reason"] = payment.decline["message"]
        if operation.number < TRIES:
            data["retry_on"] = (operation.created_at + BETWEEN_TRIES).date().isoformat()
        self.journal.announce(
            "payment.failed", payment, occasion=operation.id, amount=payment.amount, data=data
        )

    def remind(self, *, payment_id: str) -> None:
        """Say that a balance will be charged soon."""
        payment = self.session.get_one(Payment, payment_id)
        if payment.status is State.SCHEDULED:
            on = {"on": payment.due_on and payment.due_on.isoformat()}
            self.journal.announce("balance.due", payment, occasion="due", amount=payment.amount, data=on)

    def pass_on(self, *, payment_id: str, now: datetime) -> None:
        """Plan transfers that could not be made before: an account has been opened, a dispute won."""
        payment = self.intents.lock(payment_id=payment_id)
        self.transfers.plan(payment, now=now)
