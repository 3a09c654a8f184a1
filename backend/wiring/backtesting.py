"""Builds what prices the past again."""

from typing import Final

import svcs
from flask import Flask

from backend.domains.backtesting import jobs
from backend.domains.backtesting.history import RecordedQuotes
from backend.domains.backtesting.service import BacktestService
from backend.domains.bookings.outcomes import QuoteOutcomes
from backend.domains.pricing.history import QuoteHistory
from backend.domains.rules.checking import RuleChecks
from backend.domains.rules.service import RulesService
from backend.infra.audit import AuditLog
from backend.infra.jobs import JobQueue
from backend.infra.postgres import db

TASKS: Final = jobs.TASKS


def register_backtesting(app: Flask) -> None:
    """Register the services of the backtesting domain."""
    svcs.flask.register_factory(app, RecordedQuotes, _recorded)
    svcs.flask.register_factory(app, BacktestService, _backtests)


def _recorded() -> RecordedQuotes:
    return RecordedQuotes(quotes=QuoteHistory(db.session), outcomes=QuoteOutcomes(db.session))


def _backtests(container: svcs.Container) -> BacktestService:
    return BacktestService(
        session=db.session,
        rules=container.get(RulesService),
        checks=container.get(RuleChecks),
        quotes=container.get(RecordedQuotes),
        jobs=container.get(JobQueue),
        audit=container.get(AuditLog),
    )
