"""Prices live quotes under a draft as well, in a thread of its own, and never in their way.

Each process does so for the quotes that it answers. What it found goes to the database as a whole, twice a
second: a process that is killed loses what it found since, and nothing is ever counted twice.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import uuid4
from zlib import crc32

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.domains.pricing.comparison import PriceComparison, compare_prices
from backend.domains.pricing.price import price_many
from backend.domains.pricing.service import Answered
from backend.domains.shadow.store import RunningShadow, Shadows
from backend.domains.shadow.tally import Tally
from backend.engine.problems import RulebookError
from backend.engine.rulebook import Rulebook
from backend.infra import metrics
from backend.infra.background import Background
from backend.infra.clock import Clock
from backend.infra.rule_files import read_sources
from backend.kernel.errors import ClimbUpError

log = structlog.get_logger(__name__)

CAPACITY: Final = 2_000
MOST_FAILURES: Final = 20
"""So many quotes that a draft cannot price end its shadow."""
BUDGET_SECONDS: Final = 0.1
"""Processor time for one case; pricing one takes less than a thousandth of a second."""
_LONGEST_REASON: Final = 300
_FINEST_SAMPLE: Final = 10_000


@dataclass
class _Run:
    """What this process does for one shadow. `waiting` counts its quotes in the queue."""

    shadow: RunningShadow
    rulebook: Rulebook
    process: str = field(default_factory=lambda: uuid4().hex)
    tally: Tally = field(default_factory=Tally)
    waiting: int = 0
    failures: int = 0
    is_stored: bool = True
    is_told: bool = False

    @property
    def gave_up(self) -> bool:
        return self.failures >= MOST_FAILURES

    def wants(self, answered: Answered) -> bool:
        if self.gave_up or answered.at >= self.shadow.ends_at:
            return False
        # By the id, so that it does not matter which process or when.
        place = crc32(answered.id.encode()) % _FINEST_SAMPLE
        return place < self.shadow.sample / 100 * _FINEST_SAMPLE


class ShadowEvaluation:
    """Compares quotes with what the running shadow would have answered; safe to use from several threads."""

    def __init__(
        self,
        shadows: Shadows,
        clock: Clock,
        *,
        capacity: int = CAPACITY,
        budget_seconds: float = BUDGET_SECONDS,
        stopwatch: Callable[[], float] = time.thread_time,
    ) -> None:
        """`stopwatch` gives the processor seconds of the thread that asks."""
        self._shadows = shadows
        self._clock = clock
        self._budget_seconds = budget_seconds
        self._stopwatch = stopwatch
        self._counting = threading.Lock()
        self._following = threading.Lock()
        self._queue = Background(self._evaluate, name="shadow", capacity=capacity, finish=self._store_last)
        self._run: _Run | None = None
        self._unfinished: list[_Run] = []

    @property
    def shadow(self) -> str | None:
        """The id of the shadow that this process evaluates; None when there is none."""
        run = self._run
        return None if run is None else run.shadow.id

    def observe(self, answered: Answered) -> None:
        """Compare this answer soon, if the running shadow wants it. Never waits and never fails."""
        run = self._run
        if run is None or not run.wants(answered):
            return
        with self._counting:
            run.waiting += 1
        if not self._queue.put([(run, answered)]):
            with self._counting:
                run.waiting -= 1
                self._drop(run)

    def follow(self) -> None:
        """Begin or end what was started or stopped elsewhere, and store what was found.

        It fails for nobody: what cannot be read or stored now is tried again at the next call.
        """
        with self._following:
            try:
                self._switch(self._shadows.running(now=self._clock.now()))
            except SQLAlchemyError as error:
                log.warning("shadow_not_followed", error=str(error))
            except Exception:
                log.exception("shadow_not_followed")
            self._store_all()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that waits is compared, and store it; False if it takes longer than `timeout` s."""
        done = self._queue.flush(timeout)
        self._store_last()
        return done

    def close(self) -> None:
        """Compare and store what waits, for a few seconds at most, and end the thread."""
        self._queue.close()

    def _store_last(self) -> None:
        with self._following:
            self._store_all()

    def _evaluate(self, taken: Sequence[tuple[_Run, Answered]]) -> None:
        for run, answered in taken:
            compared = None if run.gave_up else self._compare(run, answered)
            with self._counting:
                self._count(run, answered, compared)

    def _compare(self, run: _Run, answered: Answered) -> PriceComparison | str:
        """The comparison, or why there is none."""
        # Twice, as the first time may have paid for a collection of garbage.
        for _ in range(2):
            began = self._stopwatch()
            try:
                (draft,) = price_many(run.rulebook, [answered.case], at=answered.at)
                compared = compare_prices(answered.price, draft)
            except ClimbUpError as error:
                return error.detail[:_LONGEST_REASON]
            except Exception as error:  # noqa: BLE001 (whatever a draft makes the program do, only it fails)
                return f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
            if self._stopwatch() - began <= self._budget_seconds:
                return compared
        return f"took more than {self._budget_seconds:g} seconds of processor time"

    def _count(self, run: _Run, answered: Answered, compared: PriceComparison | str | None) -> None:
        run.waiting -= 1
        if compared is None:
            self._drop(run)
        elif isinstance(compared, str):
            run.failures += 1
            run.tally.add_failure(compared)
            metrics.shadow_failed()
        else:
            result = run.tally.add(compared, quote_id=answered.quote_id)
            metrics.shadow_compared(result, compared.difference)
        run.is_stored = False

    def _drop(self, run: _Run) -> None:
        run.tally.add_dropped()
        run.is_stored = False
        metrics.shadow_dropped()

    def _switch(self, running: RunningShadow | None) -> None:
        current = self._run.shadow.id if self._run else None
        if (running.id if running else None) == current:
            return
        self._run = None
        if running is None:
            return
        try:
            # The compiled matcher: nothing of it lives outside Python, and it answers as any other.
            run = _Run(running, read_sources(self._shadows.sources(running.id)))
        except RulebookError as error:
            self._end(running.id, f"This version of the program cannot read the draft: {error.detail}")
            return
        self._unfinished.append(run)
        self._run = run
        log.info("shadow_begun", shadow=running.id)

    def _store_all(self) -> None:
        try:
            for run in tuple(self._unfinished):
                self._store(run)
        except SQLAlchemyError as error:
            log.warning("shadow_not_stored", error=str(error))

    def _store(self, run: _Run) -> None:
        with self._counting:
            tally, was_stored, is_over = run.tally.copy(), run.is_stored, run.waiting == 0
            run.is_stored = True
        try:
            if not was_stored:
                self._keep(run, tally)
            if run.gave_up and not run.is_told:
                self._give_up(run)
        except SQLAlchemyError:
            run.is_stored = False
            raise
        if run is not self._run and is_over:
            self._unfinished.remove(run)

    def _keep(self, run: _Run, tally: Tally) -> None:
        self._shadows.keep(shadow_id=run.shadow.id, process=run.process, tally=tally, at=self._clock.now())

    def _give_up(self, run: _Run) -> None:
        reason = run.tally.failures.most_common(1)[0][0]
        self._end(run.shadow.id, f"{MOST_FAILURES} quotes could not be priced; most often: {reason}")
        run.is_told = True

    def _end(self, shadow_id: str, because: str) -> None:
        at: datetime = self._clock.now()
        self._shadows.stop(shadow_id=shadow_id, because=because, at=at)
        log.error("shadow_gave_up", shadow=shadow_id, because=because)
