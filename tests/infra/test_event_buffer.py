import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest
import svcs
from flask import Flask

from backend.infra import event_buffer, metrics
from backend.infra.background import Background
from backend.infra.event_buffer import SEEN_AGAIN_AFTER, EventBuffer, Events, Sightings
from backend.infra.events import Event
from backend.infra.postgres import db
from tests.conftest import NOW
from tests.fakes.events import FakeEventStore


def event(name: str) -> Event:
    return Event(name, NOW, "usr_1", {})


def dropped() -> float:
    return metrics._EVENTS_DROPPED._value.get()


class StuckStore(FakeEventStore):
    """Does not return from `append` until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.released = threading.Event()

    def append(self, events: Sequence[Event]) -> None:
        self.reached.set()
        self.released.wait(10)
        super().append(events)


class TestEventBuffer:
    def test_events_are_stored_in_their_order(self) -> None:
        store = FakeEventStore()
        buffer = EventBuffer(store)

        for number in range(1200):
            buffer.put([event(f"n{number}")])
        stored = buffer.flush(10)

        assert stored
        assert [e.name for e in store.events] == [f"n{number}" for number in range(1200)]

    def test_a_store_that_fails_for_a_moment_loses_nothing(self) -> None:
        store = FakeEventStore(failures=2)
        buffer = EventBuffer(store, pause_seconds=0.01)

        buffer.put([event("a"), event("b")])
        buffer.flush(10)

        assert [e.name for e in store.events] == ["a", "b"]

    def test_a_store_that_stays_away_costs_events_which_are_counted(self) -> None:
        store = FakeEventStore(failures=3)
        buffer = EventBuffer(store, pause_seconds=0.01)
        before = dropped()

        buffer.put([event("a"), event("b")])
        buffer.flush(10)
        buffer.put([event("c")])
        buffer.flush(10)

        assert dropped() == before + 2
        assert [e.name for e in store.events] == ["c"]

    def test_what_does_not_fit_is_dropped_without_waiting(self) -> None:
        store = StuckStore()
        buffer = EventBuffer(store, capacity=3)
        before = dropped()

        buffer.put([event("first")])
        store.reached.wait(10)
        buffer.put([event(f"n{number}") for number in range(5)])
        in_time = buffer.flush(0.01)
        store.released.set()
        buffer.flush(10)

        assert not in_time
        assert dropped() == before + 2
        assert [e.name for e in store.events] == ["first", "n0", "n1", "n2"]

    def test_when_closed_what_waited_is_stored_and_what_comes_is_dropped_and_counted(self) -> None:
        store = FakeEventStore()
        buffer = EventBuffer(store)
        buffer.put([event("in time")])
        before = dropped()

        buffer.close()
        buffer.put([event("late"), event("later")])

        assert [e.name for e in store.events] == ["in time"]
        assert dropped() == before + 2


class TestEvents:
    @pytest.fixture
    def recorder(self, app: Flask) -> Events:
        return svcs.flask.get(Events)

    def test_an_event_is_kept_when_its_transaction_is_committed(
        self, recorder: Events, events: FakeEventStore
    ) -> None:
        recorder.record(name="quote.made", user_id="usr_1", data={"total": 5})
        recorder.buffer.flush()
        before = list(events.events)

        db.session.commit()
        recorder.buffer.flush()

        assert before == []
        assert events.events == [Event("quote.made", NOW, "usr_1", {"total": 5})]

    def test_nothing_is_kept_of_a_transaction_that_is_rolled_back(
        self, recorder: Events, events: FakeEventStore
    ) -> None:
        recorder.record(name="quote.made", user_id=None, data={})

        db.session.rollback()
        db.session.commit()
        recorder.buffer.flush()

        assert events.events == []


class TestSightings:
    @pytest.fixture
    def store(self) -> FakeEventStore:
        return FakeEventStore()

    @pytest.fixture
    def buffer(self, store: FakeEventStore) -> Iterator[EventBuffer]:
        made = EventBuffer(store)
        yield made
        made.close()

    @pytest.fixture
    def sightings(self, buffer: EventBuffer) -> Sightings:
        return Sightings(buffer)

    def see(
        self,
        sightings: Sightings,
        product_id: str = "prd_a",
        *,
        user_id: str | None = "usr_a",
        visitor: str = "192.0.2.1",
        now: datetime = NOW,
    ) -> None:
        sightings.note(
            name="product.viewed", product_id=product_id, user_id=user_id, visitor=visitor, now=now
        )

    def test_are_kept_without_a_transaction(
        self, sightings: Sightings, buffer: EventBuffer, store: FakeEventStore
    ) -> None:
        self.see(sightings)
        buffer.flush(10)

        assert store.events == [Event("product.viewed", NOW, "usr_a", {"product_id": "prd_a"})]

    def test_of_the_same_person_and_thing_count_once_an_hour(
        self, sightings: Sightings, buffer: EventBuffer, store: FakeEventStore
    ) -> None:
        for now in (NOW, NOW + SEEN_AGAIN_AFTER - timedelta(seconds=1), NOW + SEEN_AGAIN_AFTER):
            self.see(sightings, now=now)
        buffer.flush(10)

        assert [e.at for e in store.events] == [NOW, NOW + SEEN_AGAIN_AFTER]

    def test_tell_products_users_and_visitors_apart_and_keep_no_address(
        self, sightings: Sightings, buffer: EventBuffer, store: FakeEventStore
    ) -> None:
        self.see(sightings)
        self.see(sightings, "prd_b")
        self.see(sightings, user_id="usr_b")
        self.see(sightings, user_id=None)
        self.see(sightings, user_id=None, visitor="192.0.2.2")
        buffer.flush(10)

        assert len(store.events) == 5
        assert "192.0.2" not in repr(store.events)

    def test_are_remembered_in_bounded_memory(
        self,
        sightings: Sightings,
        buffer: EventBuffer,
        store: FakeEventStore,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(event_buffer, "MOST_SEEN", 3)

        for product_id in ("prd_a", "prd_b", "prd_c", "prd_d", "prd_d", "prd_a"):
            self.see(sightings, product_id)
        buffer.flush(10)

        assert len(sightings._seen) == 3
        assert "".join(e.data["product_id"][-1] for e in store.events) == "abcda"


class TestGathering:
    def test_hands_over_what_came_together_at_once(self) -> None:
        batches: list[list[int]] = []
        queue = Background[int](
            lambda batch: batches.append([*batch]), name="t", capacity=100, batch=50, gather_seconds=60
        )

        for number in range(10):
            queue.put([number])
        done = queue.flush(10)
        queue.close()

        assert done
        assert [number for batch in batches for number in batch] == [*range(10)]
        assert len(batches) <= 2

    def test_begins_with_a_whole_batch_although_nobody_waits(self) -> None:
        begun = threading.Event()
        queue = Background[int](lambda _: begun.set(), name="t", capacity=100, batch=5, gather_seconds=60)

        queue.put([*range(5)])

        assert begun.wait(10)
        queue.close()

    def test_begins_with_less_after_a_while(self) -> None:
        begun = threading.Event()
        queue = Background[int](lambda _: begun.set(), name="t", capacity=100, batch=5, gather_seconds=0.01)

        queue.put([1])

        assert begun.wait(10)
        queue.close()
