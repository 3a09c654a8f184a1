"""The web server under load, with an application that takes its time."""

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backend.config import ROOT
from tests.cli.ports import free_port, wait_until_answering

CLIENTS = 24
SERVE = ["-m", "gunicorn", "-c", "python:backend.cli.gunicorn_conf", "tests.cli.slow_app:application"]


@dataclass
class Server:
    """A running gunicorn."""

    process: "subprocess.Popen[bytes]"
    port: int


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Two processes of four threads: fewer than there are clients, so that connections wait in the queue."""
    port = free_port()
    settings = {
        "PORT": str(port),
        "DATA_DIR": str(tmp_path),
        "LOG_FILE": "none",
        "WEB_WORKERS": "2",
        "WEB_THREADS": "4",
    }
    environment = {**os.environ, **settings}  # noqa: TID251 (passed on)
    process = subprocess.Popen([sys.executable, *SERVE], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    wait_until_answering(port, process)
    yield Server(process, port)
    process.kill()
    process.wait()


@dataclass
class Load:
    """Clients that ask again and again, each time on a new connection, until they are refused one."""

    port: int
    answered: int = 0
    dropped: list[str] = field(default_factory=list)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        while True:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
                try:
                    connection.connect()
                except ConnectionRefusedError:
                    return
                try:
                    connection.request("GET", "/")
                    status = connection.getresponse().status
                except (OSError, http.client.HTTPException) as error:
                    self.dropped.append(repr(error))
                    return
            assert status == http.HTTPStatus.OK
            with self._counting:
                self.answered += 1


class TestStop:
    def test_answers_every_connection_it_took_before_it_stops(self, server: Server) -> None:
        load = Load(server.port)
        with ThreadPoolExecutor(CLIENTS) as clients:
            running = [clients.submit(load.run) for _ in range(CLIENTS)]
            time.sleep(1)
            before = load.answered
            server.process.terminate()
            status = server.process.wait(timeout=30)
            for client in running:
                client.result()

        assert load.dropped == []
        assert load.answered - before >= CLIENTS
        assert status == 0
