"""Behaviour events of a transaction: kept once it is committed, by a thread of its own, never in its way."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from backend.infra import metrics
from backend.infra.after_commit import after_commit
from backend.infra.background import Background
from backend.infra.clock import Clock
from backend.infra.events import Event, EventStore
from backend.infra.postgres import DbSession

log = structlog.get_logger(__name__)

CAPACITY: Final = 10_000
BATCH: Final = 500
ATTEMPTS: Final = 3
PAUSE_SECONDS: Final = 0.5


class EventBuffer:
    """Hands events to the store from a thread of its own, many at a time.

    What the store refuses three times, and what does not fit while it is away, is dropped, logged and
    counted (`events_dropped_total`). A process that is killed loses what it has not stored yet.
    """

    def __init__(
        self, store: EventStore, *, capacity: int = CAPACITY, pause_seconds: float = PAUSE_SECONDS
    ) -> None:
        self._store = store
        self._pause_seconds = pause_seconds
        self._queue = Background(self._keep, name="events", capacity=capacity, batch=BATCH)

    def put(self, events: Sequence[Event]) -> None:
        """Store the events soon. Never waits and never fails."""
        lost = len(events) - self._queue.put(events)
        if lost:
            _drop(lost, "the buffer is full or closed")

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all is stored or dropped; False when that takes longer than `timeout` seconds."""
        return self._queue.flush(timeout)

    def close(self) -> None:
        """Store what waits, for a few seconds at most, and end the thread; what is put later is dropped."""
        self._queue.close()

    def _keep(self, batch: Sequence[Event]) -> None:
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
