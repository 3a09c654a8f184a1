import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.config import ROOT
from tests.waiting import PATIENCE_SECONDS, wait_until

# What is supervised: the kinds of children after the folder, and the seconds they get.
HOST = """
import asyncio, os, sys
from backend.cli.supervisor import Command, supervise

async def nothing():
    pass

folder, seconds, *kinds = sys.argv[1:]
commands = [
    Command(kind, ["tests.cli.children", kind, f"{folder}/{kind}"]) for kind in kinds
]
sys.exit(asyncio.run(supervise(
    commands, environment=os.environ, stop_seconds=float(seconds), say=print, when_started=nothing
)))
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a supervisor with children of the given kinds, and waits until they are up."""
    started: list[subprocess.Popen[str]] = []

    def start(*kinds: str, stop_seconds: float = 10) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", HOST, str(tmp_path), str(stop_seconds), *kinds]
        host = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE)
        started.append(host)
        wait_until(lambda: all((tmp_path / kind).exists() for kind in kinds))
        return host

    yield start
    for host in started:
        host.kill()
        host.communicate()


def runs(file: Path) -> bool:
    try:
        os.kill(int(file.read_text()), 0)
    except ProcessLookupError:
        return False
    return True


class TestSupervise:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    def test_stops_all_children_gently_when_asked(
        self, start: Start, tmp_path: Path, number: signal.Signals
    ) -> None:
        host = start("gentle")

        host.send_signal(number)
        said, _ = host.communicate(timeout=PATIENCE_SECONDS)

        assert host.returncode == 0
        assert said.splitlines() == ["stopping: requests and jobs under way are finished first", "stopped"]
        assert not runs(tmp_path / "gentle")

    def test_stops_the_rest_and_fails_when_a_child_ends_by_itself(self, start: Start, tmp_path: Path) -> None:
        host = start("gentle", "brief")

        said, _ = host.communicate(timeout=PATIENCE_SECONDS)

        assert host.returncode == 1
        assert said.startswith("the brief process ended by itself with status 3\n")
        assert not runs(tmp_path / "gentle")

    def test_kills_a_child_that_does_not_stop_in_time(self, start: Start, tmp_path: Path) -> None:
        host = start("gentle", "stubborn", stop_seconds=0.5)

        host.terminate()
        host.communicate(timeout=PATIENCE_SECONDS)

        assert host.returncode == 1
        assert not runs(tmp_path / "stubborn")

    def test_kills_at_once_when_asked_twice(self, start: Start, tmp_path: Path) -> None:
        host = start("stubborn", stop_seconds=60)

        host.send_signal(signal.SIGINT)
        time.sleep(0.3)
        host.send_signal(signal.SIGINT)
        host.communicate(timeout=PATIENCE_SECONDS)

        assert host.returncode == 1
        assert not runs(tmp_path / "stubborn")

    def test_leaves_no_child_behind_when_it_is_killed(self, start: Start, tmp_path: Path) -> None:
        host = start("gentle")

        host.kill()

        wait_until(lambda: not runs(tmp_path / "gentle"))
        assert host.wait() == -signal.SIGKILL
