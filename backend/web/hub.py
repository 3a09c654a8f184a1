"""One thread a process that keeps every open stream, so that a stream costs no thread of the server.

Streams belong to an asyncio loop; what may wait for a store is done by another thread, one look at a time.
Both start with the first stream: after a server has forked its workers.
"""

import asyncio
import random
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from backend.infra.background import Background
from backend.infra.clock import Clock
from backend.infra.pubsub import Listener
from backend.kernel.errors import TooManyError, UpstreamError
from backend.web.sinks import QueueSink, Sink, SocketSink
from backend.web.sse import Snapshot, encode_retry
from backend.web.watches import Look, Stream, Watch, Watches

HEARTBEAT_SECONDS: Final = 15.0
# Clients whose server has gone come back one by one, not all at the same moment.
RETRY_SECONDS: Final = (0.5, 4.5)
START_SECONDS: Final = 30.0
# How long the last words to clients may take when a process ends.
LAST_WORDS_SECONDS: Final = 1.0
# While no message can arrive things are looked at in turn, and stores are spared.
LOOKS_A_SECOND_UNTOLD: Final = 50.0
MOST_LOOKS_WAITING: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a client wants to watch: the thing named `key`, of which it has had the events up to `after`.

    `first` is what was seen when it was let in, `look` sees anew (called in another thread, without a
    request), `owner` is whom its stream counts for.
    """

    key: str
    owner: str
    after: int
    first: Snapshot
    look: Look


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many streams a user may have open in one process, and how many all together."""

    per_user: int
    per_process: int


class Hub:
    """Keeps streams open and tells them what happens. Its verbs may be called from any thread."""

    def __init__(self, *, clock: Clock, listener: Listener, limits: StreamLimits) -> None:
        self._clock = clock
        self._listener = listener
        self._limits = limits
        self._starting = threading.Lock()
        self._started = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._watches: Watches
        self._stopping: asyncio.Event
        self._idle: asyncio.Event
        self._ending = False
        self._closed = threading.Event()
        self._sinks: set[SocketSink] = set()
        self._looks = Background[Watch](self._look, name="stream-looks", capacity=MOST_LOOKS_WAITING)
        listener.when_listening(self._look_at_all)

    @property
    def streams(self) -> int:
        """How many streams are open in this process."""
        return self._watches.count() if self._started.is_set() else 0

    def admit(self, owner: str) -> None:
        """Whether the owner may have one more stream: TooManyError or UpstreamError if not."""
        if not self._started.is_set():
            return
        if self._watches.count(owner) >= self._limits.per_user:
            raise TooManyError(
                f"You have {self._limits.per_user} streams open; close one of them first.",
                retry_after=round(HEARTBEAT_SECONDS),
            )
        if self._watches.count() >= self._limits.per_process:
            raise UpstreamError("Too many streams are open; ask for the state now and then instead.")

    def nudge(self, key: str, number: int, read: Callable[[], Snapshot | None] = lambda: None) -> None:
        """Something happened to `key`: it has an event of that number.

        If somebody watches, `read` gives what was told beside that; for None the thing is looked at.
        """
        if not self._started.is_set() or key not in self._watches:
            return
        snapshot = read()
        if snapshot is None:
            self._loop.call_soon_threadsafe(self._watches.nudge, key, number)
        else:
            self._loop.call_soon_threadsafe(self._watches.show, key, snapshot)

    def take_over(self, connection: socket.socket, head: bytes, subscription: Subscription) -> None:
        """Answer on `connection`, which belongs to the hub from now on: `head`, then the stream."""
        if self._closed.is_set():
            connection.close()
            return
        connection.setblocking(False)
        self._call(self._adopt(connection, head, subscription))

    def iterate(self, subscription: Subscription) -> tuple[Iterator[bytes], "QueueSink"]:
        """The stream as an iterator, for a server that keeps a thread for each answer, and its end."""
        sink = QueueSink()
        if self._closed.is_set():
            sink.end()
        else:
            self._call(self._attach(sink, subscription))
        return sink.read(), sink

    def abandon(self, sink: QueueSink) -> None:
        """Nobody iterates any more."""
        with suppress(RuntimeError):
            # The loop may have ended, and with it the stream.
            self._loop.call_soon_threadsafe(sink.abandon)

    def end_streams(self) -> None:
        """End every stream, and each that begins later: clients connect again, and resume elsewhere."""
        self._ending = True
        if self._thread is not None and not self._closed.is_set():
            with suppress(TimeoutError):
                self._call(self._finish()).result(LAST_WORDS_SECONDS)

    def close(self) -> None:
        """End every stream and the threads. Again, it does nothing."""
        if self._closed.is_set():
            return
        self.end_streams()
        self._closed.set()
        self._looks.close()
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(START_SECONDS)

    def _call(self, work: Coroutine[Any, Any, None]) -> "Future[None]":
        self._start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="streams", daemon=True)
                self._thread.start()
        self._started.wait(START_SECONDS)

    def _run(self) -> None:
        asyncio.run(self._keep())

    async def _keep(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._watches = Watches(
            self._loop,
            self._clock,
            ask=lambda watch: self._looks.put([watch]),
            listening=lambda: self._listener.listening,
        )
        self._started.set()
        self._listener.start()
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), HEARTBEAT_SECONDS)
            self._watches.beat(HEARTBEAT_SECONDS - 1)
        for sink in tuple(self._sinks):
            # Who has not read the last words by now never will.
            sink.cut()
        await self._idle.wait()

    async def _adopt(self, connection: socket.socket, head: bytes, subscription: Subscription) -> None:
        sink = SocketSink()
        self._sinks.add(sink)
        self._idle.clear()
        sink.when_gone(lambda _: self._hung_up(sink))
        try:
            await self._loop.connect_accepted_socket(lambda: sink, connection)
        except OSError:
            connection.close()
            self._hung_up(sink)
            return
        sink.write(head)
        await self._attach(sink, subscription)

    async def _attach(self, sink: Sink, subscription: Subscription) -> None:
        sink.write(encode_retry(random.uniform(*RETRY_SECONDS)))  # noqa: S311 (no secret)
        if self._ending:
            sink.end()
            return
        stream = Stream(subscription.owner, sink, subscription.after)
        self._watches.add(stream, key=subscription.key, first=subscription.first, look=subscription.look)

    def _hung_up(self, sink: SocketSink) -> None:
        self._sinks.discard(sink)
        if not self._sinks:
            self._idle.set()

    async def _finish(self) -> None:
        """End all streams; return when the last words to all clients have been sent."""
        self._watches.end()
        await self._idle.wait()

    def _look_at_all(self) -> None:
        if self._started.is_set():
            self._loop.call_soon_threadsafe(self._watches.look_at_all)

    def _look(self, watches: Sequence[Watch]) -> None:
        """See anew what each of the watches watches, in the thread for that."""
        for watch in watches:
            if self._closed.is_set():
                return
            try:
                snapshot = watch.look()
            except Exception as error:  # noqa: BLE001 (whatever a store's library raises)
                self._loop.call_soon_threadsafe(self._watches.failed, watch, error)
            else:
                self._loop.call_soon_threadsafe(self._watches.looked, watch, snapshot)
            if not self._listener.listening:
                self._closed.wait(1 / LOOKS_A_SECOND_UNTOLD)
