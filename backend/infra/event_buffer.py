"""Behaviour events of a transaction: kept once it is committed, by a thread of its own, never in its way."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
# One statement for the events of many requests; a process that is killed loses no more than these.
GATHER_SECONDS: Final = 0.2
SEEN_AGAIN_AFTER: Final = timedelta(hours=1)
MOST_SEEN: Final = 20_000


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
        self._queue = Background(
            self._keep, name="events", capacity=capacity, batch=BATCH, gather_seconds=GATHER_SECONDS
        )

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


class Sightings:
    """Records what people look at or pick up, outside of any transaction, which such requests have none of.

    The same person and thing count once an hour, so that reloading a page says nothing new. That is
    remembered in the process alone, of the last 20,000; a visitor is told from others by `visitor`,
    which is not kept.
    """

    def __init__(self, buffer: EventBuffer) -> None:
        self._buffer = buffer
        self._seen: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()
        self._changing = threading.Lock()

    def note(self, *, name: str, product_id: str, user_id: str | None, visitor: str, now: datetime) -> None:
        """That `name` (such as `product.viewed`) happened to a product at `now`. Never waits, never fails."""
        if self._is_new((name, product_id, user_id or visitor), now):
            self._buffer.put([Event(name, now, user_id, {"product_id": product_id})])

    def _is_new(self, sighting: tuple[str, str, str], now: datetime) -> bool:
        with self._changing:
            before = self._seen.pop(sighting, None)
            if before is not None and now - before < SEEN_AGAIN_AFTER:
                self._seen[sighting] = before
                return False
            self._seen[sighting] = now
            if len(self._seen) > MOST_SEEN:
                self._seen.popitem(last=False)
            return True
