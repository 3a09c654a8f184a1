"""The quotes of the past, as they were asked: a page at a time, oldest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Text, cast, func, select, tuple_

from backend.domains.pricing.models import QuoteRow
from backend.infra.postgres import DbSession

PAGE: Final = 2_000


@dataclass(frozen=True, slots=True)
class RecordedQuote:
    """A quote's id, the instant of its price, and its case as JSON text (`pricing.records`)."""

    id: str
    at: datetime
    case: str


@dataclass(frozen=True)
class QuoteHistory:
    """Reads recorded quotes of slots of a half-open period [start, end), any number in bounded memory."""

    session: DbSession

    def count(self, *, start: datetime, end: datetime) -> int:
        """How many there are."""
        query = select(func.count()).where(
            QuoteRow.created_at >= start, QuoteRow.created_at < end, QuoteRow.wanted.is_(None)
        )
        return self.session.execute(query).scalar_one()

    def pages(self, *, start: datetime, end: datetime) -> Iterator[Sequence[RecordedQuote]]:
        """All of them. The caller may commit between two pages: no transaction is held open."""
        query = (
            select(QuoteRow.id, QuoteRow.created_at, cast(QuoteRow.case, Text))
            .where(QuoteRow.created_at >= start, QuoteRow.created_at < end, QuoteRow.wanted.is_(None))
            .order_by(QuoteRow.created_at, QuoteRow.id)
            .limit(PAGE)
        )
        after = query
        while page := [RecordedQuote(*row) for row in self.session.execute(after)]:
            yield page
            last = tuple_(page[-1].at, page[-1].id)
            after = query.where(tuple_(QuoteRow.created_at, QuoteRow.id) > last)
