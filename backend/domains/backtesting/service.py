"""Back-tests as jobs: asked for, followed, cancelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.domains.backtesting.history import RecordedQuotes
from backend.domains.backtesting.models import UNSETTLED, RuleBacktest, State
from backend.domains.backtesting.outcomes import known_facts
from backend.domains.backtesting.running import default_by
from backend.domains.rules.checking import RuleChecks
from backend.domains.rules.service import RulesService
from backend.infra.audit import AuditLog
from backend.infra.jobs import JobQueue
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError

BACKTEST_JOB: Final = "rules.backtest"


class UnknownBacktestError(NotFoundError):
    """No such back-test."""


class SettledError(ConflictError):
    """The back-test is over: there is nothing to cancel."""


class NotDoneError(ConflictError):
    """The back-test has no report, not yet or not ever."""


@dataclass(frozen=True)
class BacktestService:
    """What the API does with back-tests; jobs.py runs them."""

    session: DbSession
    rules: RulesService
    checks: RuleChecks
    quotes: RecordedQuotes
    jobs: JobQueue
    audit: AuditLog

    def request(
        self,
        *,
        sources: Mapping[str, str],
        start: datetime,
        end: datetime,
        by: Sequence[str],
        author: str,
        now: datetime,
    ) -> RuleBacktest:
        """Let a job price the quotes of [start, end) under the rules being served and under a draft.

        Raises RulesRefusedError for a draft that cannot be read, InvalidError for a period without end
        or for segments by something that is no fact.
        """
        if start >= end:
            raise InvalidError("The period ends before it begins.", errors={"to": ["Must be after `from`."]})
        served = self.rules.rulebook()
        draft = self.checks.readable(sources)
        backtest = RuleBacktest(
            id=ids.new_id(ids.BACKTEST),
            state=State.WAITING,
            author=author,
            before_version=served.version,
            after_version=draft.version,
            sources=dict(draft.sources),
            by=list(known_facts(by, served) or default_by(served)),
            starts_at=start,
            ends_at=end,
            done=0,
            total=self.quotes.count(start=start, end=end),
            created_at=now,
        )
        self.session.add(backtest)
        self.session.flush()
        self.jobs.enqueue(BACKTEST_JOB, backtest_id=backtest.id)
        self.audit.record(
            actor_id=author,
            action="rules.backtest_requested",
            subject=backtest.id,
            before=None,
            after={"before": served.version, "after": draft.version},
        )
        return backtest

    def backtest(self, *, backtest_id: str) -> RuleBacktest:
        """One back-test. UnknownBacktestError."""
        found = self.session.get(RuleBacktest, backtest_id)
        if found is None:
            raise UnknownBacktestError(f"There is no back-test {backtest_id}.")
        return found

    def finished(self, *, backtest_id: str) -> RuleBacktest:
        """One back-test with its result. UnknownBacktestError, NotDoneError."""
        found = self.backtest(backtest_id=backtest_id)
        if found.result is None:
            raise NotDoneError(
                f"The back-test is {found.state}, with {found.done} of {found.total} quotes priced; "
                "a report is there once it is done."
            )
        return found

    def cancel(self, *, backtest_id: str, author: str, now: datetime) -> RuleBacktest:
        """End it; the job stops at its next batch. UnknownBacktestError, SettledError."""
        found = self.session.get(RuleBacktest, backtest_id, with_for_update=True, populate_existing=True)
        if found is None:
            raise UnknownBacktestError(f"There is no back-test {backtest_id}.")
        if found.state not in UNSETTLED:
            raise SettledError(f"The back-test is {found.state}; there is nothing to cancel.")
        found.state, found.finished_at = State.CANCELLED, now
        self.session.flush()
        self.audit.record(
            actor_id=author,
            action="rules.backtest_cancelled",
            subject=backtest_id,
            before=None,
            after={"done": found.done, "total": found.total},
        )
        return found
