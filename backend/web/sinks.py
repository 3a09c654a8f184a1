"""Where the bytes of a stream go. A sink belongs to the loop of the hub: only that thread calls its verbs."""

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, Protocol, cast

# What a client may leave unread beside what the kernel keeps for it. Then it is cut off and may resume.
MOST_UNREAD_BYTES: Final = 64 * 1024
# A client that acknowledges nothing for so long is gone.
DEAD_AFTER_MS: Final = 30_000
SLOW: Final = "slow"
LEFT: Final = "left"

WhenGone = Callable[[str], None]


class Sink(Protocol):
    """Takes bytes, never waits."""

    def write(self, data: bytes) -> None:
        """Send soon. A client that does not keep up is cut off."""
        ...

    def end(self) -> None:
        """Send what waits, then hang up."""
        ...

    def when_gone(self, act: WhenGone) -> None:
        """Call `act` once, with why, when nothing can be sent any more; at once when that is so already."""
        ...


class SocketSink(asyncio.Protocol):
    """A connection that the hub took over."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._gone: str | None = None
        self._reason = LEFT
        self._acts: list[WhenGone] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin. (asyncio calls it.)"""
        self._transport = cast("asyncio.Transport", transport)
        connection: socket.socket = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_USER_TIMEOUT") and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER_MS)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        """The client hung up or was cut off. (asyncio calls it.)"""
        self._gone = self._reason
        for act in self._acts:
            act(self._reason)

    def write(self, data: bytes) -> None:
        """Send soon; cut off who leaves too much unread."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self._reason = SLOW
            self._transport.abort()

    def end(self) -> None:
        """Send what waits, then hang up."""
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """Hang up now."""
        if self._transport is not None:
            self._transport.abort()

    def when_gone(self, act: WhenGone) -> None:
        """Call `act` when the connection is lost."""
        self._acts.append(act)
        if self._gone is not None:
            act(self._gone)


class QueueSink:
    """What a server that keeps a thread for each answer iterates over: the one of development, and tests."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._over = False
        self._changed = threading.Condition()
        self._act: WhenGone | None = None

    def write(self, data: bytes) -> None:
        """Hand over at the next turn; cut off who leaves too much."""
        with self._changed:
            if self._over:
                return
            self._waiting.append(data)
            self._bytes += len(data)
            slow = self._bytes > MOST_UNREAD_BYTES
            self._changed.notify_all()
        if slow:
            self._finish(SLOW)

    def end(self) -> None:
        """Nothing follows what waits."""
        self._finish(LEFT)

    def when_gone(self, act: WhenGone) -> None:
        """Call `act` when nobody reads any more, or nothing is left to say."""
        self._act = act
        if self._over:
            act(LEFT)

    def read(self) -> Iterator[bytes]:
        """What is written, until it ends. Any one thread."""
        while data := self._next():
            yield data

    def abandon(self) -> None:
        """Nobody reads any more."""
        self._finish(LEFT)

    def _next(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._over)
            data = b"".join(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            return data

    def _finish(self, reason: str) -> None:
        with self._changed:
            if self._over:
                return
            self._over = True
            self._changed.notify_all()
        if self._act is not None:
            self._act(reason)
