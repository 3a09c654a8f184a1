"""One contract for every event store: the embedded one always, MongoDB where `MONGO_URL` names a server."""

import os
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pymongo
import pytest
from pymongo.errors import PyMongoError
from sqlalchemy import create_engine
from sqlalchemy.exc import DataError

from backend.infra.events import EmbeddedEventStore, Event, EventStore, MongoEventStore, Touch
from backend.infra.postgres import sqlalchemy_url
from tests.conftest import NOW, Stores


def event(name: str = "slot.viewed", *, minutes: int = 0, user_id: str | None = "usr_a") -> Event:
    return Event(name, NOW + timedelta(minutes=minutes), user_id, {"slot_id": "slt_x", "party": 2})


INTEREST = ("product.viewed", "quote.made")


def about(
    product_id: str, *, name: str = "product.viewed", hours: float = 0, user_id: str | None = "usr_a"
) -> Event:
    """Somebody did something with a product, so many hours ago."""
    return Event(name, NOW - timedelta(hours=hours), user_id, {"product_id": product_id})


@pytest.fixture
def embedded_store(own_stores: Stores) -> Iterator[EventStore]:
    engine = create_engine(sqlalchemy_url(own_stores.postgres_url))
    yield EmbeddedEventStore(engine)
    engine.dispose()


@pytest.fixture
def mongo_store() -> Iterator[EventStore]:
    url = os.environ.get("MONGO_URL")  # noqa: TID251 (which server a developer wants tested)
    if not url:
        pytest.skip("MONGO_URL names no MongoDB to test against")
    name = f"climbup_test_{uuid4().hex}"
    store = MongoEventStore(url, database=name)
    try:
        store.prepare()
    except PyMongoError as error:
        pytest.skip(f"the MongoDB of MONGO_URL does not answer: {error}")
    yield store
    store.close()
    with pymongo.MongoClient(url) as client:
        client.drop_database(name)


@pytest.fixture(params=["embedded_store", "mongo_store"])
def store(request: pytest.FixtureRequest) -> EventStore:
    found: EventStore = request.getfixturevalue(request.param)
    return found


class TestEventStore:
    def test_gives_back_what_was_appended(self, store: EventStore) -> None:
        store.append([event()])

        found = store.find(name=None, user_id=None, since=NOW, limit=10)

        assert found == [event()]

    def test_finds_the_newest_first_and_no_more_than_asked(self, store: EventStore) -> None:
        store.append([event(minutes=m) for m in (1, 3, 2)])

        found = store.find(name=None, user_id=None, since=NOW, limit=2)

        assert [e.at for e in found] == [NOW + timedelta(minutes=3), NOW + timedelta(minutes=2)]

    def test_narrows_by_name_user_and_time(self, store: EventStore) -> None:
        wanted = event("quote.made", minutes=5)
        others = [
            event("slot.viewed", minutes=5),
            event("quote.made", minutes=5, user_id="usr_b"),
            event("quote.made", minutes=5, user_id=None),
            event("quote.made", minutes=-1),
        ]
        store.append([wanted, *others])

        found = store.find(name="quote.made", user_id="usr_a", since=NOW, limit=10)

        assert found == [wanted]

    def test_includes_the_instant_it_starts_at(self, store: EventStore) -> None:
        store.append([event(minutes=0), event(minutes=-1)])

        found = store.find(name=None, user_id=None, since=NOW, limit=10)

        assert [e.at for e in found] == [NOW]

    def test_counts_by_name_since_an_instant(self, store: EventStore) -> None:
        store.append([event("a"), event("a", minutes=1), event("b"), event("b", minutes=-1)])

        counts = store.count_by_name(since=NOW)

        assert counts == {"a": 2, "b": 1}

    def test_finds_the_newest_steps_of_a_user(self, store: EventStore) -> None:
        wanted = [event("quote.made", minutes=3), event("product.viewed", minutes=2)]
        others = [
            event("quote.made", minutes=1),
            event("order.placed", minutes=5),
            event("quote.made", minutes=5, user_id="usr_b"),
            event("quote.made", minutes=-1),
        ]
        store.append([*others, *wanted])

        found = store.touches(user_id="usr_a", names=("quote.made", "product.viewed"), since=NOW, limit=2)

        assert found == [Touch(e.name, e.at) for e in wanted]

    def test_counts_each_person_once_a_day(self, store: EventStore) -> None:
        store.append(
            [
                about("prd_a"),
                about("prd_a", hours=1),
                about("prd_a", name="quote.made", hours=2),
                about("prd_a", user_id="usr_b", hours=3),
                about("prd_a", user_id=None, hours=3),
                about("prd_a", user_id=None, hours=3),
                about("prd_a", hours=24),
                about("prd_a", hours=71),
            ]
        )

        people = store.people_by_day(product_id="prd_a", names=INTEREST, now=NOW, days=3)

        assert people == {0: 4, 1: 1, 2: 1}

    def test_counts_people_of_one_product_in_the_days_that_are_asked_for(self, store: EventStore) -> None:
        store.append(
            [
                about("prd_a", hours=1),
                about("prd_b"),
                about("prd_a", name="order.placed"),
                about("prd_a", hours=-1),
                about("prd_a", hours=72),
                event(),
            ]
        )

        people = store.people_by_day(product_id="prd_a", names=INTEREST, now=NOW, days=3)

        assert people == {0: 1}

    def test_draws_users_by_the_ends_of_their_ids(self, store: EventStore) -> None:
        ids = ["usr_1_zzzzzzzz", "usr_2_aaaaaaaa", "usr_3_mmmmmmmm", None]
        store.append([event(user_id=user_id) for user_id in ids * 2])
        store.append([event("other", user_id="usr_4_bbbbbbbb"), event(minutes=-1, user_id="usr_5_bbbbbbbb")])

        found = store.users(names=("slot.viewed",), since=NOW, limit=2)

        assert found == ["usr_2_aaaaaaaa", "usr_3_mmmmmmmm"]

    def test_forgets_what_is_old_and_has_one_of_the_names(self, store: EventStore) -> None:
        kept = [event(), event("order.placed", minutes=-1)]
        store.append([*kept, event(minutes=-1), event("slot.viewed", minutes=-2)])

        forgotten = store.forget(names=("slot.viewed", "product.viewed"), before=NOW)

        assert forgotten == 2
        assert store.find(name=None, user_id=None, since=NOW - timedelta(days=1), limit=10) == kept

    def test_appending_nothing_changes_nothing(self, store: EventStore) -> None:
        store.append([])

        assert store.count_by_name(since=NOW) == {}

    def test_answers_a_ping(self, store: EventStore) -> None:
        assert store.ping() is None  # type: ignore[func-returns-value]


class TestEmbeddedEventStore:
    def test_keeps_all_events_or_none(self, embedded_store: EventStore) -> None:
        unstorable = Event("slot.viewed", NOW, "usr_\x00", {})

        with pytest.raises((ValueError, DataError), match="NUL"):
            embedded_store.append([event(), unstorable])

        assert embedded_store.count_by_name(since=NOW) == {}


class TestMongoEventStore:
    def test_an_absent_server_is_an_error_within_seconds(self) -> None:
        store = MongoEventStore("mongodb://127.0.0.1:1/climbup")

        with pytest.raises(PyMongoError):
            store.ping()

        store.close()
