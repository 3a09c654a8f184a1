"""Streams through the real web server: they cost no thread, hold up no stop, and outlive their process."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backend.cli.web_worker import pause_before_accepting
from backend.config import ROOT
from tests.cli.ports import free_port, wait_until_answering
from tests.conftest import Stores
from tests.waiting import PATIENCE_SECONDS, wait_until
from tests.web.watched import Client

pytestmark = pytest.mark.timeout(300)

SERVE = ["-m", "gunicorn", "-c", "python:backend.cli.gunicorn_conf", "tests.cli.stream_app:application"]
THREADS = 2


@dataclass
class Server:
    """A running gunicorn."""

    process: "subprocess.Popen[bytes]"
    port: int

    def ask(self, method: str, path: str) -> Any:
        with closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        ) as connection:
            connection.request(method, path)
            return json.loads(connection.getresponse().read())

    @contextmanager
    def watch(self, session: str, *, after: str = "") -> Iterator[Client]:
        with closing(socket.create_connection(("127.0.0.1", self.port))) as connection:
            head = [
                f"GET /sessions/{session}/events HTTP/1.1",
                "Host: tests",
                f"Last-Event-ID: {after}",
                "",
                "",
            ]
            connection.sendall("\r\n".join(head).encode())
            yield Client(connection)

    def kill_a_worker(self) -> None:
        """Returns when it is dead, and takes no connection any more."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        victim = children.read_text().split()[0]
        os.kill(int(victim), signal.SIGKILL)
        wait_until(lambda: victim not in children.read_text().split())


@contextmanager
def serving(stores: Stores, folder: Path, *, workers: int) -> Iterator[Server]:
    port = free_port()
    settings = {
        "PORT": str(port),
        "DATA_DIR": str(folder),
        "LOG_FILE": "none",
        "REDIS_URL": stores.redis_url,
        "WEB_WORKERS": str(workers),
        "WEB_THREADS": str(THREADS),
    }
    environment = {**os.environ, **settings}  # noqa: TID251 (passed on)
    process = subprocess.Popen([sys.executable, *SERVE], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until_answering(port, process)
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def follow(server: Server) -> list[str]:
    """The numbers of all events, as a client gets them that connects again whenever its stream ends."""
    numbers = [""]
    while True:
        with suppress(ConnectionError), server.watch("three", after=numbers[-1]) as client:
            for number, name in iter(client.numbered, None):
                numbers.append(number)
                if name == "over":
                    return numbers[1:]


def as_proxies_and_browsers_need_it(head: bytes) -> bool:
    lines = head.decode().lower().split("\r\n")
    needed = {
        "content-type: text/event-stream",
        "cache-control: no-store",
        "x-accel-buffering: no",
        "x-content-type-options: nosniff",
        "connection: close",
    }
    framed = any(line.startswith(("transfer-encoding", "content-length")) for line in lines)
    return lines[0] == "http/1.1 200 ok" and needed < set(lines) and not framed


class TestAcceptingConnections:
    def test_is_the_sooner_the_fewer_there_are_and_never_takes_long(self) -> None:
        some, more = (pause_before_accepting(connections=count, streams=0) for count in (0, 1))
        few, many = (pause_before_accepting(connections=0, streams=count) for count in (1, 2))
        very_many = pause_before_accepting(connections=1_000, streams=100_000)

        assert some == 0
        assert more > few > 0
        assert many > few
        assert very_many < 0.0025


class TestStreams:
    def test_cost_no_thread_and_end_at_once_when_the_server_stops(
        self, stores: Stores, tmp_path: Path
    ) -> None:
        with (
            serving(stores, tmp_path, workers=1) as server,
            ExitStack() as stack,
            ThreadPoolExecutor(1) as pool,
        ):
            clients = [stack.enter_context(server.watch("one")) for _ in range(10 * THREADS)]
            wait_until(lambda: server.ask("GET", "/health")["streams"] == len(clients))
            server.ask("POST", "/sessions/one/started")
            told = [client.next_number() for client in clients]
            under_way = pool.submit(server.ask, "GET", "/slow")
            wait_until(lambda: server.ask("GET", "/health")["slow"])
            server.process.terminate()
            rests = [client.rest() for client in clients]
            status = server.process.wait(PATIENCE_SECONDS)

            assert told == ["1"] * len(clients)
            assert as_proxies_and_browsers_need_it(clients[0].head)
            assert rests == [[]] * len(clients)
            assert all(client.parser.retry for client in clients)
            assert under_way.result()["pid"]
            assert status == 0

    def test_are_resumed_without_a_gap_when_their_process_is_killed(
        self, stores: Stores, tmp_path: Path
    ) -> None:
        with serving(stores, tmp_path, workers=2) as server, ThreadPoolExecutor(8) as pool:
            followers = [pool.submit(follow, server) for _ in range(8)]
            for _ in range(3):
                for _ in range(10):
                    server.ask("POST", "/sessions/three/countered")
                server.kill_a_worker()
            server.ask("POST", "/sessions/three/over")

            for follower in followers:
                assert follower.result() == [str(number) for number in range(1, 32)]
            with server.watch("three", after="31") as client:
                assert client.connection.recv(65536).startswith(b"HTTP/1.1 204 NO CONTENT\r\n")
