"""The live copy in Redis, and going on without it."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import redis
import svcs
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.bargain.entities import Round, SessionView, State
from backend.domains.bargain.live import CHANNEL, LiveSessions, document_of, read_view
from backend.domains.bargain.watching import BargainWatch, snapshot_of
from backend.infra.redis import Outage, key
from backend.kernel.money import Money
from backend.negotiator.bargaining import Outcome
from tests.conftest import NOW, Stores
from tests.factories.apps import NO_REDIS, running_app
from tests.factories.bookings import Customer
from tests.factories.haggling import accept, counter_of, look, make_bargain_goods, offer, start
from tests.waiting import wait_until

SESSION = SessionView(
    id="bgn_01kaj3zq6m8v9x2c4b5n7p8q9r",
    user_id="usr_1",
    version=1,
    product_id="prd_1",
    slot_id=None,
    quantity=1,
    party=1,
    name="Headphones",
    state=State.OPEN,
    list_price=Money(10_000, "EUR"),
    counter_price=None,
    final_price=None,
    attempts_allowed=3,
    attempts_used=0,
    started_at=NOW,
    expires_at=NOW + timedelta(minutes=10),
    ended_at=None,
    deal_until=None,
    quote_token=None,
    is_used=False,
)


def euros() -> st.SearchStrategy[Money]:
    return st.integers(1, 10_000).map(lambda minor: Money(minor, "EUR"))


def rounds() -> st.SearchStrategy[tuple[Round, ...]]:
    one = st.builds(
        Round,
        number=st.integers(1, 3),
        offer=euros(),
        answer=st.sampled_from(Outcome),
        counter=st.none() | euros(),
        message=st.text(max_size=20),
        at=st.just(NOW),
    )
    return st.lists(one, max_size=3).map(tuple)


def heard(listener: Any) -> dict[str, Any] | None:
    """The next message, if there is one within a second."""
    message = listener.get_message(timeout=1)
    if message is None:
        return None
    if message["type"] == "subscribe":
        return {"subscribed": message["channel"]}
    told: dict[str, Any] = json.loads(message["data"])
    return told


class TestADocument:
    @given(rounds=rounds(), counter=st.none() | euros(), state=st.sampled_from(State))
    def test_reads_back_to_the_same_session(
        self, rounds: tuple[Round, ...], counter: Money | None, state: State
    ) -> None:
        session = replace(SESSION, rounds=rounds, counter_price=counter, state=state)

        again = read_view(document_of(session))

        assert again == session


class TestTheCopy:
    @pytest.fixture
    def live(self, app: Flask) -> LiveSessions:
        return svcs.flask.get(LiveSessions)

    @pytest.fixture
    def client(self, app: Flask) -> redis.Redis:
        return svcs.flask.get(redis.Redis)

    def test_goes_at_the_deadline(self, live: LiveSessions, client: redis.Redis) -> None:
        live.keep_changed(SESSION, now=NOW)

        left: Any = client.pttl(key("bargain", SESSION.id))

        assert 0 < left <= 600_000

    @pytest.mark.parametrize("document", ['{"id": "bgn_1"}', "[]", "1", '{"', '{"state": "won"}'])
    def test_of_another_version_of_the_program_is_passed_over(
        self, live: LiveSessions, client: redis.Redis, document: str
    ) -> None:
        client.set(key("bargain", SESSION.id), f"1 {document}")

        assert live.find(SESSION.id) is None

    def test_is_not_there_while_the_session_changes(self, live: LiveSessions) -> None:
        live.keep_changed(SESSION, now=NOW)

        live.begin_change(SESSION.id, 2)

        assert live.find(SESSION.id) is None

    def test_of_who_read_before_a_change_is_not_taken(self, live: LiveSessions) -> None:
        live.begin_change(SESSION.id, 2)
        live.keep_read(SESSION, now=NOW)
        changed = replace(SESSION, version=2, attempts_used=1)
        live.keep_changed(changed, now=NOW)

        live.keep_read(SESSION, now=NOW)

        assert live.find(SESSION.id) == changed

    def test_of_a_change_that_is_told_late_replaces_no_newer_one(self, live: LiveSessions) -> None:
        second, third = (replace(SESSION, version=version, attempts_used=version - 1) for version in (2, 3))
        live.begin_change(SESSION.id, 2)
        live.begin_change(SESSION.id, 3)

        live.keep_changed(second, now=NOW)
        found_while_changing = live.find(SESSION.id)
        live.keep_changed(third, now=NOW)
        live.keep_changed(second, now=NOW)

        assert found_while_changing is None
        assert live.find(SESSION.id) == third

    def test_that_could_not_be_replaced_is_not_believed(self, live: LiveSessions) -> None:
        away = redis.Redis.from_url(NO_REDIS, socket_connect_timeout=0.1)
        elsewhere = LiveSessions(away, Outage())

        elsewhere.begin_change(SESSION.id, 2)
        elsewhere.keep_changed(SESSION, now=NOW)

        assert elsewhere.find(SESSION.id) is None
        assert elsewhere.unsure == {SESSION.id}

    def test_is_taken_away_as_soon_as_redis_is_back(self, client: redis.Redis) -> None:
        back = LiveSessions(client, Outage())
        back.keep_changed(SESSION, now=NOW)
        back.unsure.add(SESSION.id)

        back.find("bgn_another")

        assert back.unsure == set()
        assert back.find(SESSION.id) is None

    def test_is_taken_away_by_a_process_that_ends(self, client: redis.Redis) -> None:
        ending, other = LiveSessions(client, Outage()), LiveSessions(client, Outage())
        other.keep_changed(SESSION, now=NOW)
        ending.unsure.add(SESSION.id)

        ending.close()

        assert other.find(SESSION.id) is None

    def test_is_announced_with_itself_and_the_number_of_its_newest_event(
        self, live: LiveSessions, client: redis.Redis
    ) -> None:
        listener = client.pubsub()
        listener.subscribe(CHANNEL)
        wait_until(lambda: heard(listener) == {"subscribed": CHANNEL})
        live.keep_changed(SESSION, now=NOW)

        # Tests of other processes are heard, too.
        told = {"session_id": SESSION.id, "number": 1, "copy": document_of(SESSION)}
        wait_until(lambda: heard(listener) == told)
        listener.close()

        assert live.find(SESSION.id) == SESSION


class TestAMessage:
    def test_is_a_look_at_the_session(self) -> None:
        found = BargainWatch.read({"session_id": SESSION.id, "number": 1, "copy": document_of(SESSION)})

        assert found == snapshot_of(SESSION)

    @pytest.mark.parametrize("told", [{}, {"copy": None}, {"copy": {"id": SESSION.id}}])
    def test_of_another_version_of_the_program_is_none(self, told: dict[str, Any]) -> None:
        assert BargainWatch.read(told) is None


class TestWithoutRedis:
    def test_a_session_that_was_begun_with_it_is_finished(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            customer = Customer.new(app.test_client())
            session_id = start(customer, make_bargain_goods())["session_id"]
            offer(customer, session_id, 1_00)

        with running_app(own_stores, redis_url=NO_REDIS) as app, app.app_context():
            still = replace(customer, client=app.test_client())
            offer(still, session_id, 1_01)
            offer(still, session_id, 1_02)
            deal = accept(still, session_id)
            seen = look(still, session_id)

        assert deal["status"] == "accepted"
        assert seen["final_price"] == deal["final_price"]

    def test_another_is_begun_and_finished(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            customer = Customer.new(app.test_client())
            goods = make_bargain_goods()

        with running_app(own_stores, redis_url=NO_REDIS) as app, app.app_context():
            still = replace(customer, client=app.test_client())
            session_id = start(still, goods)["session_id"]
            counter = counter_of(still, session_id)
            deal = accept(still, session_id)

        assert deal["final_price"] == counter
