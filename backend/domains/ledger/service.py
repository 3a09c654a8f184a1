"""Posting to the ledger, and what accounts come to (docs/decisions/0125-double-entry.md)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from backend.domains.ledger.models import LedgerEntry, LedgerMonth, LedgerPosting
from backend.domains.ledger.postings import Posting, UnbalancedError, entry_of
from backend.infra import metrics
from backend.infra.after_commit import after_commit
from backend.infra.postgres import DbSession
from backend.kernel.money import Money
from backend.kernel.time import utc

__all__ = ["KeyTakenError", "Ledger", "Posting", "UnbalancedError"]

# Sorted, so that two transactions never wait for each other in a circle.
_LOCK = text(
    "SELECT pg_advisory_xact_lock(lock) FROM ("
    "SELECT DISTINCT hashtextextended('ledger:' || account, 0) AS lock"
    " FROM unnest(CAST(:accounts AS text[])) AS account ORDER BY lock) AS sorted"
)


class KeyTakenError(ValueError):
    """The key belongs to an entry of another kind or reference: a mistake of the program that posts it."""


@dataclass(frozen=True)
class Ledger:
    """The book of all money, in double entry: debit positive, credit negative, nothing ever changed.

    Everything happens in the caller's transaction, beside the state that it records.
    """

    session: DbSession

    def post(
        self,
        *,
        key: str,
        kind: str,
        reference: str,
        postings: Sequence[Posting],
        at: datetime,
        source: str | None = None,
    ) -> bool:
        """Write an entry; False when one with this `key` was posted before (by whomever, also just now).

        GIVE `source` WHENEVER THE ENTRY MOVES `gateway`: the gateway's own id of what moved (charge `ch_…`,
        refund `re_…`, transfer `tr_…`, reversal `trr_…`, dispute `du_…`, payout `po_…`). Reconciliation
        finds the movement that belongs to the entry by it and by nothing else.

        `reference` is ours, such as a payment's id; `kind` one of `entries.Kind`; `at` when it happened.
        Several postings of one account are added up, those of nothing left out. UnbalancedError when
        debits and credits differ in a currency; KeyTakenError for a key of another kind or reference.
        """
        entry = entry_of(postings)
        row = {"key": key, "kind": str(kind), "reference": reference, "source": source, "at": utc(at)}
        written = insert(LedgerEntry).values(**row, postings=len(entry)).on_conflict_do_nothing()
        entry_id = self.session.scalar(written.returning(LedgerEntry.id))
        if entry_id is None:
            self._require_same(key, kind, reference)
            return False
        self.session.execute(
            insert(LedgerPosting).values(
                [
                    {
                        "entry_id": entry_id,
                        "account": posting.account,
                        "currency": posting.amount.currency,
                        "amount_minor": posting.amount.minor,
                        "at": row["at"],
                    }
                    for posting in entry
                ]
            )
        )
        after_commit(self.session, partial(metrics.ledger_posted, str(kind)))
        return True

    def balance(self, *, account: str, currency: str) -> Money:
        """Its debits less its credits: of a provider, what they owe us, below zero what we owe them."""
        month = LedgerMonth
        query = select(func.sum(month.amount_minor)).where(
            month.account == account, month.currency == currency
        )
        return Money(int(self.session.scalar(query) or 0), currency)

    def lock(self, *, accounts: Collection[str]) -> None:
        """Let no other transaction that locks one of these go on until this one ends.

        For who reads a balance and posts by what it is. Lock all that are needed at once: two
        transactions that lock bit by bit may wait for each other.
        """
        self.session.execute(_LOCK, {"accounts": sorted(set(accounts))}).all()

    def postings(self, *, key: str) -> tuple[Posting, ...]:
        """Those of the entry with this key, by account; none when there is no such entry."""
        query = (
            select(LedgerPosting)
            .join(LedgerEntry, LedgerEntry.id == LedgerPosting.entry_id)
            .where(LedgerEntry.key == key)
            .order_by(LedgerPosting.account, LedgerPosting.currency)
        )
        return tuple(
            Posting(row.account, Money(row.amount_minor, row.currency)) for row in self.session.scalars(query)
        )

    def _require_same(self, key: str, kind: str, reference: str) -> None:
        found = select(LedgerEntry.kind, LedgerEntry.reference).where(LedgerEntry.key == key)
        before = self.session.execute(found).one()
        if (before.kind, before.reference) != (kind, reference):
            raise KeyTakenError(
                f"{key!r} is the key of a {before.kind} of {before.reference},"
                f" not of a {kind} of {reference}."
            )
