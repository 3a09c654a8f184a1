"""What the ledger says moved at the gateway, by the gateway's own ids: for reconciliation."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text

from backend.domains.ledger.accounts import GATEWAY
from backend.domains.ledger.entries import Kind
from backend.infra.postgres import DbSession
from backend.kernel.money import Money

# Stands for the source of an entry that has none; no id of a gateway begins so.
NO_SOURCE: Final = "entry "

_POSTED: Final = (
    " FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id WHERE p.account = :account AND "
)
_SOURCES: Final = text(
    "SELECT DISTINCT coalesce(e.source, :no_source || e.key)" + _POSTED + "p.at >= :since AND p.at < :before"
)
_SUMS: Final = text(
    "SELECT coalesce(e.source, :no_source || e.key) AS source, p.currency,"
    " sum(p.amount_minor) FILTER (WHERE e.kind <> :fee) AS moved,"
    " sum(-p.amount_minor) FILTER (WHERE e.kind = :fee) AS fee,"
    " array_agg(e.key ORDER BY e.id) FILTER (WHERE e.kind <> :fee) AS keys"
    + _POSTED
    + "(e.source = ANY(CAST(:sources AS text[]))"
    " OR (e.source IS NULL AND e.key = ANY(CAST(:keys AS text[])))) GROUP BY 1, 2 ORDER BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class SourceSum:
    """What one thing at the gateway moved in all: `moved` as it changed our balance, without its `fee`.

    A fee above zero is a cost. `names` are the entries (none of fees) or movements that it is the sum of.
    """

    source: str
    moved: Money
    fee: Money
    names: tuple[str, ...]


@dataclass(frozen=True)
class GatewaySide:
    """Reads entries that move our balance at the gateway."""

    session: DbSession

    def sources(self, *, since: datetime, before: datetime) -> set[str]:
        """The sources of the entries of `[since, before)`; of one without, `NO_SOURCE` and its key."""
        values = {"account": GATEWAY, "no_source": NO_SOURCE, "since": since, "before": before}
        return set(self.session.scalars(_SOURCES, values))

    def sums(self, *, sources: Collection[str]) -> list[SourceSum]:
        """What all entries of these sources come to, by source and currency, whenever they happened."""
        values = {
            "account": GATEWAY,
            "no_source": NO_SOURCE,
            "fee": Kind.FEE.value,
            "sources": list(sources),
            "keys": _keys(sources),
        }
        return [_sum_of(row) for row in self.session.execute(_SUMS, values)]


def _keys(sources: Iterable[str]) -> list[str]:
    return [name.removeprefix(NO_SOURCE) for name in sources if name.startswith(NO_SOURCE)]


def _sum_of(row: Row[Any]) -> SourceSum:
    moved, fee = (Money(int(minor or 0), row.currency) for minor in (row.moved, row.fee))
    return SourceSum(row.source, moved, fee, tuple(row.keys or ()))
