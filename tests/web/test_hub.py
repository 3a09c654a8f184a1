"""The hub with real sockets, threads and clocks."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from backend.kernel.errors import TooManyError, UpstreamError
from backend.web.hub import Hub, StreamLimits
from backend.web.sinks import MOST_UNREAD_BYTES
from backend.web.sse import Snapshot
from tests.conftest import NOW
from tests.fakes.clock import FakeClock
from tests.waiting import wait_until
from tests.web.watched import LIMITS, Session, client_of, running_hub


@pytest.fixture
def hub(clock: FakeClock) -> Iterator[Hub]:
    with running_hub(clock) as running:
        yield running


@pytest.fixture
def session() -> Session:
    started = Session("bgn_1", NOW + timedelta(minutes=10))
    started.happen("started")
    return started


class TestStream:
    def test_tells_what_happened_and_then_what_happens(self, hub: Hub, session: Session) -> None:
        with client_of(hub, session.watched()) as client:
            first = client.next_number()
            hub.nudge("bgn_1", session.happen("countered"))
            second = client.next_number()
            hub.nudge("bgn_1", session.happen("accepted", last=True))

            assert (first, second) == ("1", "2")
            assert client.rest() == [("3", "accepted")]
            assert client.parser.retry is not None

    def test_tells_what_a_message_brings_without_looking(self, hub: Hub, session: Session) -> None:
        with client_of(hub, session.watched()) as client:
            wait_until(lambda: session.looks == 1)
            client.next_number()
            number = session.happen("accepted", last=True)
            brought = session.look()
            hub.nudge("bgn_1", number, lambda: brought)

            assert client.rest() == [("2", "accepted")]

        assert session.looks == 2

    def test_tells_no_event_twice_that_a_message_brings_late(self, hub: Hub, session: Session) -> None:
        with client_of(hub, session.watched()) as client:
            number = session.happen("countered")
            brought = session.look()
            hub.nudge("bgn_1", session.happen("rejected"))
            hub.nudge("bgn_1", number, lambda: brought)
            hub.nudge("bgn_1", session.happen("accepted", last=True))

            assert [number for number, _ in client.rest()] == ["1", "2", "3", "4"]

    def test_goes_on_after_the_last_event_that_the_client_had(self, hub: Hub, session: Session) -> None:
        session.happen("countered")
        session.happen("accepted", last=True)

        with client_of(hub, session.watched(after=1)) as client:
            assert client.rest() == [("2", "countered"), ("3", "accepted")]

    def test_finds_what_happened_while_it_was_being_opened(self, hub: Hub, session: Session) -> None:
        asked = session.watched()
        session.happen("countered")

        with client_of(hub, asked) as client:
            assert [client.next_number(), client.next_number()] == ["1", "2"]

    def test_begins_with_how_much_time_is_left(self, hub: Hub, session: Session) -> None:
        with client_of(hub, session.watched()) as client:
            assert client.seconds_left() == 600

    def test_of_a_client_that_left_is_forgotten(self, hub: Hub, session: Session) -> None:
        with client_of(hub, session.watched()) as client:
            client.next()
            before = hub.streams

        wait_until(lambda: hub.streams == 0)
        assert before == 1

    def test_of_a_client_that_does_not_read_is_cut_and_holds_up_no_other(
        self, hub: Hub, session: Session
    ) -> None:
        text = "x" * MOST_UNREAD_BYTES
        with client_of(hub, session.watched()) as reader, client_of(hub, session.watched()) as sleeper:
            sleeper.next()
            reader.next()
            while hub.streams == 2:
                hub.nudge("bgn_1", number := session.happen("countered", text=text))
                assert reader.next_number() == str(number)

            hub.nudge("bgn_1", session.happen("accepted", last=True))
            assert [name for _, name in reader.rest()] == ["accepted"]


class TestLooks:
    def test_one_look_serves_all_streams_of_a_session(self, hub: Hub, session: Session) -> None:
        with ExitStack() as stack:
            clients = [
                stack.enter_context(client_of(hub, session.watched(owner=f"usr_{number}")))
                for number in range(5)
            ]
            assert [client.next_number() for client in clients] == ["1"] * 5
            wait_until(lambda: session.looks > 0)
            before = session.looks
            hub.nudge("bgn_1", session.happen("countered"))

            assert [client.next_number() for client in clients] == ["2"] * 5
            assert session.looks == before + 1

    def test_nobody_looks_for_what_is_known_or_not_watched(self, hub: Hub, session: Session) -> None:
        with client_of(hub, session.watched()) as client:
            client.next()
            wait_until(lambda: session.looks == 1)
            hub.nudge("bgn_1", 1)
            hub.nudge("bgn_other", 7)
            hub.nudge("bgn_1", session.happen("countered"))
            client.next()

            assert session.looks == 2

    def test_a_look_that_fails_is_repeated_until_it_succeeds(self, hub: Hub, session: Session) -> None:
        with structlog.testing.capture_logs() as logs, client_of(hub, session.watched()) as client:
            client.next()
            wait_until(lambda: session.looks == 1)
            session.failing = True
            hub.nudge("bgn_1", session.happen("countered"))
            wait_until(lambda: session.looks > 3)
            session.failing = False

            assert client.next_number() == "2"
        assert [line["event"] for line in logs].count("stream_look_failed") == 1

    def test_a_look_that_does_not_show_what_was_told_is_repeated(self, hub: Hub, session: Session) -> None:
        with client_of(hub, session.watched()) as client:
            client.next()
            hub.nudge("bgn_1", 2)
            wait_until(lambda: session.looks > 3)
            session.happen("countered")

            assert client.next_number() == "2"


class TestCountdown:
    def test_tells_the_last_seconds_and_the_end_though_nobody_sends_a_message(
        self, hub: Hub, clock: FakeClock
    ) -> None:
        ends_at = NOW + timedelta(seconds=2)
        session = Session("bgn_1", ends_at)
        session.happen("started")

        def look_by_the_clock() -> Snapshot:
            if clock.now() >= ends_at:
                session.happen("expired", last=True)
            return session.look()

        with client_of(hub, replace(session.watched(), look=look_by_the_clock)) as client:
            assert client.seconds_left() == 2
            clock.advance(seconds=1)
            wait_until(lambda: client.seconds_left() == 1)
            clock.advance(seconds=1)

            assert client.rest() == [("2", "expired")]


class TestLimits:
    def test_a_user_may_have_so_many_streams_and_another_after_one_has_ended(
        self, hub: Hub, session: Session
    ) -> None:
        with ExitStack() as stack:
            for _ in range(LIMITS.per_user - 1):
                stack.enter_context(client_of(hub, session.watched())).next()
            with client_of(hub, session.watched()) as last:
                last.next()
                with pytest.raises(TooManyError, match="3 streams open"):
                    hub.admit("usr_1")
                hub.admit("usr_2")

            wait_until(lambda: hub.streams == LIMITS.per_user - 1)
            hub.admit("usr_1")

    def test_a_process_keeps_so_many_streams(self, session: Session) -> None:
        with (
            running_hub(limits=StreamLimits(per_user=3, per_process=1)) as hub,
            client_of(hub, session.watched()) as client,
        ):
            client.next()

            with pytest.raises(UpstreamError, match="Too many streams"):
                hub.admit("usr_2")


class TestEnd:
    def test_ends_all_streams_at_once_and_those_that_come_later_too(self, hub: Hub, session: Session) -> None:
        with client_of(hub, session.watched()) as early:
            early.next()
            hub.end_streams()
            with client_of(hub, session.watched()) as late:
                for client in (early, late):
                    assert client.rest() == []
                    assert client.parser.retry is not None

    def test_does_not_wait_for_who_never_reads_the_last_words(self, session: Session) -> None:
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        session.happen("countered", text="x" * (MOST_UNREAD_BYTES // 2))

        with theirs, running_hub() as hub:
            hub.take_over(ours, b"", session.watched())
            wait_until(lambda: hub.streams == 1)
            hub.close()

            assert ours.fileno() == -1

    def test_a_closed_hub_has_no_thread_and_takes_no_connection(self, session: Session) -> None:
        before = set(threading.enumerate())
        with running_hub() as hub, client_of(hub, session.watched()) as client:
            client.next()
            wait_until(lambda: session.looks == 1)
        ours, theirs = socket.socketpair()

        hub.take_over(ours, b"", session.watched())

        with theirs:
            assert theirs.recv(1) == b""
        assert set(threading.enumerate()) - before == set()
