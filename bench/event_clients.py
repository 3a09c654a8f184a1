"""Clients of a bargain on sockets: some watch their sessions, others make offers at a steady rate."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

LAST: Final = frozenset({"accepted", "expired", "abandoned"})
# Of a browser, where the server has not said what to wait before connecting again.
RETRY_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 0.05
# Connections come and go, as people do: who held on to one for ever would miss a process that came later.
OFFERS_A_CONNECTION: Final = 10


@dataclass
class Haggler:
    """A user with an open session, what they sent when, and what they were told when."""

    session_id: str
    authorization: str
    sent: list[float] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    is_watching: bool = False
    is_over: bool = False


async def watch(port: int, haggler: Haggler) -> None:
    """Read the events of a session to its end, and connect again whenever the stream ends before."""
    while not haggler.is_over:
        retry = RETRY_SECONDS
        try:
            retry = await _watch_once(port, haggler)
        except OSError:
            pass
        finally:
            haggler.is_watching = False
        if not haggler.is_over:
            await asyncio.sleep(retry)


async def _watch_once(port: int, haggler: Haggler) -> float:
    """Read one stream; how long the server wants a client to wait before the next one."""
    retry, number, name = RETRY_SECONDS, 0, b""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        last = haggler.numbers[-1] if haggler.numbers else 0
        head = f"GET /api/bargain/session/{haggler.session_id}/events HTTP/1.1"
        writer.write(_request(head, haggler.authorization, f"Last-Event-ID: {last}"))
        if b" 200 " not in await reader.readline():
            return retry
        await reader.readuntil(b"\r\n\r\n")
        haggler.opened.append(time.perf_counter())
        haggler.is_watching = True
        while line := await reader.readline():
            key, _, value = line.rstrip(b"\n").partition(b": ")
            if key == b"retry":
                retry = int(value) / 1000
            elif key == b"id":
                number = int(value)
            elif key == b"event":
                name = value
            elif key == b"data" and name != b"tick":
                haggler.numbers.append(number)
                haggler.arrived.append(time.perf_counter())
                haggler.is_over = name.decode() in LAST
    finally:
        writer.close()
    return retry


@dataclass
class Offers:
    """Answers to offers: when each was due, how long it took from then on (s), and its status."""

    due: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    unanswered: int = 0


async def haggle(port: int, hagglers: Sequence[Haggler], *, rounds: int, rate: float, clients: int) -> Offers:
    """Let each make `rounds` offers in turn, `rate` a second all together, by so many connections.

    Offers become due by the clock, whether or not those before are answered; who got no answer asks again.
    """
    due: asyncio.Queue[tuple[float, Haggler, int] | None] = asyncio.Queue()
    offers = Offers()
    senders = [asyncio.create_task(_send(port, due, offers)) for _ in range(clients)]
    start = time.perf_counter()
    for place in range(rounds * len(hagglers)):
        at = start + place / rate
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        due.put_nowait((at, hagglers[place % len(hagglers)], place // len(hagglers)))
    for _ in senders:
        due.put_nowait(None)
    await asyncio.gather(*senders)
    return offers


async def _send(port: int, due: "asyncio.Queue[tuple[float, Haggler, int] | None]", offers: Offers) -> None:
    connection = Connection(port)
    while (job := await due.get()) is not None:
        at, haggler, place = job
        body = {
            "session_id": haggler.session_id,
            "price": {"amount": 1_00 + 10 * place, "currency": "EUR"},
        }
        haggler.sent.append(time.perf_counter())
        status = await connection.post("/api/bargain/offer", haggler.authorization, body, offers)
        offers.due.append(at)
        offers.latencies.append(time.perf_counter() - at)
        offers.statuses[status] = offers.statuses.get(status, 0) + 1
    await connection.close()


class Connection:
    """A kept-alive connection, opened again after ten requests, and when the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._asked = 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, authorization: str, body: object, offers: Offers) -> int:
        """The status of the answer; asked again as long as none comes."""
        content = json.dumps(body).encode()
        lines = ("Content-Type: application/json", f"Content-Length: {len(content)}")
        request = _request(f"POST {path} HTTP/1.1", authorization, *lines) + content
        while True:
            try:
                return await self._ask(request)
            except (OSError, asyncio.IncompleteReadError):
                offers.unanswered += 1
                await self.close()
                await asyncio.sleep(AGAIN_SECONDS)

    async def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _ask(self, request: bytes) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            self._asked = 0
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
        self._asked += 1
        if b"connection: close" in head or self._asked == OFFERS_A_CONNECTION:
            await self.close()
        return int(head[9:12])


def _request(first: str, authorization: str, *more: str) -> bytes:
    return "\r\n".join([first, "Host: bench", f"Authorization: {authorization}", *more, "", ""]).encode()
