"""The recorded quotes of a period, with what became of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from backend.domains.backtesting.outcomes import Record
from backend.domains.bookings.outcomes import QuoteOutcomes
from backend.domains.pricing.history import QuoteHistory


@dataclass(frozen=True, slots=True)
class QuoteText:
    """A quote with its case as JSON text: read by the process that prices it."""

    id: str
    at: datetime
    case: str
    accepted: bool

    def record(self) -> Record:
        """The record."""
        return Record(id=self.id, at=self.at, case=json.loads(self.case), accepted=self.accepted)


@dataclass(frozen=True)
class RecordedQuotes:
    """Streams recorded quotes."""

    quotes: QuoteHistory
    outcomes: QuoteOutcomes

    def count(self, *, start: datetime, end: datetime) -> int:
        """How many quotes the half-open period has."""
        return self.quotes.count(start=start, end=end)

    def stream(self, *, start: datetime, end: datetime) -> Iterator[QuoteText]:
        """The quotes of the half-open period, oldest first."""
        for page in self.quotes.pages(start=start, end=end):
            booked = self.outcomes.booked([quote.id for quote in page])
            for quote in page:
                yield QuoteText(quote.id, quote.at, quote.case, quote.id in booked)
