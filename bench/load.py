"""A lean load generator: keep-alive connections, prepared requests, latencies of every answer.

Written on sockets because a full HTTP client would use more of the shared cores than the server.
"""

import random
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles


@dataclass
class Result:
    """What one run saw: seconds it took, latency in seconds of each answer, answers by status."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def add(self, other: "Result") -> None:
        """Count another run as part of this one."""
        self.seconds += other.seconds
        self.latencies += other.latencies
        for status, count in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + count

    def percentile(self, percent: int) -> float:
        """Latency in milliseconds below which `percent` of the answers stayed."""
        return quantiles(self.latencies, n=100)[percent - 1] * 1000


def get(path: str, *headers: str) -> bytes:
    """A prepared GET."""
    head = [f"GET {path} HTTP/1.1", "Host: bench", "Accept: application/json", *headers]
    return "\r\n".join([*head, "", ""]).encode()


def post(path: str, body: bytes, *headers: str, method: str = "POST") -> bytes:
    """A prepared POST of JSON, or another request with a body."""
    head = [f"{method} {path} HTTP/1.1", "Host: bench", "Content-Type: application/json", *headers]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self._socket.sendall(request)
        data = self._socket.recv(65536)
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        lowered = head.lower()
        length = int(lowered.split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += self._receive()
        if b"connection: close" in lowered:
            self.close()
            self._open()
        return int(head[9:12]), body

    def _receive(self) -> bytes:
        more = self._socket.recv(65536)
        if not more:
            raise ConnectionError("the server closed the connection in the middle of an answer")
        return more

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def drive(
    port: int, requests: Sequence[bytes], *, clients: int, seconds: float, apart: bool = False
) -> Result:
    """Send random ones of `requests` from `clients` connections for a while; each waits for its answer.

    `apart`: each client sends the one request at its own place in `requests`, again and again.
    """
    result = Result()
    adding = threading.Lock()
    stop_at = time.perf_counter() + seconds

    def client(seed: int) -> None:
        choose = random.Random(seed).choice
        mine = [requests[seed]] if apart else requests
        connection = Connection(port)
        latencies: list[float] = []
        statuses: dict[int, int] = {}
        while (sent := time.perf_counter()) < stop_at:
            status, _ = connection.send(choose(mine))
            latencies.append(time.perf_counter() - sent)
            statuses[status] = statuses.get(status, 0) + 1
        connection.close()
        with adding:
            result.latencies += latencies
            for status, count in statuses.items():
                result.statuses[status] = result.statuses.get(status, 0) + count

    started = time.perf_counter()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds = time.perf_counter() - started
    return result
