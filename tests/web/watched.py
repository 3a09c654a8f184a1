"""Things to watch: a session that a test makes go on, and clients at the other end of real sockets."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

from backend.infra.clock import Clock, SystemClock
from backend.infra.pubsub import Listener
from backend.infra.redis import connect
from backend.web.hub import Hub, StreamLimits, Subscription
from backend.web.sse import Event, Snapshot
from tests.factories.apps import NO_REDIS
from tests.waiting import PATIENCE_SECONDS
from tests.web.sse_client import Parser, Received

LIMITS = StreamLimits(per_user=3, per_process=8)
HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Session:
    """What is watched; it counts how often it is looked at."""

    def __init__(self, key: str, ends_at: datetime | None) -> None:
        self.key = key
        self.looks = 0
        self.failing = False
        self._known = Snapshot((), ends_at)
        self._changing = threading.Lock()

    def happen(self, name: str, *, last: bool = False, **data: object) -> int:
        """One more event; its number."""
        with self._changing:
            known = self._known
            event = Event(known.last + 1, name, data)
            self._known = Snapshot((*known.events, event), None if last else known.ends_at)
            return event.number

    def look(self) -> Snapshot:
        """What a store would answer."""
        with self._changing:
            self.looks += 1
            if self.failing:
                raise ConnectionError("the store does not answer")
            return self._known

    def watched(self, *, after: int = 0, owner: str = "usr_1") -> Subscription:
        """What a client asks for."""
        return Subscription(self.key, owner, after, self._known, self.look)


class Client:
    """Reads a stream from a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.parser = Parser()
        self.head = b""
        self._waiting: list[Received] = []
        connection.settimeout(PATIENCE_SECONDS)

    def next(self, *, ticks: bool = False) -> Received | None:
        """The next event, or None when the stream has ended. Ticks count only where they are wanted."""
        while True:
            while self._waiting:
                event = self._waiting.pop(0)
                if ticks or event.name != "tick":
                    return event
            if not (piece := self.connection.recv(65536)):
                return None
            if b"\r\n\r\n" not in self.head:
                self.head += piece
                piece = self.head.partition(b"\r\n\r\n")[2]
            self._waiting += self.parser.feed(piece)

    def numbered(self) -> tuple[str, str] | None:
        """Number and name of the next event, or None when the stream has ended."""
        event = self.next()
        return None if event is None else (event.last_id, event.name)

    def rest(self) -> list[tuple[str, str]]:
        """Number and name of all that follows, until the stream ends."""
        return list(iter(self.numbered, None))

    def next_number(self) -> str:
        """The number of the next event."""
        event = self.next()
        assert event is not None
        return event.last_id

    def seconds_left(self) -> int:
        """Of the next tick."""
        while (event := self.next(ticks=True)) is not None:
            if event.name == "tick":
                return int(json.loads(event.data)["seconds_left"])
        raise AssertionError("the stream ended")


class Quiet(Listener):
    """Listens where nothing is said, so that a hub has no reason to look by itself, however slow a test is."""

    @property
    def listening(self) -> bool:
        """Always."""
        return True

    def start(self) -> None:
        """Nothing is to be done."""


@contextmanager
def running_hub(clock: Clock | None = None, limits: StreamLimits = LIMITS) -> Iterator[Hub]:
    """A hub that no message reaches but by `nudge`."""
    with closing(connect(NO_REDIS)) as client:
        listener = Quiet(client)
        hub = Hub(clock=clock or SystemClock(), listener=listener, limits=limits)
        try:
            yield hub
        finally:
            hub.close()
            listener.close()


@contextmanager
def client_of(hub: Hub, subscription: Subscription) -> Iterator[Client]:
    """A client whose connection the hub took over."""
    ours, theirs = socket.socketpair()
    with closing(theirs):
        hub.take_over(ours, HEAD, subscription)
        yield Client(theirs)
