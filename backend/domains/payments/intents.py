"""What the gateway says of a payment, applied: in any order, and any number of times."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.domains.ledger import entries
from backend.domains.ledger.service import Ledger
from backend.domains.payments import queries
from backend.domains.payments.entities import Payable
from backend.domains.payments.gateway import Decline, Intent, IntentStatus
from backend.domains.payments.journal import PaymentJournal
from backend.domains.payments.models import Payment
from backend.domains.payments.operations import Kind, Operations
from backend.domains.payments.service import Payments
from backend.domains.payments.states import Action, PartState, Purpose, State
from backend.domains.payments.transfers import Transfers
from backend.infra.postgres import DbSession
from backend.kernel.errors import ConflictError
from backend.kernel.money import Money

LET_GO: Final = "The payment was not made in time."


class MismatchError(ConflictError):
    """The gateway took another amount than was agreed to; somebody has to look at it."""


@dataclass(frozen=True)
class IntentOutcomes:
    """Applies intents to payments that are locked together with their subject."""

    session: DbSession
    payments: Payments
    operations: Operations
    transfers: Transfers
    ledger: Ledger
    journal: PaymentJournal
    payables: Mapping[str, Payable]

    def lock(self, *, payment_id: str) -> Payment:
        """The payment as it is now, locked after its subject."""
        subject = self.session.get_one(Payment, payment_id).subject
        self._payable(subject).lock(subject=subject)
        return queries.locked(self.session, payment_id)

    def apply(self, payment: Payment, intent: Intent, *, now: datetime) -> None:
        """Bring the payment to where the gateway says that it is. MismatchError."""
        payment.intent_id = intent.id
        payment.charge_id = intent.charge_id or payment.charge_id
        payment.card = intent.payment_method or payment.card
        if payment.status in {State.NEW, State.SCHEDULED}:
            self.journal.apply(payment, Action.OPEN, now=now)
        if intent.status is IntentStatus.REQUIRES_CAPTURE and payment.status is State.AWAITING:
            self._authorised(payment, now)
        elif intent.status is IntentStatus.SUCCEEDED and payment.status is not State.PAID:
            self._paid(payment, intent.received, now)
        elif intent.status is IntentStatus.CANCELED:
            self._let_go(payment, now)
        else:
            self._note_decline(payment, intent.decline, now)
        self.session.flush()

    def _authorised(self, payment: Payment, now: datetime) -> None:
        self.journal.apply(payment, Action.AUTHORISE, now=now)
        payment.decline = None
        lost = self._accept(payment, now, is_taken=False)
        parts = queries.parts(self.session, payment.id)
        for part in lost:
            parts[part].state = PartState.DROPPED.value
        self.payments.settle_parts(payment, now=now)

    def _paid(self, payment: Payment, received: Money, now: datetime) -> None:
        """The money is ours: book who gets what of it."""
        was_authorised = payment.status is State.AUTHORISED
        dropped = [] if was_authorised else self._take_all(payment)
        expected = self.payments.to_take(payment)
        if received != expected:
            raise MismatchError(f"The gateway took {received} of {payment.id}, not {expected}.")
        payment.paid_minor = received.minor
        payment.decline = None
        self.journal.apply(payment, Action.TAKE, now=now)
        self.ledger.post(
            key=f"charge:{payment.id}",
            kind=entries.Kind.CHARGE,
            reference=payment.id,
            postings=entries.charge(amount=received, shares=self._shares(payment)),
            at=now,
            source=payment.charge_id,
        )
        if was_authorised:
            self._payable(payment.subject).taken(subject=payment.subject, now=now)
        else:
            lost = self._accept(payment, now, is_taken=True)
            self._refund_lost(payment, {*lost, *dropped}, now)
        self.transfers.plan(payment, now=now)
        for operation_id in queries.pending_of(self.session, payment.id):
            # Refunds of what was not yet taken wait for this.
            self.operations.do_again(operation_id)

    def _accept(self, payment: Payment, now: datetime, *, is_taken: bool) -> list[str]:
        """Tell the subject that its money is sure; the parts that cannot be had any more."""
        parts = queries.parts(self.session, payment.id)
        sure = {part.part: Money(part.amount_minor, payment.currency) for part in parts.values()}
        payable = self._payable(payment.subject)
        if payment.purpose == Purpose.BALANCE:
            payable.add(subject=payment.subject, paid=sure, now=now)
            self.journal.announce(
                "balance.charged", payment, occasion="charged", amount=payment.amount, data={}
            )
            return []
        asked = {part.part for part in parts.values() if part.state == PartState.ASKED}
        return sorted(
            payable.accept(subject=payment.subject, paid=sure, asked=asked, is_taken=is_taken, now=now)
        )

    def _take_all(self, payment: Payment) -> list[str]:
        """What is paid in one piece is paid whole; the parts that were dropped while it was paid."""
        parts = queries.parts(self.session, payment.id).values()
        dropped = [part for part in parts if part.state == PartState.DROPPED]
        for part in dropped:
            part.state = PartState.TAKEN.value
        self.session.flush()
        return [part.part for part in dropped]

    def _refund_lost(self, payment: Payment, lost: Collection[str], now: datetime) -> None:
        refunds = self.payments.refunds
        rest = {part: refunds.left(payment, part) for part in sorted(lost)}
        refunds.plan(payment, rest, reason="It cannot be had any more.", now=now)

    def _let_go(self, payment: Payment, now: datetime) -> None:
        if payment.status not in {State.AWAITING, State.AUTHORISED}:
            return
        if payment.purpose == Purpose.BALANCE:
            self._end_balance(payment, now)
            return
        self._release(payment, now)

    def _end_balance(self, payment: Payment, now: datetime) -> None:
        """A balance will not be had: because nobody wants it any more, or because the card was refused."""
        wanted = [
            part.part
            for part in queries.parts(self.session, payment.id).values()
            if part.state == PartState.TAKEN
        ]
        self.journal.apply(payment, Action.GIVE_UP if wanted else Action.LET_GO, now=now)
        if wanted:
            self._payable(payment.subject).unpaid(subject=payment.subject, parts=wanted, now=now)

    def release(self, payment: Payment, *, now: datetime) -> None:
        """Give up a payment that the gateway has nothing of, and what is kept for it."""
        if payment.status is State.SCHEDULED:
            self._end_balance(payment, now)
        elif payment.status is State.NEW:
            self._release(payment, now)

    def _release(self, payment: Payment, now: datetime) -> None:
        self.journal.apply(payment, Action.LET_GO, now=now)
        self.payments.abandon(subject=payment.subject, now=now)
        self._payable(payment.subject).release(subject=payment.subject, reason=LET_GO, now=now)

    def cancel(self, payment: Payment, *, now: datetime) -> None:
        """Ask the gateway to let go of a payment that was not made in time."""
        if payment.status is State.AWAITING and not self.operations.is_pending(payment, Kind.CANCEL):
            self.operations.plan(payment, Kind.CANCEL, now=now)
        elif not self.operations.may_have_intent(payment):
            self.release(payment, now=now)

    def _note_decline(self, payment: Payment, decline: Decline | None, now: datetime) -> None:
        told = None if decline is None else _told(decline)
        if told is not None and told != payment.decline:
            payment.decline = told
            self.journal.tell(payment, "declined", now=now, data={"decline": told})

    def _shares(self, payment: Payment) -> dict[str, Money]:
        """What each account gets of the parts that are taken."""
        parts = queries.parts(self.session, payment.id)
        shares: dict[str, Money] = {}
        for share in queries.shares(self.session, payment.id):
            if parts[share.part].state == PartState.TAKEN:
                before = shares.get(share.account, Money.zero(payment.currency))
                shares[share.account] = before + Money(share.amount_minor, payment.currency)
        return shares

    def _payable(self, subject: str) -> Payable:
        return self.payables[subject[:3]]


def _told(decline: Decline) -> dict[str, str | None]:
    return {"code": decline.code, "message": decline.message, "bank_code": decline.bank_code}
