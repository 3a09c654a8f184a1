"""What a process does for its streams as time goes by, in no time at all."""

import heapq
import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest

from backend.web.sinks import WhenGone
from backend.web.watches import Stream, Watch, Watches
from tests.conftest import NOW
from tests.fakes.clock import FakeClock
from tests.web.sse_client import Parser
from tests.web.watched import Session


class Timer:
    """One that the test's own loop sets off."""

    def __init__(self, when: float, act: Callable[[], object]) -> None:
        self.due = when
        self.act = act
        self.is_off = False

    def cancel(self) -> None:
        self.is_off = True


class Times:
    """A loop whose time the test moves, and the application's clock with it."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._now = 0.0
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        return self._now

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        timer = Timer(self._now + delay, callback)
        heapq.heappush(self._timers, (timer.due, next(self._numbers), timer))
        return timer

    def advance(self, seconds: float) -> None:
        until = self._now + seconds
        while self._timers and self._timers[0][0] <= until:
            due, _, timer = heapq.heappop(self._timers)
            self._move(due)
            if not timer.is_off:
                timer.act()
        self._move(until)

    def _move(self, to: float) -> None:
        self._clock.advance(seconds=to - self._now)
        self._now = to

    @property
    def waiting(self) -> int:
        return sum(not timer.is_off for _, _, timer in self._timers)


class Sink:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.parser = Parser()
        self.told: list[str] = []
        self.is_over = False

    def write(self, data: bytes) -> None:
        self.told += [event.name for event in self.parser.feed(data)]

    def end(self) -> None:
        self.is_over = True

    def when_gone(self, act: WhenGone) -> None:
        self.leave = lambda: act("left")


class Process:
    """The watches of a process whose looks are done at once, and one session that is watched."""

    def __init__(self, clock: FakeClock) -> None:
        self.times = Times(clock)
        self.is_listening = True
        self.looked_at: list[Watch] = []
        self.watches = Watches(self.times, clock, self._look, lambda: self.is_listening)
        self.session = Session("bgn_1", NOW + timedelta(minutes=10))
        self.session.happen("started")

    def watch(self) -> Sink:
        sink, asked = Sink(), self.session.watched()
        self.watches.add(Stream("usr_1", sink, 0), key="bgn_1", first=asked.first, look=asked.look)
        return sink

    def _look(self, watch: Watch) -> None:
        self.looked_at.append(watch)
        try:
            snapshot = watch.look()
        except ConnectionError as error:
            self.watches.failed(watch, error)
        else:
            self.watches.looked(watch, snapshot)


@pytest.fixture
def process(clock: FakeClock) -> Process:
    return Process(clock)


class TestWatches:
    def test_tick_every_five_seconds(self, process: Process) -> None:
        sink = process.watch()

        process.times.advance(60.1)

        assert sink.told == ["started", *["tick"] * 13]

    def test_find_within_half_a_minute_what_no_message_told_of(self, process: Process) -> None:
        sink = process.watch()
        process.session.happen("countered")

        process.times.advance(30)

        assert "countered" in sink.told
        assert process.session.looks == 2

    def test_look_at_every_tick_while_no_message_can_arrive(self, process: Process) -> None:
        process.is_listening = False
        process.watch()

        process.times.advance(60.1)

        assert process.session.looks == 1 + 12

    def test_look_at_everything_when_messages_arrive_again(self, process: Process) -> None:
        sink = process.watch()
        process.session.happen("countered")

        process.watches.look_at_all()

        assert sink.told[-1] == "countered"

    def test_look_less_and_less_often_while_looks_fail(self, process: Process) -> None:
        process.watch()
        process.session.failing = True
        process.watches.nudge("bgn_1", 2)

        process.times.advance(4)

        # After 0.05 s, 0.1 s, 0.2 s … and no more than these.
        assert process.session.looks == 2 + 6

    def test_do_not_go_back_to_what_was_before(self, process: Process) -> None:
        sink = process.watch()
        old = process.session.look()
        number = process.session.happen("countered")
        process.watches.nudge("bgn_1", number)

        process.watches.looked(process.looked_at[-1], old)
        process.session.happen("accepted", last=True)
        process.watches.nudge("bgn_1", number + 1)

        assert [name for name in sink.told if name != "tick"] == ["started", "countered", "accepted"]
        assert sink.is_over

    def test_keep_silent_connections_alive(self, process: Process) -> None:
        sink = process.watch()

        process.watches.beat(silence=1)
        process.times.advance(3)
        process.watches.beat(silence=1)

        assert sink.parser.comments == 1

    def test_forget_a_session_that_nobody_watches_any_more(self, process: Process) -> None:
        sinks = [process.watch(), process.watch()]

        for sink in sinks:
            assert "bgn_1" in process.watches
            sink.leave()

        assert "bgn_1" not in process.watches
        assert process.watches.count() == process.watches.count("usr_1") == 0
        assert process.times.waiting == 0

    def test_forget_a_session_also_while_a_look_at_it_is_to_be_repeated(self, process: Process) -> None:
        sink = process.watch()
        process.session.failing = True
        process.watches.nudge("bgn_1", 2)

        sink.leave()

        assert process.times.waiting == 0

    def test_tell_the_end_half_a_second_late_so_that_what_was_begun_in_time_is_told_instead(
        self, process: Process
    ) -> None:
        sink = process.watch()
        process.times.advance(600.4)
        looks = process.session.looks
        process.session.happen("accepted", last=True)

        process.times.advance(0.2)

        assert process.session.looks == looks + 1
        assert sink.told[-2:] == ["tick", "accepted"]

    def test_ask_again_each_second_at_the_end_until_it_is_seen(self, process: Process) -> None:
        sink = process.watch()
        process.times.advance(602.5)
        process.session.happen("expired", last=True)

        process.times.advance(1)

        assert sink.told[-1] == "expired"
        assert sink.is_over
