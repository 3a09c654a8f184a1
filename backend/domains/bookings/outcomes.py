"""What became of quotes."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from backend.domains.bookings.models import UsedQuote
from backend.infra.postgres import DbSession


@dataclass(frozen=True)
class QuoteOutcomes:
    """Tells which quotes became bookings."""

    session: DbSession

    def booked(self, quote_ids: Collection[str]) -> frozenset[str]:
        """Those of the quotes that a booking used."""
        query = select(UsedQuote.quote_id).where(UsedQuote.quote_id.in_(quote_ids))
        return frozenset(self.session.scalars(query))
