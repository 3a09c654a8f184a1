"""What somebody owes, and what of it goes back. Changes here are planned: the gateway is asked afterwards."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from backend.domains.payments import queries
from backend.domains.payments.entities import Bill, Claim, PartView, PaymentView, sum_of
from backend.domains.payments.gateway import Capture
from backend.domains.payments.journal import PaymentJournal
from backend.domains.payments.models import Payment, PaymentPart, PaymentShare
from backend.domains.payments.operations import Kind, Operations
from backend.domains.payments.refunds import Refunds
from backend.domains.payments.states import Action, PartState, Purpose, State
from backend.domains.payments.statuses import PaymentStatus
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.errors import NotFoundError
from backend.kernel.money import Money, total

# The gateway has them, or may have by now.
_TO_BE_CANCELLED: Final = (State.NEW, State.SCHEDULED, State.AWAITING, State.AUTHORISED)
_SURE: Final = (State.AUTHORISED, State.PAID)
# How parts are called that are lines of an order and no bookings.
LINE: Final = "line:"
DECLINED: Final = "The provider did not take it."


class UnknownPaymentError(NotFoundError):
    """No such payment, or one that the caller may not know of."""


@dataclass(frozen=True)
class Payments:
    """Asks for money and gives it back. Verbs work within the caller's transaction."""

    session: DbSession
    operations: Operations
    refunds: Refunds
    journal: PaymentJournal

    def ask(self, *, bill: Bill, now: datetime) -> PaymentView | None:
        """Ask for what is owed now, and put off what is due later. None when nothing is due now.

        What waits for a provider's answer is authorised together with the rest, and taken in one piece
        when all have answered.
        """
        later = sorted({day for claim in bill.claims for day in claim.later or {}})
        capture = Capture.MANUAL if any(claim.asks for claim in bill.claims) else Capture.AUTOMATIC
        purpose = Purpose.DEPOSIT if later else Purpose.WHOLE
        made = self._store(bill, purpose, _due_now(bill), capture=capture, saves_card=bool(later), now=now)
        for day in later:
            shares = {claim.part: (claim.later or {}).get(day, {}) for claim in bill.claims}
            balance = self._store(
                bill,
                Purpose.BALANCE,
                shares,
                capture=Capture.AUTOMATIC,
                saves_card=False,
                now=now,
                due_on=day,
            )
            if balance is not None:
                self.operations.remind(balance, day)
        return None if made is None else made.view

    def payment(self, *, payment_id: str, user_id: str, is_staff: bool = False) -> Payment:
        """A payment, for its customer and staff. UnknownPaymentError for others."""
        found = self.session.get(Payment, payment_id)
        if found is None or not (is_staff or found.user_id == user_id):
            raise UnknownPaymentError("There is no such payment among yours.")
        return found

    def status(self, *, payment_id: str, user_id: str) -> PaymentStatus:
        """Where a payment of the user is, by Redis if it knows. UnknownPaymentError for others."""
        known = self.journal.statuses.find(payment_id=payment_id)
        if known is not None and known.user_id == user_id:
            return known
        found = self.payment(payment_id=payment_id, user_id=user_id)
        self.journal.statuses.keep(found)
        return PaymentStatus.of(found)

    def parts(self, *, payment: Payment) -> list[PartView]:
        """What a payment is for."""
        found = queries.parts(self.session, payment.id).values()
        return [part.view(payment.currency) for part in found]

    def parts_of(self, *, subject: str) -> dict[str, list[PartView]]:
        """The parts of all payments of an order or a booking, by what they are for."""
        found: dict[str, list[PartView]] = {}
        for payment in queries.of_subject(self.session, subject):
            for part in self.parts(payment=payment):
                found.setdefault(part.part, []).append(part)
        return found

    def answer(self, *, part: str, is_taken: bool, now: datetime) -> None:
        """A provider answered for a part that waited; the last answer takes the money, or lets it go."""
        for payment in queries.of_part(self.session, part):
            parts = queries.parts(self.session, payment.id)
            if parts[part].state == PartState.ASKED:
                parts[part].state = (PartState.TAKEN if is_taken else PartState.DROPPED).value
            elif not is_taken:
                rest = self.refunds.left(payment, part)
                self._withdraw(payment, part, rest, reason=DECLINED, now=now)
            self.settle_parts(payment, now=now)

    def sure(self, *, part: str, currency: str, subject: str | None = None) -> Money:
        """What of a part is authorised or paid; lines are named within their order, the `subject`."""
        amounts = [
            queries.parts(self.session, payment.id)[part].amount_minor
            for payment in queries.of_part(self.session, part, subject)
            if payment.status in _SURE
        ]
        return Money(sum(amounts), currency)

    def answer_by(self, *, part: str) -> datetime | None:
        """Until when the provider may answer for a part."""
        found = [payment.answer_by for payment in queries.of_part(self.session, part)]
        return next((when for when in found if when is not None), None)

    def settle_parts(self, payment: Payment, *, now: datetime) -> None:
        """Once nobody is asked any more: take what was agreed to, or let go. The payment is locked."""
        self.session.flush()
        states = {part.state for part in queries.parts(self.session, payment.id).values()}
        if PartState.ASKED in states or self.operations.is_pending(payment, Kind.CAPTURE):
            return
        if PartState.TAKEN not in states:
            self._let_go(payment, now)
        elif payment.status is State.AUTHORISED:
            self.operations.plan(payment, Kind.CAPTURE, now=now, amount=self.to_take(payment))

    def to_take(self, payment: Payment) -> Money:
        """What of a payment was agreed to."""
        parts = queries.parts(self.session, payment.id).values()
        taken = sum(part.amount_minor for part in parts if part.state == PartState.TAKEN)
        return Money(taken, payment.currency)

    def give_back(
        self, *, part: str, amount: Money, reason: str, now: datetime, subject: str | None = None
    ) -> None:
        """A booking was cancelled: `amount` of what was paid for it goes back, of its balances first.

        What is not paid of it yet is not asked for any more. Lines are named within their order (`subject`).
        """
        left = amount
        for payment in reversed(queries.of_part(self.session, part, subject)):
            left -= self._withdraw(payment, part, left, reason=reason, now=now)

    def let_go(self, *, subject: str, reason: str, now: datetime, besides: Collection[str] = ()) -> None:
        """An order was cancelled: all goes back that is not for bookings or `besides`: these have rules."""
        for payment in queries.live(self.session, subject):
            for part in list(queries.parts(self.session, payment.id).values()):
                if part.part.startswith(LINE) and part.part not in besides:
                    rest = Money(part.amount_minor, payment.currency)
                    self._withdraw(payment, part.part, rest, reason=reason, now=now)

    def abandon(self, *, subject: str, now: datetime) -> None:
        """The subject will not be paid: nothing of it is asked for any more."""
        for payment in queries.live(self.session, subject):
            for part in queries.parts(self.session, payment.id).values():
                part.state = PartState.DROPPED.value
            self._let_go(payment, now)

    def _withdraw(self, payment: Payment, part: str, amount: Money, *, reason: str, now: datetime) -> Money:
        """Give back up to `amount` of a part, or do not take it; how much goes back of what was paid."""
        found = queries.parts(self.session, payment.id)[part]
        rest = self.refunds.left(payment, part)
        back = min(amount, rest)
        is_sure = payment.status in _SURE and found.state == PartState.TAKEN
        is_taken = payment.status is State.PAID or self.operations.is_pending(payment, Kind.CAPTURE)
        if is_sure and (is_taken or back < rest):
            self.refunds.plan(payment, {part: back}, reason=reason, now=now)
            return back
        found.state = PartState.DROPPED.value
        self.settle_parts(payment, now=now)
        return back if is_sure else Money.zero(payment.currency)

    def _let_go(self, payment: Payment, now: datetime) -> None:
        if payment.status is State.SCHEDULED and not self.operations.is_pending(payment, Kind.CHARGE):
            self.journal.apply(payment, Action.LET_GO, now=now)
        elif payment.status in _TO_BE_CANCELLED and not self.operations.is_pending(payment, Kind.CANCEL):
            self.operations.plan(payment, Kind.CANCEL, now=now)

    def _store(
        self,
        bill: Bill,
        purpose: Purpose,
        parts: Mapping[str, Mapping[str, Money]],
        *,
        capture: Capture,
        saves_card: bool,
        now: datetime,
        due_on: date | None = None,
    ) -> Payment | None:
        owed = total((sum_of(shares, bill.currency) for shares in parts.values()), bill.currency)
        if not owed:
            return None
        made = Payment(
            id=ids.new_id(ids.PAYMENT),
            subject=bill.subject,
            user_id=bill.user_id,
            purpose=purpose.value,
            capture=capture.value,
            state=(State.NEW if due_on is None else State.SCHEDULED).value,
            currency=bill.currency,
            amount_minor=owed.minor,
            paid_minor=0,
            refunded_minor=0,
            description=bill.description,
            saves_card=saves_card,
            attempts=0,
            pay_by=bill.pay_by if due_on is None else None,
            answer_by=bill.answer_by if capture is Capture.MANUAL else None,
            due_on=due_on,
            version=1,
            created_at=now,
            changed_at=now,
        )
        self.session.add(made)
        self.session.flush()
        claims = {claim.part: claim for claim in bill.claims}
        for part, shares in parts.items():
            self.session.add_all(_rows(made, claims[part], shares, asks=capture is Capture.MANUAL))
            self.session.flush()
        self.journal.made(made, now=now)
        return made


def _due_now(bill: Bill) -> dict[str, dict[str, Money]]:
    """What of each claim's shares is not put off."""
    return {claim.part: dict(_less(claim.shares, (claim.later or {}).values())) for claim in bill.claims}


def _less(shares: Mapping[str, Money], later: Iterable[Mapping[str, Money]]) -> Iterable[tuple[str, Money]]:
    put_off = list(later)
    for account, share in shares.items():
        yield account, share - total((one[account] for one in put_off if account in one), share.currency)


def _rows(
    payment: Payment, claim: Claim, shares: Mapping[str, Money], *, asks: bool
) -> list[PaymentPart | PaymentShare]:
    owed = sum_of(shares, payment.currency)
    if not owed:
        return []
    state = PartState.ASKED if asks and claim.asks else PartState.TAKEN
    common = {"payment_id": payment.id, "part": claim.part, "refunded_minor": 0}
    part = PaymentPart(**common, name=claim.name, state=state.value, asks=claim.asks, amount_minor=owed.minor)
    rows = [
        PaymentShare(**common, account=account, amount_minor=share.minor)
        for account, share in shares.items()
        if share
    ]
    return [part, *rows]
