"""Compares the ledger with the gateway's own book, and books what only the gateway can tell: fees, payouts.

What the gateway told is kept, so that a thing which moves twice (a dispute that is opened and won) is
compared as a whole, whenever its parts moved. See docs/decisions/0127-reconciliation.md.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert

from backend.domains.ledger import entries
from backend.domains.ledger.accounts import GATEWAY
from backend.domains.ledger.entries import Kind
from backend.domains.ledger.gateway_side import GatewaySide, SourceSum
from backend.domains.ledger.service import Ledger
from backend.domains.payments.differences import Difference, differences
from backend.domains.payments.gateway import Movement
from backend.domains.payments.reconciliation_models import GatewayMovementRow, ReconciliationRow
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.money import Money

# The two clocks differ, and an entry is written a moment after what it records.
MARGIN: Final = timedelta(hours=1)
FIRST_PERIOD: Final = timedelta(days=1)
_BATCH: Final = 1_000
# Of these, all that moved is a fee.
_FEE_KINDS: Final = frozenset({"stripe_fee", "stripe_fx_fee", "tax_fee"})
_PAYOUT_KINDS: Final = frozenset({"payout", "payout_cancel", "payout_failure"})

_TOLD: Final = text(
    "SELECT source, currency, sum(moved_minor) AS moved, sum(fee_minor) AS fee,"
    " array_agg(id ORDER BY created_at, id) AS ids FROM gateway_movements"
    " WHERE source = ANY(CAST(:sources AS text[])) GROUP BY source, currency"
)


class GatewayBook(Protocol):
    """The part of a PaymentGateway that is read here."""

    def movements(self, *, since: datetime, before: datetime) -> Sequence[Movement]:
        """As `PaymentGateway.movements`."""
        ...

    def balance(self) -> Mapping[str, Money]:
        """As `PaymentGateway.balance`."""
        ...


@dataclass(frozen=True, slots=True)
class Balance:
    """What we have at the gateway, as the ledger and as the gateway says it now.

    They may differ while something is under way; whether anything is wrong is for the differences to say.
    """

    ledger: Money
    gateway: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the two agree on `[since, before)`: how many things moved, what was booked, what differs."""

    since: datetime
    before: datetime
    movements: int
    entries: int
    fees_booked: int
    payouts_booked: int
    differences: tuple[Difference, ...]
    balances: tuple[Balance, ...]


@dataclass(frozen=True)
class ReconciliationReports:
    """Reads the daily reports."""

    session: DbSession

    def newest(self, *, older_than: str | None, limit: int) -> list[ReconciliationRow]:
        """The newest `limit` reports, of those older than the one with this id."""
        query = select(ReconciliationRow).order_by(ReconciliationRow.id.desc()).limit(limit)
        if older_than is not None:
            query = query.where(ReconciliationRow.id < older_than)
        return list(self.session.scalars(query))


@dataclass(frozen=True)
class Reconciliation:
    """Asks the gateway, with no transaction open, and then compares."""

    session: DbSession
    ledger: Ledger
    side: GatewaySide
    gateway: GatewayBook

    def report(self, *, since: datetime, before: datetime, also: Collection[str] = ()) -> Report:
        """Compare what moved in `[since, before)` and the sources in `also`. GatewayDownError.

        Call it before anything else in a transaction: it asks the gateway first.
        """
        movements = self.gateway.movements(since=since - MARGIN, before=before + MARGIN)
        at_gateway = self.gateway.balance()
        fees, payouts = self._book(movements)
        moved = {_source(one) for one in movements if since <= one.created_at < before}
        posted = self.side.sources(since=since, before=before)
        sources = moved | posted | set(also)
        found = differences(ledger=self.side.sums(sources=sources), gateway=self._told(sources))
        return Report(
            since=since,
            before=before,
            movements=len(moved),
            entries=len(posted),
            fees_booked=fees,
            payouts_booked=payouts,
            differences=tuple(found),
            balances=tuple(self._balance(money) for _, money in sorted(at_gateway.items())),
        )

    def report_daily(self, *, now: datetime) -> ReconciliationRow | None:
        """Compare the days (of UTC) since the last daily report, and keep the report; None when it is there.

        What differed then is looked at again. GatewayDownError.
        """
        before = now.replace(hour=0, minute=0, second=0, microsecond=0)
        newest = select(ReconciliationRow).order_by(ReconciliationRow.before.desc()).limit(1)
        last = self.session.scalar(newest)
        since = before - FIRST_PERIOD if last is None else last.before
        open_before = () if last is None else [one["source"] for one in last.differences]
        # No transaction stays open while the gateway is asked.
        self.session.rollback()
        if since >= before:
            return None
        return self._kept(self.report(since=since, before=before, also=open_before), now)

    def _book(self, movements: Sequence[Movement]) -> tuple[int, int]:
        """Keep the movements, and post the fees and payouts of the new ones; how many of each."""
        new = self._keep(movements)
        fees = [self._book_fee(one) for one in movements if one.id in new and _fee(one)]
        payouts = [self._book_payout(one) for one in movements if one.id in new and one.kind in _PAYOUT_KINDS]
        return sum(fees), sum(payouts)

    def _keep(self, movements: Sequence[Movement]) -> set[str]:
        """Keep those that are not kept; their ids."""
        new: set[str] = set()
        for start in range(0, len(movements), _BATCH):
            rows = [_row_of(one) for one in movements[start : start + _BATCH]]
            written = insert(GatewayMovementRow).values(rows).on_conflict_do_nothing()
            new.update(self.session.scalars(written.returning(GatewayMovementRow.id)))
        return new

    def _book_fee(self, movement: Movement) -> bool:
        return self._post(movement, f"fee:{movement.id}", Kind.FEE, entries.fee(amount=_fee(movement)))

    def _book_payout(self, movement: Movement) -> bool:
        kind = Kind.PAYOUT if movement.amount.minor < 0 else Kind.PAYOUT_FAILED
        return self._post(movement, f"payout:{movement.id}", kind, entries.payout(amount=-movement.amount))

    def _post(self, movement: Movement, key: str, kind: Kind, postings: entries.Postings) -> bool:
        source = _source(movement)
        return self.ledger.post(
            key=key, kind=kind, reference=source, postings=postings, at=movement.created_at, source=source
        )

    def _told(self, sources: Collection[str]) -> list[SourceSum]:
        """What all movements of the sources come to that the gateway ever told us."""
        return [_sum_of(row) for row in self.session.execute(_TOLD, {"sources": list(sources)})]

    def _balance(self, at_gateway: Money) -> Balance:
        return Balance(self.ledger.balance(account=GATEWAY, currency=at_gateway.currency), at_gateway)

    def _kept(self, report: Report, now: datetime) -> ReconciliationRow:
        row = ReconciliationRow(
            id=ids.new_id(ids.RECONCILIATION),
            since=report.since,
            before=report.before,
            made_at=now,
            movements=report.movements,
            entries=report.entries,
            fees_booked=report.fees_booked,
            payouts_booked=report.payouts_booked,
            differences=[_document(one) for one in report.differences],
            balances=[_document(one) for one in report.balances],
        )
        self.session.add(row)
        self.session.flush()
        return row


def _source(movement: Movement) -> str:
    return movement.source_id or movement.id


def _fee(movement: Movement) -> Money:
    return -movement.net if movement.kind in _FEE_KINDS else movement.fee


def _row_of(movement: Movement) -> dict[str, Any]:
    fee = _fee(movement)
    return {
        "id": movement.id,
        "kind": movement.kind,
        "source": _source(movement),
        "currency": fee.currency,
        "moved_minor": (movement.net + fee).minor,
        "fee_minor": fee.minor,
        "created_at": movement.created_at,
    }


def _sum_of(row: Row[Any]) -> SourceSum:
    moved, fee = (Money(int(minor), row.currency) for minor in (row.moved, row.fee))
    return SourceSum(row.source, moved, fee, tuple(row.ids))


def _document(thing: Difference | Balance) -> dict[str, Any]:
    """As JSON: money in the shape that every answer has it."""
    return {
        name: {"amount": value["minor"], "currency": value["currency"]} if isinstance(value, dict) else value
        for name, value in asdict(thing).items()
    }
