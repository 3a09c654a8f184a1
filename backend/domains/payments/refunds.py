"""Giving money back: out of the shares of what it was paid for, and out of what was passed on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.domains.ledger import entries
from backend.domains.ledger.postings import undone
from backend.domains.ledger.service import Ledger
from backend.domains.payments import queries
from backend.domains.payments.entities import sum_of
from backend.domains.payments.gateway import GatewayRefund, RefundStatus
from backend.domains.payments.journal import PaymentJournal
from backend.domains.payments.models import Payment, PaymentOperation, PaymentShare
from backend.domains.payments.operations import Kind, Operations, Outcome
from backend.domains.payments.transfers import Transfers
from backend.infra.postgres import DbSession
from backend.kernel.errors import ConflictError
from backend.kernel.money import Money, total

_GONE = (RefundStatus.FAILED, RefundStatus.CANCELED)


class RefundTooHighError(ConflictError):
    """More is to go back than was paid and is still here."""


@dataclass(frozen=True)
class Refunds:
    """Plans refunds of locked payments and books what became of them."""

    session: DbSession
    operations: Operations
    transfers: Transfers
    ledger: Ledger
    journal: PaymentJournal

    def left(self, payment: Payment, part: str) -> Money:
        """What of a part was not given back yet."""
        found = queries.parts(self.session, payment.id)[part]
        return Money(found.amount_minor - found.refunded_minor, payment.currency)

    def plan(
        self, payment: Payment, parts: Mapping[str, Money], *, reason: str, now: datetime
    ) -> PaymentOperation | None:
        """Give so much of each part back, out of its shares in proportion; None for nothing.

        RefundTooHighError. What is not taken yet is given back once it is.
        """
        wanted = {part: amount for part, amount in parts.items() if amount}
        if not wanted:
            return None
        shares = self._reserve(payment, wanted)
        about = {
            "reason": reason,
            "parts": {part: amount.minor for part, amount in wanted.items()},
            "shares": shares,
        }
        amount = total(wanted.values(), payment.currency)
        return self.operations.plan(payment, Kind.REFUND, now=now, amount=amount, about=about)

    def _reserve(self, payment: Payment, wanted: Mapping[str, Money]) -> dict[str, dict[str, int]]:
        """Count it as given back already, so that nothing is given back twice; the shares of each part."""
        rows = queries.shares(self.session, payment.id)
        parts = queries.parts(self.session, payment.id)
        reserved = {}
        for part, amount in wanted.items():
            left = {
                row.account: Money(row.amount_minor - row.refunded_minor, payment.currency)
                for row in rows
                if row.part == part
            }
            try:
                split = entries.portions(amount=amount, shares=left)
            except ValueError:
                rest = self.left(payment, part)
                raise RefundTooHighError(
                    f"{rest} of {parts[part].name} can go back, not {amount}.",
                    extra={"left": {"amount": rest.minor, "currency": rest.currency}},
                ) from None
            reserved[part] = {account: share.minor for account, share in split.items()}
            parts[part].refunded_minor += amount.minor
            _add(rows, part, reserved[part], sign=1)
        self.session.flush()
        return reserved

    def done(
        self, payment: Payment, operation: PaymentOperation, refund: GatewayRefund, *, now: datetime
    ) -> None:
        """The gateway gave it back, or is about to: book it, and take back what was passed on of it."""
        self.operations.settle(operation, Outcome.DONE, now=now, gateway_id=refund.id)
        shares = self._shares_of(operation, payment.currency)
        payment.refunded_minor += refund.amount.minor
        self.ledger.post(
            key=f"refund:{refund.id}",
            kind=entries.Kind.REFUND,
            reference=payment.id,
            postings=entries.refund(amount=refund.amount, shares=shares),
            at=now,
            source=refund.id,
        )
        self.journal.tell(payment, "refunded", now=now, data={"amount": _told(refund.amount)})
        why = {"reason": operation.about["reason"]}
        self.journal.announce("refund.made", payment, occasion=operation.id, amount=refund.amount, data=why)
        self.transfers.take_back(payment, shares, now=now)
        if refund.status in _GONE:
            self.failed(payment, operation, refund, now=now)

    def refused(self, payment: Payment, operation: PaymentOperation, *, code: str, now: datetime) -> None:
        """The gateway will not: nothing of it went back."""
        self.operations.settle(operation, Outcome.REFUSED, now=now, told={"code": code})
        if queries.was_lost_since(self.session, payment.id, operation.created_at):
            self._gone_by_dispute(payment, operation, now=now)
        else:
            self._forget(payment, operation)
        self.journal.tell(payment, "refund_refused", now=now, data={"code": code})

    def _gone_by_dispute(self, payment: Payment, operation: PaymentOperation, *, now: datetime) -> None:
        """The customer's bank gave it back in our place: who had shares of it bears it, as if we had.

        When the dispute was lost it was ours to lose, because it was to be refunded.
        """
        shares = self._shares_of(operation, payment.currency)
        self.ledger.post(
            key=f"refund_by_dispute:{operation.id}",
            kind=entries.Kind.DISPUTE_LOST,
            reference=payment.id,
            postings=entries.loss_passed_on(shares=shares),
            at=now,
        )
        self.transfers.take_back(payment, shares, now=now)

    def put_off(self, payment: Payment, operation: PaymentOperation, *, code: str, now: datetime) -> None:
        """The customer's bank has the money: it is asked for anew, by another key, once that is settled."""
        self.operations.settle(operation, Outcome.REFUSED, now=now, told={"code": code})
        amount = Money(operation.amount_minor or 0, payment.currency)
        self.operations.plan(
            payment, Kind.REFUND, now=now, amount=amount, about=operation.about, by_job=False
        )
        self.operations.look_soon(payment)

    def look(self, payment: Payment, refund: GatewayRefund, *, now: datetime) -> None:
        """Book a refund that the customer's bank refused after it had been made."""
        if refund.status not in _GONE:
            return
        for operation in queries.operations(self.session, payment.id, Kind.REFUND.value):
            if operation.gateway_id == refund.id and not (operation.outcome or {}).get("failure"):
                self.failed(payment, operation, refund, now=now)

    def failed(
        self, payment: Payment, operation: PaymentOperation, refund: GatewayRefund, *, now: datetime
    ) -> None:
        """The money came back to us: the customer is owed it still, which staff have to settle."""
        operation.outcome = {"failure": refund.failure or refund.status.value}
        payment.refunded_minor -= refund.amount.minor
        self._forget(payment, operation)
        shares = self._shares_of(operation, payment.currency)
        self.ledger.post(
            key=f"refund_failed:{refund.id}",
            kind=entries.Kind.REFUND_FAILED,
            reference=payment.id,
            postings=undone(entries.refund(amount=sum_of(shares, payment.currency), shares=shares)),
            at=now,
            source=refund.id,
        )
        self.journal.tell(payment, "refund_failed", now=now, data={"amount": _told(refund.amount)})
        self.transfers.plan(payment, now=now)

    def _forget(self, payment: Payment, operation: PaymentOperation) -> None:
        rows = queries.shares(self.session, payment.id)
        parts = queries.parts(self.session, payment.id)
        for part, amount in operation.about["parts"].items():
            parts[part].refunded_minor -= amount
            _add(rows, part, operation.about["shares"][part], sign=-1)
        self.session.flush()

    def _shares_of(self, operation: PaymentOperation, currency: str) -> dict[str, Money]:
        """What of it is each account's."""
        found: dict[str, Money] = {}
        for shares in operation.about["shares"].values():
            for account, minor in shares.items():
                found[account] = found.get(account, Money.zero(currency)) + Money(minor, currency)
        return found


def _add(rows: Sequence[PaymentShare], part: str, shares: Mapping[str, int], *, sign: int) -> None:
    for row in rows:
        if row.part == part and row.account in shares:
            row.refunded_minor += sign * shares[row.account]


def _told(money: Money) -> dict[str, object]:
    return {"amount": money.minor, "currency": money.currency}
