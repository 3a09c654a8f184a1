"""Charges that a customer's bank takes back: frozen at first, then lost or given back to us."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.domains.ledger import entries
from backend.domains.ledger.accounts import LOSSES
from backend.domains.ledger.service import Ledger
from backend.domains.payments import queries
from backend.domains.payments.entities import sum_of
from backend.domains.payments.gateway import Dispute
from backend.domains.payments.journal import PaymentJournal
from backend.domains.payments.models import Payment, PaymentDispute
from backend.domains.payments.operations import Operations
from backend.domains.payments.states import PartState
from backend.domains.payments.transfers import Transfers
from backend.infra.postgres import DbSession
from backend.kernel.money import Money

WON: Final = "won"
LOST: Final = "lost"
# A bank that only asks takes nothing back.
ASKS: Final = "warning"


@dataclass(frozen=True)
class Disputes:
    """Books disputes of locked payments; twice is harmless."""

    session: DbSession
    ledger: Ledger
    operations: Operations
    transfers: Transfers
    journal: PaymentJournal

    def look(self, payment: Payment, disputes: Sequence[Dispute], *, now: datetime) -> None:
        """Bring the ledger to where the gateway says that the disputes of a payment are."""
        for dispute in disputes:
            if not dispute.status.startswith(ASKS):
                self._book(payment, dispute, now)

    def _book(self, payment: Payment, dispute: Dispute, now: datetime) -> None:
        known = self.session.get(PaymentDispute, dispute.id)
        if known is None:
            known = self._open(payment, dispute, now)
        if known.status == dispute.status:
            return
        known.status, known.changed_at = dispute.status, now
        self.session.flush()
        if dispute.status == WON:
            self._post(payment, dispute, WON, entries.dispute_won(amount=dispute.amount), now)
            self.transfers.plan(payment, now=now)
        elif dispute.status == LOST:
            self._lose(payment, dispute, now)
        if dispute.status in {WON, LOST}:
            for operation_id in queries.pending_of(self.session, payment.id):
                # Refunds wait for this.
                self.operations.do_again(operation_id)

    def _open(self, payment: Payment, dispute: Dispute, now: datetime) -> PaymentDispute:
        made = PaymentDispute(
            id=dispute.id,
            payment_id=payment.id,
            status="opened",
            amount_minor=dispute.amount.minor,
            reason=dispute.reason,
            opened_at=now,
            changed_at=now,
        )
        self.session.add(made)
        self.session.flush()
        self._post(payment, dispute, "opened", entries.dispute_opened(amount=dispute.amount), now)
        return made

    def _lose(self, payment: Payment, dispute: Dispute, now: datetime) -> None:
        """Who had a share of it loses it in proportion, as if it had been refunded."""
        parts = queries.parts(self.session, payment.id)
        rows = [
            row
            for row in queries.shares(self.session, payment.id)
            if parts[row.part].state == PartState.TAKEN
        ]
        left = {
            f"{row.part} {row.account}": Money(row.amount_minor - row.refunded_minor, payment.currency)
            for row in rows
        }
        lost = min(dispute.amount, sum_of(left, payment.currency))
        split = entries.portions(amount=lost, shares=left) if lost else {}
        shares: dict[str, Money] = {}
        for row in rows:
            portion = split.get(f"{row.part} {row.account}", Money.zero(payment.currency))
            row.refunded_minor += portion.minor
            parts[row.part].refunded_minor += portion.minor
            shares[row.account] = shares.get(row.account, Money.zero(payment.currency)) + portion
        self.session.flush()
        # What was given back before the bank took it once more is lost to us.
        borne = {**shares, LOSSES: dispute.amount - lost}
        self._post(payment, dispute, LOST, entries.dispute_lost(amount=dispute.amount, shares=borne), now)
        self.transfers.take_back(payment, shares, now=now)

    def _post(
        self,
        payment: Payment,
        dispute: Dispute,
        what: str,
        postings: entries.Postings,
        now: datetime,
    ) -> None:
        self.ledger.post(
            key=f"dispute:{dispute.id}:{what}",
            kind=f"dispute_{what}",
            reference=payment.id,
            postings=postings,
            at=now,
            source=dispute.id,
        )
        amount = {"amount": dispute.amount.minor, "currency": dispute.amount.currency}
        self.journal.tell(payment, f"dispute_{what}", now=now, data={"amount": amount})
