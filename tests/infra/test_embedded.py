"""The embedded stores, as several processes of one machine use them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis

from backend.config import ROOT
from backend.infra import embedded
from backend.infra.embedded import StoreUrls
from backend.infra.postgres import libpq_conninfo
from tests.waiting import PATIENCE_SECONDS, wait_until

USER = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from backend.infra import embedded
print(json.dumps(asdict(embedded.ensure_running(Path(sys.argv[1]), durable=False))), flush=True)
sys.stdin.read()
"""

StartUser = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Inside the project: other test runs of this user close the temporary folder to the server's user."""
    found = ROOT / "var" / "test" / f"a folder with spaces {uuid4().hex[:8]}"
    yield found
    shutil.rmtree(found)


@pytest.fixture
def start_user(folder: Path) -> Iterator[StartUser]:
    users: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", USER, str(folder)]
        user = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        users.append(user)
        return user

    yield start
    for user in users:
        end(user, signal.SIGKILL)
    wait_until(lambda: keeper_is_gone(folder))


def urls_of(user: "subprocess.Popen[str]") -> StoreUrls:
    assert user.stdout is not None
    return StoreUrls(**json.loads(user.stdout.readline()))


def end(user: "subprocess.Popen[str]", number: signal.Signals) -> None:
    user.send_signal(number)
    user.communicate()


def keeper_is_gone(folder: Path) -> bool:
    return not embedded._keeper_lives(folder)


def both_answer(urls: StoreUrls) -> bool:
    with (
        psycopg.connect(libpq_conninfo(urls.postgres)) as connection,
        closing(redis.Redis.from_url(urls.redis)) as client,
    ):
        return connection.execute("SELECT 1").fetchone() == (1,) and bool(client.ping())


def keeper_of(folder: Path) -> int:
    """The process that runs the stores of `folder`, found by its command line."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and f"embedded\0{folder}\0" in _command_line(entry):
            return int(entry.name)
    raise AssertionError("no keeper runs")


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


class TestEnsureRunning:
    def test_users_share_the_stores_until_the_last_is_gone_even_when_killed(
        self, folder: Path, start_user: StartUser
    ) -> None:
        first, second = start_user(), start_user()
        urls = urls_of(first)
        joined = urls_of(second)
        end(first, signal.SIGKILL)
        time.sleep(1)
        answered = both_answer(urls)
        end(second, signal.SIGKILL)

        wait_until(lambda: keeper_is_gone(folder))

        assert joined == urls
        assert answered
        with pytest.raises(psycopg.OperationalError):  # the server is gone
            psycopg.connect(libpq_conninfo(urls.postgres))

    def test_data_survive_a_restart(self, folder: Path, start_user: StartUser) -> None:
        first = start_user()
        urls = urls_of(first)
        with psycopg.connect(libpq_conninfo(urls.postgres)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        with closing(redis.Redis.from_url(urls.redis)) as client:
            client.set("kept", "42")
        end(first, signal.SIGTERM)
        wait_until(lambda: keeper_is_gone(folder))

        again = urls_of(start_user())

        with (
            psycopg.connect(libpq_conninfo(again.postgres)) as connection,
            closing(redis.Redis.from_url(again.redis)) as client,
        ):
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
            assert client.get("kept") == b"42"

    def test_a_keeper_that_was_killed_is_replaced(self, folder: Path, start_user: StartUser) -> None:
        urls_of(start_user())
        os.kill(keeper_of(folder), signal.SIGKILL)
        wait_until(lambda: keeper_is_gone(folder))

        urls = urls_of(start_user())

        assert both_answer(urls)
        left_behind = (folder / "keeper.log").read_text()
        assert "stopping the PostgreSQL that a killed keeper left behind" in left_behind
        assert "stopping the Valkey that a killed keeper left behind" in left_behind

    def test_says_at_once_where_to_look_when_the_stores_cannot_start(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "postgres").write_text("not a folder")
        started = time.monotonic()

        with pytest.raises(embedded.EmbeddedStoresError, match=r"keeper\.log"):
            embedded.ensure_running(folder)

        assert time.monotonic() - started < PATIENCE_SECONDS
        assert "FileExistsError" in (folder / "keeper.log").read_text()


class TestSocketFolder:
    def test_is_the_data_folder_where_its_path_fits(self) -> None:
        data = Path("/srv/climbup/var/postgres")

        assert embedded._socket_folder(data, None) == data

    def test_is_a_short_one_where_the_path_is_too_long(self, tmp_path: Path) -> None:
        data = tmp_path / ("long" * 30)

        short = embedded._socket_folder(data, None)

        assert len(str(short)) < embedded.LONGEST_SOCKET_FOLDER
        assert short == embedded._socket_folder(data, None)
        short.rmdir()
