"""Watching a bargain over HTTP, by a server that keeps a thread for each stream, as tests have."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import svcs
from flask import Flask
from sqlalchemy.pool import QueuePool

from backend.domains.catalog.entities import Product
from backend.infra.postgres import db
from backend.web.hub import Hub
from tests.conftest import Stores
from tests.factories.apps import NO_REDIS, running_app
from tests.factories.bookings import Customer
from tests.factories.haggling import LIST, counter_of, look, make_bargain_goods, offer, start
from tests.fakes.clock import FakeClock
from tests.waiting import wait_until
from tests.web.sse_client import Parser, Received


@contextmanager
def watching(customer: Customer, session_id: str, **options: Any) -> Iterator[Iterator[Received]]:
    """The events of a session, without its ticks."""
    answer = customer.get(f"/api/bargain/session/{session_id}/events", **options)
    assert answer.status_code == 200, answer.text
    parser = Parser()
    try:
        yield (event for piece in answer.response for event in parser.feed(piece) if event.name != "tick")
    finally:
        answer.close()


def told(events: Iterator[Received]) -> list[tuple[str, str]]:
    return [(event.last_id, event.name) for event in events]


def connections_in_use() -> int:
    pool = db.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


class TestAStream:
    def test_tells_a_whole_bargain_and_ends_with_it(self, customer: Customer, goods: Product) -> None:
        session_id = start(customer, goods)["session_id"]

        with watching(customer, session_id) as events:
            started = next(events)
            counter_of(customer, session_id)
            first = next(events)
            offer(customer, session_id, LIST)
            rest = [first, *events]

        assert json.loads(started.data)["list_price"] == {"amount": LIST, "currency": "EUR"}
        assert [event.last_id for event in rest] == [str(number) for number in range(2, len(rest) + 2)]
        assert rest[-1].name == "accepted"
        deal = json.loads(rest[-1].data)
        assert deal["final_price"] == look(customer, session_id)["final_price"]
        assert deal["quote_token"]

    @pytest.mark.parametrize(
        "after", [{"headers": {"Last-Event-ID": "1"}}, {"query_string": {"lastEventId": "1"}}]
    )
    def test_goes_on_where_the_last_one_broke_off(
        self, customer: Customer, goods: Product, after: dict[str, Any]
    ) -> None:
        session_id = start(customer, goods)["session_id"]
        counter_of(customer, session_id)
        customer.delete(f"/api/bargain/session/{session_id}")

        with watching(customer, session_id, **after) as events:
            got = told(events)

        assert got[0][0] == "2"
        assert got[-1] == (str(len(got) + 1), "abandoned")

    def test_tells_the_end_of_a_session_whose_time_is_over_though_nobody_ended_it(
        self, customer: Customer, goods: Product, clock: FakeClock, shared_clock: FakeClock
    ) -> None:
        session_id = start(customer, goods)["session_id"]

        with watching(customer, session_id) as events:
            next(events)
            shared_clock.advance(minutes=10)
            svcs.flask.get(Hub).nudge(session_id, 2)

            assert told(events) == [("2", "expired")]

    def test_of_an_ended_session_that_was_told_wholly_is_no_content(
        self, customer: Customer, goods: Product
    ) -> None:
        session_id = start(customer, goods)["session_id"]
        customer.delete(f"/api/bargain/session/{session_id}")

        answer = customer.get(f"/api/bargain/session/{session_id}/events", headers={"Last-Event-ID": "2"})

        assert answer.status_code == 204
        assert answer.data == b""

    def test_has_no_body_for_who_asks_for_its_head(self, customer: Customer, goods: Product) -> None:
        session_id = start(customer, goods)["session_id"]

        answer = customer.client.head(f"/api/bargain/session/{session_id}/events", headers=customer.headers)

        assert (answer.status_code, answer.data) == (200, b"")
        assert answer.headers["Content-Type"] == "text/event-stream"


class TestRefusals:
    def test_come_as_problems_before_the_stream_begins(
        self, app: Flask, customer: Customer, goods: Product
    ) -> None:
        session_id = start(customer, goods)["session_id"]
        address = f"/api/bargain/session/{session_id}/events"
        stranger = Customer.new(app.test_client(), email="stranger@example.com")

        answers = [
            app.test_client().get(address),
            stranger.get(address),
            customer.get("/api/bargain/session/bgn_none/events"),
            customer.get(address, headers={"Last-Event-ID": "the first"}),
        ]

        assert [answer.status_code for answer in answers] == [401, 404, 404, 422]
        assert {answer.content_type for answer in answers} == {"application/problem+json"}

    def test_meet_who_has_too_many_streams_open(self, customer: Customer, goods: Product) -> None:
        session_id = start(customer, goods)["session_id"]
        address = f"/api/bargain/session/{session_id}/events"
        hub = svcs.flask.get(Hub)
        wait_until(lambda: hub.streams == 0)
        open_ones = [customer.get(address) for _ in range(5)]
        wait_until(lambda: hub.streams == 5)

        refused = customer.get(address)
        for one in open_ones:
            one.close()
        wait_until(lambda: hub.streams == 0)

        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 0


class TestWithoutRedis:
    def test_streams_tell_what_they_find_in_the_database_now_and_then(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            known = Customer.new(app.test_client())
            db.session.commit()
        with running_app(own_stores, redis_url=NO_REDIS) as app, app.app_context():
            customer = replace(known, client=app.test_client())
            session_id = start(customer, make_bargain_goods())["session_id"]
            with watching(customer, session_id) as events:
                next(events)
                counter_of(customer, session_id)
                offer(customer, session_id, LIST)
                # What is read now and then holds no connection in between.
                wait_until(lambda: connections_in_use() == 0)

                assert told(events)[-1][1] == "accepted"
