"""Runs a back-test over a stream of records on all cores, in bounded memory.

`fold_batch` is the one function that does the work, wherever it runs: in this process, in a pool of
processes of this machine, or on the workers of a cluster (anything that is a `concurrent.futures.Executor`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from backend.domains.backtesting.outcomes import Comparison, Stored
from backend.domains.backtesting.result import Result, fold
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import read_sources

BATCH: Final = 500
WAITING: Final = 3
"""Batches for each worker that are read ahead: what bounds the memory."""

FEW: Final = 2_000
"""For fewer records a pool of processes takes longer to start than one process takes for the work."""
_DEFAULT_BY: Final = ("kind", "category", "weekday", "month", "loyalty_tier")

Progress = Callable[[int], None]
"""Told how many records are done, now and then; what it raises ends the run."""


@dataclass(frozen=True)
class Plan:
    """What to compare, in a form that travels to other processes: the texts of the rule files."""

    before: tuple[tuple[str, str], ...]
    after: tuple[tuple[str, str], ...]
    by: tuple[str, ...]

    @classmethod
    def of(cls, *, before: Rulebook, after: Rulebook, by: Sequence[str]) -> "Plan":
        """The plan to compare two rulebooks."""
        return cls(tuple(before.sources.items()), tuple(after.sources.items()), tuple(by))


def run(
    plan: Plan,
    stored: Iterable[Stored],
    *,
    executor: Executor | None,
    workers: int,
    progress: Progress = lambda _: None,
) -> Result:
    """The result of all records; without an executor this process does the work itself."""
    result, done = Result(), 0
    batches = _batches(stored)
    parts = _spread(plan, batches, executor, workers) if executor else _alone(plan, batches)
    for size, part in parts:
        result.merge(part)
        done += size
        progress(done)
    return result


def fold_batch(plan: Plan, batch: Sequence[Stored]) -> Result:
    """The result of one batch; a process reads the rulebooks of a plan once."""
    return fold(_comparison(plan), batch)


def default_by(rulebook: Rulebook) -> tuple[str, ...]:
    """The facts that make segments when nobody says which, as far as the vocabulary knows them."""
    return tuple(name for name in _DEFAULT_BY if name in rulebook.vocabulary.facts)


@lru_cache(maxsize=2)
def _comparison(plan: Plan) -> Comparison:
    return Comparison(read_sources(dict(plan.before)), read_sources(dict(plan.after)), plan.by)


def _batches(stored: Iterable[Stored]) -> Iterator[list[Stored]]:
    source = iter(stored)
    while batch := list(islice(source, BATCH)):
        yield batch


def _alone(plan: Plan, batches: Iterator[list[Stored]]) -> Iterator[tuple[int, Result]]:
    for batch in batches:
        yield len(batch), fold_batch(plan, batch)


def _spread(
    plan: Plan, batches: Iterator[list[Stored]], executor: Executor, workers: int
) -> Iterator[tuple[int, Result]]:
    """Results as they come; no more batches are read than a few for each worker."""
    running: dict[Future[Result], int] = {}
    try:
        while True:
            for batch in islice(batches, workers * WAITING - len(running)):
                running[executor.submit(fold_batch, plan, batch)] = len(batch)
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()
    finally:
        for future in running:
            future.cancel()
