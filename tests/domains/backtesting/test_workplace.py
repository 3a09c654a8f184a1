"""The same back-test on a Dask cluster of two local workers, where Dask is installed."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from backend.config import ROOT
from backend.domains.backtesting.rows import row_texts
from backend.domains.backtesting.running import Plan, run
from backend.domains.backtesting.workplace import Workplace
from backend.infra.dask_cluster import ClusterError
from tests.domains.backtesting.books import book, draft

HAS_DASK = find_spec("distributed") is not None
# A cluster of its own process: what Dask does with threads and warnings stays there.
CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.mark.skipif(not HAS_DASK, reason="Dask is not installed: pip install -r requirements-dask.txt")
class TestADaskCluster:
    def test_gives_the_result_of_one_process(self, tmp_path: Path) -> None:
        rows = tmp_path / "rows.jsonl"
        days = ("mon", "sat", "sun")
        rows.write_text("".join(row(number, days[number % 3]) for number in range(3_000)))
        plan = Plan.of(before=book(), after=draft(), by=("weekday",))
        (tmp_path / "cluster.py").write_text(CLUSTER)

        with subprocess.Popen(
            [sys.executable, str(tmp_path / "cluster.py")],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as cluster:
            assert cluster.stdout is not None
            address = cluster.stdout.readline().strip()
            with Workplace(dask=address).open(many=True) as (executor, workers):
                together = run(plan, row_texts(rows), executor=executor, workers=workers)
            cluster.communicate("")

        assert workers == 2
        assert together == run(plan, row_texts(rows), executor=None, workers=1)
        assert sum(together.total.counts.values()) > 3_000


@pytest.mark.skipif(HAS_DASK, reason="Dask is installed")
class TestWithoutDask:
    def test_says_what_to_install(self) -> None:
        with (
            pytest.raises(ClusterError, match=r"pip install -r requirements-dask\.txt"),
            Workplace(dask="tcp://127.0.0.1:1").open(many=True),
        ):
            pass


def row(number: int, weekday: str) -> str:
    """A row of a slot."""
    facts = {"kind": "slot", "weekday": weekday, "start_time": "19:00" if number % 2 else "10:00"}
    return json.dumps({"at": "2026-05-01", "base": f"{number}.00 EUR", "facts": facts}) + "\n"
