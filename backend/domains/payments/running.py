"""Doing what was planned: the gateway is asked with no lock held, and its answer is applied under one.

Each operation is committed before it is asked, and asked under its own key: whoever dies in between, the
next one asks again and hears the same (docs/decisions/0117-operations-of-payments.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.domains.payments import queries
from backend.domains.payments.asked import Answer, Asked, asked_of
from backend.domains.payments.customers import GatewayCustomers
from backend.domains.payments.gateway import (
    GatewayRefund,
    GatewayRefusedError,
    GatewayReversal,
    GatewayTransfer,
    Intent,
    IntentStatus,
    PaymentGateway,
)
from backend.domains.payments.intents import IntentOutcomes
from backend.domains.payments.models import Payment, PaymentOperation
from backend.domains.payments.operations import Kind, Operations, Outcome
from backend.domains.payments.recalling import Recall
from backend.domains.payments.refunds import Refunds
from backend.domains.payments.schedule import PaymentSchedule
from backend.domains.payments.states import State
from backend.domains.payments.transfers import Payees, Transfers
from backend.infra.postgres import DbSession

NO_ACCOUNT: Final = "no_account"
# The gateway's word for a refund of what the customer's bank has taken back.
DISPUTED: Final = "charge_disputed"


@dataclass(frozen=True)
class OperationRunner:
    """Asks the gateway, and applies what it answers."""

    session: DbSession
    gateway: PaymentGateway
    customers: GatewayCustomers
    payees: Payees
    intents: IntentOutcomes
    operations: Operations
    refunds: Refunds
    transfers: Transfers
    schedule: PaymentSchedule
    recall: Recall

    def run(self, *, operation_id: str, now: datetime) -> None:
        """Do the operation unless it is done. GatewayDownError when its outcome is not known: do it again.

        The caller's transaction is committed before the gateway is asked; it must hold nothing else.
        """
        operation = queries.operation(self.session, operation_id)
        if operation is None or operation.state != Outcome.PENDING:
            return
        payment = self.session.get_one(Payment, operation.payment_id, populate_existing=True)
        if self._waits(operation, payment):
            return
        if operation.kind == Kind.CANCEL and payment.intent_id is None:
            self._forget(operation.id, payment.id, now)
            return
        asked = asked_of(operation, payment, now=now)
        self.session.commit()
        try:
            answer = self.recall.answer(asked) or self._asking[asked.kind](asked)
        except GatewayRefusedError as error:
            self._refused(asked, error.code, now)
        else:
            self._applied(asked, answer, now)

    def _waits(self, operation: PaymentOperation, payment: Payment) -> bool:
        """Whether something has to happen first: what does it lets this be done again."""
        if operation.kind == Kind.REFUND:
            # It is given back once it is taken, and nobody's bank has it.
            return payment.status is State.AUTHORISED or bool(queries.open_disputes(self.session, payment.id))
        is_cancel = operation.kind == Kind.CANCEL and payment.intent_id is None
        return is_cancel and self.operations.may_have_intent(payment)

    def _forget(self, operation_id: str, payment_id: str, now: datetime) -> None:
        """Cancel a payment that the gateway has nothing of."""
        payment = self.intents.lock(payment_id=payment_id)
        operation = queries.operation(self.session, operation_id)
        if (
            operation is None
            or operation.state != Outcome.PENDING
            or self.operations.may_have_intent(payment)
        ):
            return
        self.operations.settle(operation, Outcome.DONE, now=now)
        self.intents.release(payment, now=now)

    def look(self, *, payment_id: str, now: datetime) -> None:
        """Ask the gateway where a payment is, and bring ours there."""
        payment = self.session.get_one(Payment, payment_id, populate_existing=True)
        intent_id = payment.intent_id
        self.session.commit()
        if intent_id is None:
            return
        intent = self.gateway.intent(intent_id=intent_id)
        locked = self.intents.lock(payment_id=payment_id)
        self.intents.apply(locked, intent, now=now)

    def _applied(self, asked: Asked, answer: Answer, now: datetime) -> None:
        """Note the answer, unless somebody else who asked the same was faster."""
        payment = self.intents.lock(payment_id=asked.payment_id)
        operation = queries.operation(self.session, asked.id)
        if operation is None or operation.state != Outcome.PENDING:
            return
        if isinstance(answer, GatewayRefund):
            self.refunds.done(payment, operation, answer, now=now)
        elif isinstance(answer, GatewayTransfer):
            self.transfers.passed_on(payment, operation, answer, now=now)
        elif isinstance(answer, GatewayReversal):
            self.transfers.taken_back(payment, operation, answer, now=now)
        else:
            self.operations.settle(operation, Outcome.DONE, now=now, gateway_id=answer.id)
            self.intents.apply(payment, answer, now=now)
            if asked.kind is Kind.CHARGE and payment.status is State.AWAITING:
                self.schedule.tell_of_failure(payment, operation)
            self._go_on(payment.id)

    def _refused(self, asked: Asked, code: str, now: datetime) -> None:
        """Note a refusal; where it says that the payment is elsewhere than we thought, look."""
        payment = self.intents.lock(payment_id=asked.payment_id)
        operation = queries.operation(self.session, asked.id)
        if operation is None or operation.state != Outcome.PENDING:
            return
        if code == DISPUTED and queries.may_be_in_dispute(self.session, payment.id):
            self.refunds.put_off(payment, operation, code=code, now=now)
        elif asked.kind is Kind.REFUND:
            self.refunds.refused(payment, operation, code=code, now=now)
        elif asked.kind in {Kind.TRANSFER, Kind.REVERSE}:
            self.transfers.refused(payment, operation, code=code, now=now)
        else:
            self.operations.settle(operation, Outcome.REFUSED, now=now, told={"code": code})
            self.look(payment_id=asked.payment_id, now=now)
            self._go_on(asked.payment_id)

    def _go_on(self, payment_id: str) -> None:
        """Let what waited for this be done."""
        for operation in queries.operations(self.session, payment_id, Kind.CANCEL.value):
            if operation.state == Outcome.PENDING:
                self.operations.do_again(operation.id)

    @property
    def _asking(self) -> dict[Kind, Callable[[Asked], Answer]]:
        return {
            Kind.OPEN: self._open,
            Kind.CHARGE: self._charge,
            Kind.CAPTURE: self._capture,
            Kind.CANCEL: self._cancel,
            Kind.REFUND: self._refund,
            Kind.TRANSFER: self._transfer,
            Kind.REVERSE: self._reverse,
        }

    def _open(self, asked: Asked) -> Intent:
        return self.gateway.create_intent(
            amount=asked.amount,
            capture=asked.capture,
            reference=asked.payment_id,
            description=asked.description,
            customer_id=self.customers.of(user_id=asked.user_id) if asked.saves_card else None,
            save_card=asked.saves_card,
            key=asked.key,
        )

    def _charge(self, asked: Asked) -> Intent:
        if asked.intent_id:
            # A payment has one intent: it cannot be paid twice.
            return self.gateway.confirm(
                intent_id=asked.intent_id, payment_method=asked.card, return_url="", key=asked.key
            )
        return self.gateway.charge_saved(
            amount=asked.amount,
            reference=asked.payment_id,
            description=asked.description,
            customer_id=self.customers.of(user_id=asked.user_id),
            payment_method=asked.card,
            key=asked.key,
        )

    def _capture(self, asked: Asked) -> Intent:
        return self.gateway.capture(intent_id=asked.intent_id, amount=asked.amount, key=asked.key)

    def _cancel(self, asked: Asked) -> Intent:
        found = self.gateway.intent(intent_id=asked.intent_id)
        if found.status in {IntentStatus.CANCELED, IntentStatus.SUCCEEDED}:
            return found
        return self.gateway.cancel(intent_id=asked.intent_id, key=asked.key)

    def _refund(self, asked: Asked) -> GatewayRefund:
        return self.gateway.refund(
            intent_id=asked.intent_id, amount=asked.amount, reference=asked.id, key=asked.key
        )

    def _transfer(self, asked: Asked) -> GatewayTransfer:
        account_id = self.payees.account_of(asked.account)
        if account_id is None:
            raise GatewayRefusedError("The payee takes no transfers.", code=NO_ACCOUNT)
        return self.gateway.transfer(
            amount=asked.amount,
            account_id=account_id,
            charge_id=asked.charge_id,
            group=asked.payment_id,
            reference=asked.id,
            key=asked.key,
        )

    def _reverse(self, asked: Asked) -> GatewayReversal:
        return self.gateway.reverse(transfer_id=asked.transfer_id, amount=asked.amount, key=asked.key)
