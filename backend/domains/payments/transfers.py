"""Passing on what providers and experts earned, less what they owe, and taking it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from backend.domains.ledger import entries
from backend.domains.ledger.service import Ledger
from backend.domains.payments import queries
from backend.domains.payments.gateway import GatewayReversal, GatewayTransfer
from backend.domains.payments.journal import PaymentJournal
from backend.domains.payments.models import Payment, PaymentOperation
from backend.domains.payments.operations import Kind, Operations, Outcome
from backend.domains.payments.states import PartState, State
from backend.infra.postgres import DbSession
from backend.kernel.money import Money

PAYEES: Final = ("provider:", "expert:")


class Payees(Protocol):
    """Who can be paid through the gateway."""

    def account_of(self, owner: str) -> str | None:
        """The gateway's account of an owner such as `provider:prv_…`; None while it takes no transfers."""
        ...


@dataclass(frozen=True)
class Transfers:
    """Plans transfers and reversals of locked payments, and books what became of them."""

    session: DbSession
    operations: Operations
    ledger: Ledger
    payees: Payees
    journal: PaymentJournal

    def plan(self, payment: Payment, *, now: datetime) -> None:
        """Pass on what each payee has coming of a paid payment, as far as they do not owe it to us.

        Nothing of a payment in dispute, and nothing to who has no account (yet): it stays theirs.
        """
        if payment.status is not State.PAID or queries.open_disputes(self.session, payment.id):
            return
        earned = self._earned(payment)
        self.ledger.lock(accounts=sorted(earned))
        for account, share in sorted(earned.items()):
            coming = share - self._passed_on(payment, account)
            if coming.minor <= 0 or self.payees.account_of(account) is None:
                continue
            owed_to_us = coming - self._owed_to(account, payment.currency)
            amount, _ = entries.transferable(share=coming, balance_before=owed_to_us)
            if amount:
                self.operations.plan(payment, Kind.TRANSFER, now=now, amount=amount, account=account)

    def passed_on(
        self, payment: Payment, operation: PaymentOperation, transfer: GatewayTransfer, *, now: datetime
    ) -> None:
        """The gateway passed it on: book it."""
        self.operations.settle(operation, Outcome.DONE, now=now, gateway_id=transfer.id)
        self.ledger.post(
            key=f"transfer:{transfer.id}",
            kind=entries.Kind.TRANSFER,
            reference=payment.id,
            postings=entries.transfer(account=_account(operation), amount=transfer.amount),
            at=now,
            source=transfer.id,
        )
        self.take_back_excess(payment, _account(operation), now=now)

    def take_back(self, payment: Payment, shares: Mapping[str, Money], *, now: datetime) -> None:
        """Take back of each payee what was passed on and is not theirs any more."""
        for account in sorted(shares):
            if account.startswith(PAYEES):
                self.take_back_excess(payment, account, now=now)

    def take_back_excess(self, payment: Payment, account: str, *, now: datetime) -> None:
        """Plan reversals for what a payee has of a payment beyond what they earned of it.

        What cannot be taken back they owe us: it is kept of what they get next.
        """
        earned = self._earned(payment).get(account, Money.zero(payment.currency))
        excess = self._passed_on(payment, account) - earned
        for operation in queries.operations(self.session, payment.id, Kind.TRANSFER.value):
            if operation.account != account or operation.state != Outcome.DONE:
                continue
            amount = min(excess, self._left_of(payment, operation))
            if amount.minor > 0:
                about = {"transfer": operation.id, "gateway_id": operation.gateway_id}
                self.operations.plan(
                    payment, Kind.REVERSE, now=now, amount=amount, account=account, about=about
                )
                excess -= amount

    def taken_back(
        self, payment: Payment, operation: PaymentOperation, reversal: GatewayReversal, *, now: datetime
    ) -> None:
        """The gateway took it back: book it."""
        self.operations.settle(operation, Outcome.DONE, now=now, gateway_id=reversal.id)
        self.ledger.post(
            key=f"reversal:{reversal.id}",
            kind=entries.Kind.TRANSFER_REVERSAL,
            reference=payment.id,
            postings=entries.transfer_reversal(account=_account(operation), amount=reversal.amount),
            at=now,
            source=reversal.id,
        )

    def refused(self, payment: Payment, operation: PaymentOperation, *, code: str, now: datetime) -> None:
        """The gateway will not: the money stays where it is, and the ledger says whose it is."""
        self.operations.settle(operation, Outcome.REFUSED, now=now, told={"code": code})
        data = {"code": code, "account": operation.account}
        self.journal.tell(payment, f"{operation.kind}_refused", now=now, data=data)

    def _earned(self, payment: Payment) -> dict[str, Money]:
        """What each payee has earned of a payment, refunds and drops taken off."""
        taken = {
            part.part
            for part in queries.parts(self.session, payment.id).values()
            if part.state == PartState.TAKEN
        }
        earned: dict[str, Money] = {}
        for share in queries.shares(self.session, payment.id):
            if share.account.startswith(PAYEES):
                rest = share.amount_minor - share.refunded_minor if share.part in taken else 0
                before = earned.get(share.account, Money.zero(payment.currency))
                earned[share.account] = before + Money(rest, payment.currency)
        return earned

    def _passed_on(self, payment: Payment, account: str) -> Money:
        """What a payee has of a payment, or is about to have."""
        minor = 0
        for kind, sign in ((Kind.TRANSFER, 1), (Kind.REVERSE, -1)):
            for operation in queries.operations(self.session, payment.id, kind.value):
                # A reversal that was refused is owed, and netted once: it counts as taken back.
                counts = operation.state != Outcome.REFUSED or kind is Kind.REVERSE
                if operation.account == account and counts:
                    minor += sign * (operation.amount_minor or 0)
        return Money(minor, payment.currency)

    def _left_of(self, payment: Payment, transfer: PaymentOperation) -> Money:
        reversed_ = sum(
            operation.amount_minor or 0
            for operation in queries.operations(self.session, payment.id, Kind.REVERSE.value)
            if operation.about["transfer"] == transfer.id
        )
        return Money((transfer.amount_minor or 0) - reversed_, payment.currency)

    def _owed_to(self, account: str, currency: str) -> Money:
        """What we owe a payee beyond what is on its way to them; below zero, they owe us."""
        on_its_way = queries.on_its_way(self.session, account=account, currency=currency)
        return -self.ledger.balance(account=account, currency=currency) - Money(on_its_way, currency)


def _account(operation: PaymentOperation) -> str:
    if operation.account is None:
        raise ValueError(f"the operation {operation.id} has no payee")
    return operation.account
