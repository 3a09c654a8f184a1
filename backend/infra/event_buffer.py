"""Behaviour events of a transaction: kept once it is committed, by a thread of its own, never in its way."""

import atexit
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from backend.infra import metrics
from backend.infra.after_commit import after_commit
from backend.infra.clock import Clock
from backend.infra.events import Event, EventStore
from backend.infra.postgres import DbSession

log = structlog.get_logger(__name__)

CAPACITY: Final = 10_000
BATCH: Final = 500
ATTEMPTS: Final = 3
PAUSE_SECONDS: Final = 0.5
LAST_FLUSH_SECONDS: Final = 3.0


class EventBuffer:
    """Hands events to the store from a thread of its own, many at a time.

    What the store refuses three times, and what does not fit while it is away, is dropped, logged and
    counted (`events_dropped_total`). A process that is killed loses what it has not stored yet.
    """

    def __init__(
        self, store: EventStore, *, capacity: int = CAPACITY, pause_seconds: float = PAUSE_SECONDS
    ) -> None:
        self._store = store
        self._capacity = capacity
        self._pause_seconds = pause_seconds
        self._waiting: deque[Event] = deque()
        self._storing = False
        self._closed = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def put(self, events: Sequence[Event]) -> None:
        """Store the events soon. Never waits and never fails."""
        with self._changed:
            room = 0 if self._closed else self._capacity - len(self._waiting)
            self._waiting.extend(events[:room])
            # Started at the first event: after the server forked its workers.
            if self._thread is None and room:
                self._start()
            self._changed.notify_all()
        if len(events) > room:
            _drop(len(events) - room, "the buffer is closed" if self._closed else "the buffer is full")

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all is stored or dropped; False when that takes longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._storing, timeout)

    def close(self) -> None:
        """Store what waits, for a few seconds at most, and end the thread; what is put later is dropped."""
        self.flush(LAST_FLUSH_SECONDS)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(LAST_FLUSH_SECONDS)
            atexit.unregister(self._flush_last)

    def _flush_last(self) -> None:
        self.flush(LAST_FLUSH_SECONDS)

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()
        atexit.register(self._flush_last)

    def _run(self) -> None:
        while batch := self._next_batch():
            self._keep(batch)
            with self._changed:
                self._storing = False
                self._changed.notify_all()

    def _next_batch(self) -> list[Event]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._storing = bool(self._waiting)
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _keep(self, batch: list[Event]) -> None:
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                threading.Event().wait(self._pause_seconds)
            try:
                self._store.append(batch)
            except Exception as error:  # noqa: BLE001 (whatever the store's library raises)
                reason = str(error)
            else:
                return
        _drop(len(batch), reason)


def _drop(count: int, reason: str) -> None:
    metrics.events_dropped(count)
    log.error("events_dropped", count=count, reason=reason)


@dataclass(frozen=True)
class Events:
    """Records what happened in the running transaction; it is kept if and when that is committed."""

    session: DbSession
    clock: Clock
    buffer: EventBuffer

    def record(self, *, name: str, user_id: str | None, data: Mapping[str, Any]) -> None:
        """Note that `name` (a past-tense phrase such as `quote.made`) happened, with JSON-able `data`.

        A rolled-back transaction leaves nothing; a savepoint alone makes no difference.
        """
        event = Event(name, self.clock.now(), user_id, dict(data))
        after_commit(self.session, lambda: self.buffer.put([event]))
