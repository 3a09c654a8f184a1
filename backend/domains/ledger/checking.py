"""Reads the whole book and says what is wrong with it. The database should never let anything be."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, func, select, text
from sqlalchemy.sql.expression import TextClause

from backend.domains.catalog.service import CatalogService
from backend.domains.identity.service import UserService
from backend.domains.ledger.accounts import is_account, owner
from backend.domains.ledger.models import LedgerMonth
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.errors import NotFoundError
from backend.kernel.money import Money

MOST_SHOWN: Final = 20
_BATCH: Final = 500

# Each is one statement, which sees one instant: an entry that is written meanwhile is in all of it or none.
_UNBALANCED: Final = text(
    "SELECT e.key, p.currency, sum(p.amount_minor) AS minor FROM ledger_postings p"
    " JOIN ledger_entries e ON e.id = p.entry_id"
    " GROUP BY e.id, p.currency HAVING sum(p.amount_minor) <> 0 ORDER BY e.id"
)
_INCOMPLETE: Final = text(
    "SELECT e.key, e.postings AS wanted, count(p.entry_id) AS found FROM ledger_entries e"
    " LEFT JOIN ledger_postings p ON p.entry_id = e.id"
    " GROUP BY e.id HAVING count(p.entry_id) <> e.postings ORDER BY e.id"
)
_MISCOUNTED: Final = text(
    "WITH posted AS (SELECT account, currency, date_trunc('month', at AT TIME ZONE 'UTC')::date AS month,"
    " sum(amount_minor) AS minor, count(*) AS postings FROM ledger_postings GROUP BY 1, 2, 3),"
    " kept AS (SELECT account, currency, month, sum(amount_minor) AS minor, sum(postings) AS postings"
    " FROM ledger_months GROUP BY 1, 2, 3)"
    " SELECT account, currency, month, coalesce(kept.minor, 0) AS kept, coalesce(posted.minor, 0) AS posted"
    " FROM kept FULL JOIN posted USING (account, currency, month)"
    " WHERE (kept.minor, kept.postings) IS DISTINCT FROM (posted.minor, posted.postings)"
    " ORDER BY month, account, currency"
)
_SIZE: Final = text(
    "SELECT (SELECT count(*) FROM ledger_entries), (SELECT count(*) FROM ledger_postings),"
    " (SELECT count(DISTINCT account) FROM ledger_months)"
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is in the book."""

    entries: int
    postings: int
    accounts: int


@dataclass(frozen=True)
class LedgerCheck:
    """Looks for what cannot be: `problems` are sentences for a person."""

    session: DbSession
    catalog: CatalogService
    users: UserService

    def problems(self) -> list[str]:
        """What is wrong, none when all is right; of each kind of problem the first `MOST_SHOWN`."""
        return [
            *self._found(_UNBALANCED, _unbalanced),
            *self._found(_INCOMPLETE, _incomplete),
            *self._found(_MISCOUNTED, _miscounted),
            *self._strangers(),
        ]

    def size(self) -> Size:
        """What was looked at."""
        return Size(*self.session.execute(_SIZE).one())

    def balances(self) -> dict[str, list[Money]]:
        """The balances of every kind of account (`gateway`, `provider` …), by currency."""
        kind = func.split_part(LedgerMonth.account, ":", 1)
        query = (
            select(kind, LedgerMonth.currency, func.sum(LedgerMonth.amount_minor))
            .group_by(kind, LedgerMonth.currency)
            .order_by(kind, LedgerMonth.currency)
        )
        found: dict[str, list[Money]] = {}
        for name, currency, minor in self.session.execute(query):
            found.setdefault(name, []).append(Money(int(minor), currency))
        return found

    def _found(self, query: TextClause, words: Callable[[Row[Any]], str]) -> Iterator[str]:
        rows = self.session.execute(query).all()
        yield from map(words, rows[:MOST_SHOWN])
        if len(rows) > MOST_SHOWN:
            yield f"… and {len(rows) - MOST_SHOWN:,} more of this kind."

    def _strangers(self) -> Iterator[str]:
        names = self.session.scalars(
            select(LedgerMonth.account).distinct().order_by(LedgerMonth.account)
        ).all()
        yield from (f"There is no kind of account {name!r}." for name in names if not is_account(name))
        owners = {owner(name) or "": name for name in names if is_account(name)}
        known = self._known(owners)
        yield from (
            f"The account {name!r} is nobody's: there is no such provider or user."
            for id_, name in owners.items()
            if id_ and id_ not in known
        )

    def _known(self, owners: Collection[str]) -> set[str]:
        providers = [id_ for id_ in owners if ids.is_id(id_, ids.PROVIDER)]
        known = {id_ for id_ in owners if ids.is_id(id_, ids.USER) and self._is_user(id_)}
        for start in range(0, len(providers), _BATCH):
            known |= self.catalog.providers(provider_ids=providers[start : start + _BATCH]).keys()
        return known

    def _is_user(self, user_id: str) -> bool:
        try:
            self.users.user(user_id)
        except NotFoundError:
            return False
        return True


def _unbalanced(row: Row[Any]) -> str:
    return f"The entry {row.key!r} does not balance: debits exceed credits by {_money(row, row.minor)}."


def _incomplete(row: Row[Any]) -> str:
    return f"The entry {row.key!r} should have {row.wanted} postings and has {row.found}."


def _miscounted(row: Row[Any]) -> str:
    return (
        f"The account {row.account!r} moved {_money(row, row.posted)} in {row.month:%Y-%m} by its postings,"
        f" and {_money(row, row.kept)} by what is kept of that month."
    )


def _money(row: Row[Any], minor: int) -> Money:
    return Money(int(minor), row.currency)
