"""The background task of back-tests. It may run twice, and begins anew when a worker died of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Final

import svcs
from sqlalchemy import update

from backend.domains.backtesting.documents import Heading, result_document
from backend.domains.backtesting.history import RecordedQuotes
from backend.domains.backtesting.models import UNSETTLED, RuleBacktest, State
from backend.domains.backtesting.result import Result
from backend.domains.backtesting.running import FEW, Plan, run
from backend.domains.backtesting.service import BACKTEST_JOB
from backend.domains.backtesting.workplace import Workplace
from backend.domains.rules.publishing import RulePublishing
from backend.infra import metrics
from backend.infra.clock import Clock
from backend.infra.jobs import Task
from backend.infra.postgres import DbSession, db
from backend.infra.rule_files import read_sources
from backend.kernel.errors import ClimbUpError


class _CancelledError(Exception):
    """Somebody cancelled the back-test while it ran."""


@dataclass(frozen=True)
class BacktestRun:
    """Runs one back-test. Its progress is committed as it goes, so that others see it."""

    session: DbSession
    clock: Clock
    publishing: RulePublishing
    quotes: RecordedQuotes

    def run(self, *, backtest_id: str) -> None:
        """Price its quotes and store the result; nothing when it is settled already."""
        backtest = self.session.get(RuleBacktest, backtest_id, populate_existing=True)
        if backtest is None or backtest.state not in UNSETTLED:
            return
        started = time.monotonic()
        try:
            self._note(backtest_id, 0)
            document = self._document(backtest)
        except _CancelledError:
            return
        except ClimbUpError as error:
            self._settle(backtest_id, state=State.FAILED, problem=error.detail)
            return
        self._settle(backtest_id, state=State.DONE, result=document)
        metrics.backtest_done(time.monotonic() - started)

    def _document(self, backtest: RuleBacktest) -> dict[str, object]:
        first, last = backtest.starts_at.astimezone(UTC), backtest.ends_at.astimezone(UTC)
        heading = Heading(
            before="the rules being served",
            before_version=backtest.before_version,
            after="the draft",
            after_version=backtest.after_version,
            history=f"the quotes from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC",
        )
        return result_document(self._result(backtest), heading)

    def _result(self, backtest: RuleBacktest) -> Result:
        before = read_sources(self.publishing.sources(backtest.before_version))
        plan = Plan.of(before=before, after=read_sources(backtest.sources), by=backtest.by)
        stored = self.quotes.stream(start=backtest.starts_at, end=backtest.ends_at)
        progress = self._noting(backtest.id)
        with Workplace().open(many=backtest.total > FEW) as (executor, workers):
            return run(plan, stored, executor=executor, workers=workers, progress=progress)

    def _noting(self, backtest_id: str) -> Callable[[int], None]:
        return lambda done: self._note(backtest_id, done)

    def _note(self, backtest_id: str, done: int) -> None:
        self._change(backtest_id, state=State.RUNNING, done=done)

    def _settle(self, backtest_id: str, **values: object) -> None:
        try:
            self._change(backtest_id, finished_at=self.clock.now(), **values)
        except _CancelledError:
            return

    def _change(self, backtest_id: str, **values: object) -> None:
        """Change and commit it while it is unsettled."""
        query = update(RuleBacktest).where(RuleBacktest.id == backtest_id, RuleBacktest.state.in_(UNSETTLED))
        changed = self.session.execute(query.values(values).returning(RuleBacktest.id)).first()
        self.session.commit()
        if changed is None:
            raise _CancelledError


def backtest(*, backtest_id: str) -> None:
    """Run a back-test that somebody asked for."""
    made = BacktestRun(
        session=db.session,
        clock=svcs.flask.get_abstract(Clock),
        publishing=svcs.flask.get(RulePublishing),
        quotes=svcs.flask.get(RecordedQuotes),
    )
    made.run(backtest_id=backtest_id)


TASKS: Final = (Task(BACKTEST_JOB, backtest),)
