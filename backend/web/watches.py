"""What is being watched: one look serves all streams of a thing, and each gets what it has not had yet.

All of this belongs to the loop of the hub: one thread, so nothing here is locked. Looks, which may wait
for a store, are asked of `ask` and come back as `looked` or `failed`.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from backend.infra import metrics
from backend.infra.clock import Clock
from backend.web.sinks import Sink
from backend.web.sse import HEARTBEAT, TOLERANCE_SECONDS, Snapshot, encode, encode_tick, until_tick

log = structlog.get_logger(__name__)

Look = Callable[[], Snapshot]

# At a tick each thing is looked at again after so long, in case a message was lost; while none can arrive, at
# each tick.
LOOK_SECONDS: Final = 20.0
LOOK_SECONDS_UNTOLD: Final = 0.0
# Between looks that fail, or that did not show what a message had told of.
FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 10.0
# What was begun in time may be answered a little later: the end is not told before that is seen.
GRACE_SECONDS: Final = 0.5
# Once its time has come, the end may still take a look or two to be seen.
END_SECONDS: Final = 1.0
OVER: Final = "over"
STOPPED: Final = "stopped"


class Times(Protocol):
    """What a watch needs of an event loop."""

    def time(self) -> float:
        """Seconds, by a clock that never jumps."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """Call `callback` after `delay` seconds."""
        ...


@dataclass(eq=False, slots=True)
class Stream:
    """One client, and the number of the last event that was sent to it."""

    owner: str
    sink: Sink
    position: int
    wrote_at: float = 0.0


@dataclass(eq=False, slots=True)
class Watch:
    """One thing, for all its streams."""

    key: str
    look: Look
    snapshot: Snapshot
    looked_at: float
    streams: set[Stream] = field(default_factory=set)
    told: int = 0
    looking: bool = False
    again: bool = False
    failures: int = 0
    timer: asyncio.TimerHandle | None = None
    retry: asyncio.TimerHandle | None = None


class Watches:
    """Every thing that somebody watches in this process, by its key."""

    def __init__(
        self, times: Times, clock: Clock, ask: Callable[[Watch], object], listening: Callable[[], bool]
    ) -> None:
        self._times = times
        self._clock = clock
        self._ask = ask
        self._listening = listening
        self._by_key: dict[str, Watch] = {}
        self._of_owner: Counter[str] = Counter()
        self._count = 0

    def __contains__(self, key: object) -> bool:
        """Whether somebody watches it. Any thread."""
        return key in self._by_key

    def count(self, owner: str | None = None) -> int:
        """How many streams there are, or how many of an owner. Any thread."""
        return self._count if owner is None else self._of_owner[owner]

    def add(self, stream: Stream, *, key: str, first: Snapshot, look: Look) -> None:
        """Send the stream what `first` has for it, then what follows; what happened since is looked for."""
        is_new = key not in self._by_key
        watch = self._by_key.setdefault(key, Watch(key, look, first, self._times.time()))
        watch.streams.add(stream)
        self._of_owner[stream.owner] += 1
        self._count += 1
        metrics.STREAMS_OPEN.inc()
        stream.sink.when_gone(lambda reason: self._drop(watch, stream, reason))
        if first.last > watch.snapshot.last:
            watch.snapshot = first
        self._settle(watch)
        if stream in watch.streams:
            self._tick_to(watch, [stream])
        if is_new and watch.streams:
            self._want(watch)

    def nudge(self, key: str, number: int) -> None:
        """Look at a thing of which a message said that it has an event of that number."""
        watch = self._by_key.get(key)
        if watch is not None and number > watch.snapshot.last:
            watch.told = max(watch.told, number)
            self._want(watch)

    def show(self, key: str, snapshot: Snapshot) -> None:
        """What a message brought of a thing; what is known already changes nothing."""
        watch = self._by_key.get(key)
        if watch is not None and snapshot.last > watch.snapshot.last:
            watch.snapshot = snapshot
            self._settle(watch)

    def look_at_all(self) -> None:
        """Look at every thing: messages may have been missed."""
        for watch in list(self._by_key.values()):
            self._want(watch)

    def looked(self, watch: Watch, snapshot: Snapshot) -> None:
        """What a look found."""
        watch.looking, watch.failures = False, 0 if snapshot.last >= watch.told else watch.failures
        watch.looked_at = self._times.time()
        if snapshot.last >= watch.snapshot.last:
            watch.snapshot = snapshot
            self._settle(watch)
        self._look_again(watch, behind=snapshot.last < watch.told)

    def failed(self, watch: Watch, error: Exception) -> None:
        """A look found nothing: a store did not answer."""
        watch.looking = False
        if not watch.failures:
            log.warning("stream_look_failed", key=watch.key, error=str(error))
        self._look_again(watch, behind=True)

    def beat(self, silence: float) -> None:
        """Write something to every stream to which nothing was written for `silence` seconds."""
        before = self._times.time() - silence
        for stream in self._streams():
            if stream.wrote_at <= before:
                self._write(stream, HEARTBEAT)

    def end(self) -> None:
        """End every stream; who still wants to know connects again."""
        for watch in list(self._by_key.values()):
            self._end(watch, STOPPED)

    def _streams(self) -> Iterator[Stream]:
        for watch in list(self._by_key.values()):
            yield from list(watch.streams)

    def _want(self, watch: Watch) -> None:
        if watch.looking:
            watch.again = True
        else:
            watch.looking, watch.again = True, False
            if watch.retry is not None:
                watch.retry.cancel()
                watch.retry = None
            self._ask(watch)

    def _look_again(self, watch: Watch, *, behind: bool) -> None:
        """Look again: at once if that was wanted meanwhile, later and later if the look was of no use."""
        if not watch.streams:
            return
        if watch.again:
            self._want(watch)
        elif behind:
            pause = min(FIRST_PAUSE_SECONDS * 2**watch.failures, LONGEST_PAUSE_SECONDS)
            watch.failures = min(watch.failures + 1, 16)
            watch.retry = self._times.call_later(pause, lambda: self._want(watch))

    def _settle(self, watch: Watch) -> None:
        """Send each stream what is new to it, and end them all when nothing can follow."""
        for stream in list(watch.streams):
            for event in watch.snapshot.after(stream.position):
                self._write(stream, encode(event))
                stream.position = event.number
                metrics.STREAM_EVENTS.labels(event.name).inc()
        if watch.snapshot.ends_at is None:
            self._end(watch, OVER)
        elif watch.streams:
            self._schedule(watch)

    def _schedule(self, watch: Watch) -> None:
        left = self._left(watch)
        if watch.timer is not None:
            watch.timer.cancel()
        watch.timer = self._times.call_later(_pause_before_tick(left), lambda: self._tick(watch))

    def _tick(self, watch: Watch) -> None:
        if self._left(watch) > 0:
            self._tick_to(watch, list(watch.streams))
            pause = LOOK_SECONDS if self._listening() else LOOK_SECONDS_UNTOLD
            if self._times.time() - watch.looked_at > pause:
                self._want(watch)
        else:
            self._want(watch)
        if watch.streams:
            self._schedule(watch)

    def _tick_to(self, watch: Watch, streams: list[Stream]) -> None:
        if watch.snapshot.ends_at is not None:
            data = encode_tick(now=self._clock.now(), ends_at=watch.snapshot.ends_at)
            for stream in streams:
                self._write(stream, data)

    def _left(self, watch: Watch) -> float:
        """Seconds until nothing can happen any more."""
        if watch.snapshot.ends_at is None:
            return 0.0
        return (watch.snapshot.ends_at - self._clock.now()).total_seconds()

    def _write(self, stream: Stream, data: bytes) -> None:
        stream.sink.write(data)
        stream.wrote_at = self._times.time()

    def _end(self, watch: Watch, reason: str) -> None:
        for stream in list(watch.streams):
            self._drop(watch, stream, reason)
            stream.sink.end()

    def _drop(self, watch: Watch, stream: Stream, reason: str) -> None:
        if stream not in watch.streams:
            return
        watch.streams.remove(stream)
        self._count -= 1
        self._of_owner[stream.owner] -= 1
        if not self._of_owner[stream.owner]:
            del self._of_owner[stream.owner]
        metrics.STREAMS_OPEN.dec()
        metrics.STREAMS_ENDED.labels(reason).inc()
        if not watch.streams:
            self._forget(watch)

    def _forget(self, watch: Watch) -> None:
        for timer in (watch.timer, watch.retry):
            if timer is not None:
                timer.cancel()
        self._by_key.pop(watch.key, None)


def _pause_before_tick(left: float) -> float:
    """Seconds to wait for the next tick, or the look at the end, `left` seconds before that."""
    if left <= 0:
        return END_SECONDS
    pause = until_tick(left)
    return pause + (GRACE_SECONDS if pause >= left else TOLERANCE_SECONDS / 10)
