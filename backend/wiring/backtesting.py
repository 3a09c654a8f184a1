"""Builds what prices the past again."""

import svcs
from flask import Flask

from backend.domains.backtesting.history import RecordedQuotes
from backend.domains.bookings.outcomes import QuoteOutcomes
from backend.domains.pricing.history import QuoteHistory
from backend.infra.postgres import db


def register_backtesting(app: Flask) -> None:
    """Register the services of the backtesting domain."""
    svcs.flask.register_factory(app, RecordedQuotes, _recorded)


def _recorded() -> RecordedQuotes:
    return RecordedQuotes(quotes=QuoteHistory(db.session), outcomes=QuoteOutcomes(db.session))
