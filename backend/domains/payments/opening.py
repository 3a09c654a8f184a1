"""Paying: opening a payment for the customer, confirming it, and asking how it went."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.domains.payments import queries
from backend.domains.payments.entities import PartView, PaymentView
from backend.domains.payments.gateway import Intent, PaymentGateway
from backend.domains.payments.intents import IntentOutcomes
from backend.domains.payments.models import Payment
from backend.domains.payments.operations import Kind, Operations
from backend.domains.payments.running import OperationRunner
from backend.domains.payments.service import Payments, UnknownPaymentError
from backend.domains.payments.states import OVER, Purpose, State
from backend.infra.postgres import DbSession
from backend.kernel.errors import ConflictError, ExpiredError

_PAYABLE: Final = frozenset({State.NEW, State.AWAITING})


class NothingToPayError(ConflictError):
    """The payment is over, or waits for something else than the customer."""


class PaymentExpiredError(ExpiredError):
    """The time for paying is over."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A payment as its customer may see it. With the `client_secret` a browser pays; nobody else gets it."""

    payment: PaymentView
    client_secret: str | None
    action_url: str | None = None


@dataclass(frozen=True, slots=True)
class Detailed:
    """A payment with what it is for."""

    payment: PaymentView
    parts: Sequence[PartView]


@dataclass(frozen=True)
class PaymentDesk:
    """Where customers pay. Verbs commit what they know before they ask the gateway: no lock is held then.

    `home` is where customers go on after their bank asked them something, unless told otherwise.
    """

    session: DbSession
    gateway: PaymentGateway
    payments: Payments
    operations: Operations
    runner: OperationRunner
    intents: IntentOutcomes
    home: str

    def open(self, *, payment_id: str, user_id: str, now: datetime) -> Opened:
        """Let the customer pay; asked again, the same.

        UnknownPaymentError, NothingToPayError, PaymentExpiredError; GatewayDownError: ask again.
        """
        payment = self._payable(payment_id, user_id, now)
        if payment.status is State.NEW:
            operation = self._opening(payment_id, now)
            self.session.commit()
            self.runner.run(operation_id=operation, now=now)
            self.session.commit()
        return self._seen(payment_id, lambda intent_id: self.gateway.intent(intent_id=intent_id), now)

    def payment_of(self, *, subject: str, user_id: str) -> str:
        """The id of what a user has to pay now for an order or a booking. UnknownPaymentError."""
        for payment in queries.of_subject(self.session, subject):
            if payment.user_id == user_id and payment.purpose != Purpose.BALANCE:
                return payment.id
        raise UnknownPaymentError("There is nothing of that id to be paid by card among yours.")

    def confirm(
        self, *, payment_id: str, user_id: str, payment_method: str, return_url: str, now: datetime
    ) -> Opened:
        """Pay with a card that the gateway knows. What it answers is applied; a decline is in the payment."""
        seen = self.open(payment_id=payment_id, user_id=user_id, now=now)
        payment = self.payments.payment(payment_id=payment_id, user_id=user_id)
        if payment.status not in _PAYABLE:
            # It was paid before, and the answer was lost.
            return seen
        # One try a card and state: sent twice, it is one try; after a decline, the next.
        key = f"{payment_id}:confirm:{payment.version}:{payment.attempts}:{payment_method}"
        payment.attempts += 1

        def ask(intent_id: str) -> Intent:
            return self.gateway.confirm(
                intent_id=intent_id,
                payment_method=payment_method,
                return_url=return_url or self.home,
                key=key,
            )

        return self._seen(payment_id, ask, now)

    def verify(self, *, payment_id: str, user_id: str, now: datetime) -> Opened:
        """How it went, by the gateway's own word. Any number of times, before or after its webhook."""
        payment = self.payments.payment(payment_id=payment_id, user_id=user_id)
        if payment.intent_id is None or payment.status in OVER:
            return Opened(payment.view, None)
        return self._seen(payment_id, lambda intent_id: self.gateway.intent(intent_id=intent_id), now)

    def _opening(self, payment_id: str, now: datetime) -> str:
        """The operation that opens the payment: there is one, however many ask for it at once."""
        payment = queries.locked(self.session, payment_id)
        _require_payable(payment, now)
        found = queries.operations(self.session, payment_id, Kind.OPEN.value)
        made = found[0] if found else self.operations.plan(payment, Kind.OPEN, now=now, by_job=False)
        return made.id

    def _payable(self, payment_id: str, user_id: str, now: datetime) -> Payment:
        payment = self.payments.payment(payment_id=payment_id, user_id=user_id)
        _require_payable(payment, now)
        return payment

    def _seen(self, payment_id: str, ask: Callable[[str], Intent], now: datetime) -> Opened:
        """Ask the gateway, apply what it says, and show it."""
        intent_id = self.session.get_one(Payment, payment_id, populate_existing=True).intent_id
        self.session.commit()
        if intent_id is None:
            raise NothingToPayError("This payment is being opened; ask again in a moment.")
        intent = ask(intent_id)
        payment = self.intents.lock(payment_id=payment_id)
        self.intents.apply(payment, intent, now=now)
        return Opened(payment.view, intent.client_secret, intent.action_url)


def _require_payable(payment: Payment, now: datetime) -> None:
    """NothingToPayError, PaymentExpiredError."""
    if payment.status not in _PAYABLE:
        raise NothingToPayError(
            f"This payment is {payment.state}: there is nothing to pay.",
            extra={"payment_state": payment.state},
        )
    if payment.pay_by is not None and payment.pay_by <= now:
        raise PaymentExpiredError("The time for paying is over; order again.")
