"""Questions to the ledger's tables."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, union_all

from backend.domains.ledger.models import LedgerEntry, LedgerMonth, LedgerPosting
from backend.infra.postgres import DbSession


@dataclass(frozen=True, slots=True)
class Moved:
    """What an entry did to an account, in minor units: debit positive."""

    at: datetime
    kind: str
    reference: str
    currency: str
    minor: int


def balances(session: DbSession, *, account: str, before: datetime) -> dict[str, int]:
    """The balance of the account, in minor units by currency, at an instant: the months before that of the
    instant, and the postings of its own month.
    """
    month, posting = LedgerMonth, LedgerPosting
    begun = before.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    parts = union_all(
        select(month.currency, month.amount_minor.label("minor")).where(
            month.account == account, month.month < begun.date()
        ),
        select(posting.currency, posting.amount_minor).where(
            posting.account == account, posting.at >= begun, posting.at < before
        ),
    ).subquery()
    query = select(parts.c.currency, func.sum(parts.c.minor)).group_by(parts.c.currency)
    return {currency: int(minor) for currency, minor in session.execute(query)}


def moved(session: DbSession, *, account: str, since: datetime, before: datetime, limit: int) -> list[Moved]:
    """The first `limit` entries on the account in `[since, before)`, by when they happened."""
    posting, entry = LedgerPosting, LedgerEntry
    query = (
        select(posting.at, entry.kind, entry.reference, posting.currency, posting.amount_minor)
        .join(entry, entry.id == posting.entry_id)
        .where(posting.account == account, posting.at >= since, posting.at < before)
        .order_by(posting.at, posting.entry_id)
        .limit(limit)
    )
    return [Moved(*row) for row in session.execute(query)]
