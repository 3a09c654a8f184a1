"""Work that nobody waits for: put in a bounded queue, done by a thread of its own."""

import atexit
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

T = TypeVar("T")

LAST_FLUSH_SECONDS: Final = 3.0


class Background(Generic[T]):
    """Hands what is put to `work`, in order, up to `batch` at a time, in one thread. `work` must not raise.

    The thread waits `gather_seconds` for more before it begins with less than a batch, unless somebody
    waits for it.

    The thread starts at the first item: after a server has forked its workers. When the process ends in
    order, what waits is worked off for a few seconds; a process that is killed loses it.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], None],
        *,
        name: str,
        capacity: int,
        batch: int = 1,
        gather_seconds: float = 0.0,
        finish: Callable[[], None] | None = None,
    ) -> None:
        """`finish` is called once all is worked off for the last time."""
        self._work = work
        self._finish = finish
        self._name = name
        self._capacity = capacity
        self._batch = batch
        self._gather_seconds = gather_seconds
        self._waiting: deque[T] = deque()
        self._working = False
        self._gathering = False
        self._awaited = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def put(self, items: Sequence[T]) -> int:
        """How many of the items fit and will be worked on; none when this is closed. Never waits."""
        with self._changed:
            room = 0 if self._closed else max(0, self._capacity - len(self._waiting))
            taken = items[:room]
            self._waiting.extend(taken)
            if self._thread is None and taken:
                self._start()
            if not self._gathering or self._is_enough():
                self._changed.notify_all()
        return len(taken)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until nothing waits and nothing is worked on; False if that takes longer than `timeout` s."""
        with self._changed:
            self._awaited += 1
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: not self._waiting and not self._working, timeout)
            self._awaited -= 1
        return done

    def close(self) -> None:
        """Work off what waits, for a few seconds at most, and end the thread."""
        self._flush_last()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(LAST_FLUSH_SECONDS)
            atexit.unregister(self._flush_last)

    def _flush_last(self) -> None:
        self.flush(LAST_FLUSH_SECONDS)
        if self._finish is not None:
            self._finish()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()
        atexit.register(self._flush_last)

    def _run(self) -> None:
        while batch := self._next_batch():
            self._work(batch)
            with self._changed:
                self._working = False
                self._changed.notify_all()

    def _next_batch(self) -> list[T]:
        """What waits longest; nothing once this is closed and nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._gathering = True
            self._changed.wait_for(self._is_enough, self._gather_seconds)
            self._gathering = False
            self._working = bool(self._waiting)
            return [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]

    def _is_enough(self) -> bool:
        """Whether there is nothing to wait for before the next batch is worked on."""
        return bool(self._awaited) or self._closed or len(self._waiting) >= self._batch
