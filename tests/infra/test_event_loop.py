import asyncio
import threading
from collections.abc import Iterator

import pytest

from backend.infra.event_loop import EventLoop

SOON = 30.0


async def nothing() -> None:
    """Nothing to end."""


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    made = EventLoop("test-loop")
    yield made
    made.close(nothing)


class TestEventLoop:
    def test_hands_on_what_work_returns(self, loop: EventLoop) -> None:
        async def work() -> str:
            return threading.current_thread().name

        assert loop.run(work, seconds=SOON) == "test-loop"

    def test_hands_on_what_work_raises(self, loop: EventLoop) -> None:
        async def work() -> None:
            raise LookupError("gone")

        with pytest.raises(LookupError, match="gone"):
            loop.run(work, seconds=SOON)

    def test_cancels_work_that_is_late(self, loop: EventLoop) -> None:
        cancelled = threading.Event()

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        with pytest.raises(TimeoutError):
            loop.run(work, seconds=0.01)
        assert cancelled.wait(SOON)

    def test_does_not_wait_for_a_loop_that_is_stuck(self, loop: EventLoop) -> None:
        released = threading.Event()

        async def work() -> None:
            released.wait(SOON)

        with pytest.raises(TimeoutError):
            loop.run(work, seconds=0.01)
        released.set()

    def test_starts_no_thread_before_there_is_work(self) -> None:
        EventLoop("idle-loop").close(nothing)

        assert not any(thread.name == "idle-loop" for thread in threading.enumerate())

    def test_ends_its_thread(self) -> None:
        loop = EventLoop("ending-loop")
        loop.run(nothing, seconds=SOON)

        loop.close(nothing)

        assert not any(thread.name == "ending-loop" for thread in threading.enumerate())
