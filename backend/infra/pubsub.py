"""Messages between processes through Redis: whoever listens at that moment gets them, nobody else ever.

A message is a nudge: it says that something changed and where to look, and may bring what is seen there.
What it must not be is the only place that says so, for Redis keeps no message: not for a process that is
just starting, not over a connection that breaks. Who listens looks again after each new connection
(`when_listening`).
"""

import json
import random
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, Final

import redis
import structlog
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

Message = Mapping[str, Any]
Handler = Callable[[Message], None]

# How long one wait for a message lasts, and with it how long `close` may take.
WAIT_SECONDS: Final = 0.5
FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 5.0


class Listener:
    """Hands the messages of channels to their handlers, in a thread of its own.

    A connection that breaks is made anew, with growing pauses. Handlers must be quick; one that fails is
    logged, and the next message is handed out all the same.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._handlers: dict[str, Handler] = {}
        self._when_listening: list[Callable[[], None]] = []
        self._starting = threading.Lock()
        self._closed = threading.Event()
        self._listening = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def listening(self) -> bool:
        """Whether messages arrive at this moment."""
        return self._listening.is_set()

    def subscribe(self, channel: str, handle: Handler) -> None:
        """Hand each message of `channel` to `handle`. Call it before `start`."""
        self._handlers[channel] = handle

    def when_listening(self, act: Callable[[], None]) -> None:
        """Call `act` whenever messages begin to arrive, also again: some may have been missed before."""
        self._when_listening.append(act)

    def start(self) -> None:
        """Begin to listen, once; in a server after it has forked its workers."""
        with self._starting:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="pubsub", daemon=True)
                self._thread.start()

    def wait_until_listening(self, seconds: float) -> bool:
        """Whether messages arrive, now or within so many seconds."""
        return self._listening.wait(seconds)

    def close(self) -> None:
        """Stop listening and end the thread."""
        with self._starting:
            self._closed.set()
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._closed.is_set():
            try:
                self._listen()
            except (RedisError, OSError) as error:
                if self._listening.is_set():
                    pause = FIRST_PAUSE_SECONDS
                self._listening.clear()
                log.warning("pubsub_broken", error=str(error), again_in_seconds=pause)
                # Not all processes at the same moment when Redis comes back.
                self._closed.wait(pause * random.uniform(0.5, 1))  # noqa: S311 (no secret)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self._listening.clear()

    def _listen(self) -> None:
        """Hand out messages until this is closed. RedisError or OSError when the connection breaks."""
        subscription: Any = self._client.pubsub()  # type: ignore[no-untyped-call]
        with closing(subscription):
            subscription.subscribe(*self._handlers)
            while not self._closed.is_set():
                found = subscription.get_message(timeout=WAIT_SECONDS)
                if found is not None:
                    self._take(found)

    def _take(self, found: Mapping[str, Any]) -> None:
        if found["type"] == "message":
            self._hand_out(found["channel"], found["data"])
        elif found["type"] == "subscribe" and found["data"] == len(self._handlers):
            self._listening.set()
            for act in self._when_listening:
                act()

    def _hand_out(self, channel: str, text: str) -> None:
        try:
            self._handlers[channel](json.loads(text))
        except Exception:
            # Whatever somebody sent: the next message may be a good one.
            log.exception("pubsub_message_failed", channel=channel)
