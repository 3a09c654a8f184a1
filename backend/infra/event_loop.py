"""Asyncio for threads: work with a deadline that holds, whatever the work is waiting for."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

# What a loop that is busy, or a machine that is, may add to a deadline.
_GRACE_SECONDS: Final = 0.25
_CLOSE_SECONDS: Final = 10.0


class EventLoop:
    """A loop in a thread of its own, which starts at the first use: after a server has forked."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], Coroutine[Any, Any, T]], *, seconds: float) -> T:
        """What `work` returns or raises; TimeoutError after so many seconds, when it has been cancelled.

        Limits of sockets are for one step each, and a name server knows none; this one is for all together.
        """

        async def within() -> T:
            async with asyncio.timeout(seconds):
                return await work()

        future = asyncio.run_coroutine_threadsafe(within(), self._started())
        try:
            return future.result(seconds + _GRACE_SECONDS)
        finally:
            future.cancel()

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do a last thing, such as closing connections, and end the thread. Nothing where it never ran."""
        if self._loop is None or self._thread is None:
            return
        try:
            self.run(last, seconds=_CLOSE_SECONDS)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CLOSE_SECONDS)
            self._loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
                self._thread.start()
            return self._loop
