"""`make run` as people meet it: a process, its lines, and the address it answers at."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from backend.config import ROOT
from tests.cli.ports import free_port, status_of, wait_until_answering
from tests.unmeasured import children_unmeasured

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)

SERVE = [sys.executable, "-m", "backend.cli.serve"]
# Names that would send the stores elsewhere than into the folder of the test.
ELSEWHERE = ("POSTGRES_URL", "DATABASE_URL", "REDIS_URL", "MONGO_URL", "PROMETHEUS_MULTIPROC_DIR")


def environment(**variables: str) -> dict[str, str]:
    """The environment of this process without stores, and with `variables`."""
    own = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}  # noqa: TID251 (passed on)
    return {**own, "LOG_FILE": "none", **variables}


def refused(**variables: str) -> "subprocess.CompletedProcess[str]":
    """What it says when it does not start: nearly all it does until then is to import the product."""
    with children_unmeasured():
        settings = environment(**variables)
        return subprocess.run(SERVE, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Installation:
    """A data folder and a port of its own."""

    folder: Path
    port: int

    def serve(self) -> "subprocess.Popen[str]":
        settings = environment(DATA_DIR=str(self.folder), PORT=str(self.port), WEB_WORKERS="1")
        return subprocess.Popen(SERVE, cwd=ROOT, env=settings, stdout=subprocess.PIPE, text=True)

    def round(self) -> tuple[int | None, int, list[str]]:
        """Start, ask whether it is ready, stop: status of /ready, exit status, what it said."""
        with self.serve() as process:
            try:
                wait_until_answering(self.port, process)
                ready = status_of(self.port, "/ready")
                process.send_signal(signal.SIGINT)
                said, _ = process.communicate(timeout=120)
            finally:
                process.kill()
        lines = [line for line in said.splitlines() if line.startswith(("run: ", "demo: "))]
        return ready, process.returncode, lines


@pytest.fixture
def installation() -> Iterator[Installation]:
    """Not below `tmp_path`, whose parents any other test run closes to the user of the embedded server."""
    with TemporaryDirectory(prefix="a folder with spaces ", dir=ROOT / "var" / "test") as folder:
        yield Installation(Path(folder), free_port())


@pytest.fixture
def taken_port() -> Iterator[int]:
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


class TestServe:
    def test_serves_until_asked_to_stop_and_does_so_again(self, installation: Installation) -> None:
        with children_unmeasured():
            first, second = installation.round(), installation.round()

        for ready, status, lines in (first, second):
            assert (ready, status) == (200, 0)
            assert lines[0] == "run: bringing the database schema up to date"
            assert lines[-2:] == [
                "run: stopping: requests and jobs under way are finished first",
                "run: stopped",
            ]
        seeded = [[line for line in lines if line.startswith("demo: ")] for _, _, lines in (first, second)]
        assert [len(lines) for lines in seeded] == [1, 0]

    def test_says_which_port_is_taken_and_what_to_do(self, taken_port: int, tmp_path: Path) -> None:
        done = refused(DATA_DIR=str(tmp_path), PORT=str(taken_port))

        assert done.returncode == 1
        assert done.stderr.startswith(
            f"run: cannot listen on 127.0.0.1:{taken_port} (Address already in use)"
        )
        assert done.stderr.endswith("choose another port: PORT=5001 make run\n")

    def test_refuses_production_without_stores_of_its_own(self, tmp_path: Path) -> None:
        done = refused(
            CLIMBUP_ENV="production",
            JWT_SECRET_KEY="a secret of more than thirty-two characters",
            DATA_DIR=str(tmp_path),
            PORT=str(free_port()),
        )

        assert done.returncode == 1
        assert done.stderr == (
            "run: POSTGRES_URL is required in production: the embedded stores are for development\n"
        )
