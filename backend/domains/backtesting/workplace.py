"""Where a back-test runs: this process, a pool of processes of this machine, or a Dask cluster."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from backend.infra.dask_cluster import dask_executor


@dataclass(frozen=True, slots=True)
class Workplace:
    """How many processes of this machine, or which cluster; one for each core when nothing is said."""

    workers: int | None = None
    dask: str | None = None

    @contextmanager
    def open(self, *, many: bool) -> Iterator[tuple[Executor | None, int]]:
        """An executor and how much it does at once; None where this process does as well as others would.

        ClusterError when there is no such cluster.
        """
        if self.dask is not None:
            with dask_executor(self.dask) as found:
                yield found
            return
        count = self.workers or (len(os.sched_getaffinity(0)) if many else 1)
        with _processes(count) as pool:
            yield pool, count


@contextmanager
def _processes(count: int) -> Iterator[Executor | None]:
    """A pool of `count` processes; None for one.

    They are started afresh: a fork would share the threads' locks and connections of this process.
    """
    if count == 1:
        yield None
        return
    pool = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
