"""What the measurement needs of a shop, and how one is started."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.load import Connection

START_SECONDS: Final = 120
STOP_SECONDS: Final = 60
# As many processes, with as many threads each where there are threads, for every shop.
WORKERS: Final = 2
THREADS: Final = 8
PEERS: Final = Path(__file__).parent


class NotInstalledError(Exception):
    """Why a shop cannot be had on this machine."""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A shop that is being served; `requests` has one request for each cart, which has it priced."""

    name: str
    port: int
    database: str
    requests: Sequence[bytes]
    total_of: Callable[[Any], int]
    """Cents, from the JSON of an answer."""
    expected: int
    """The total in cents that its way of adding promotions up comes to."""
    stored: bool = False
    """Whether an answer is what an earlier request has priced and stored."""
    ours: bool = False
    """Whether it is what the others are compared with."""

    def total(self, cart: int) -> int:
        """Have one of the carts priced."""
        return self.total_of(ask(self.port, self.requests[cart]))


def ask(port: int, request: bytes) -> Any:
    """The JSON of one answer that must be good."""
    connection = Connection(port)
    status, body = connection.send(request)
    connection.close()
    if status >= 400:
        sys.exit(f"cart: {status} {body[:500]!r}")
    return json.loads(body)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(command: Sequence[str], *, folder: Path, environment: Mapping[str, str], given: str = "") -> str:
    """What a command that must succeed writes."""
    done = subprocess.run(
        command, cwd=folder, env=dict(environment), input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotInstalledError(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


@contextmanager
def serving(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], port: int, log: Path
) -> Iterator[None]:
    """A server that listens while the block runs."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=out, stderr=out)
        try:
            _wait(port, process, log)
            yield
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            Connection(port).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    sys.exit(f"cart: a shop did not start; see {log}")
