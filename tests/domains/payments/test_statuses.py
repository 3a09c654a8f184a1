"""Asking where a payment is, with Redis and without."""

import pytest
import redis
import svcs
from flask.testing import FlaskClient

from backend.infra.postgres import db
from backend.infra.redis import key
from backend.local_stripe.local import LocalStripe
from backend.wiring import Parts
from tests.conftest import Stores
from tests.factories.apps import NO_REDIS, running_app
from tests.factories.bookings import Customer, make_consultant
from tests.factories.payments import gateway_of
from tests.factories.till import Till
from tests.fakes.clock import FakeClock


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    """A customer."""
    return Customer.new(client)


class TestStatus:
    def test_follows_the_payment(self, ada: Customer) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        path = f"/api/payments/{booked['payment']['id']}/status"

        before = ada.get(path).json
        Till(ada).pay(booked)
        after = ada.get(path).json

        assert (before["state"], after["state"]) == ("awaiting", "paid")
        assert after["version"] > before["version"]

    def test_is_known_without_redis(self, ada: Customer) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        path = f"/api/payments/{booked['payment']['id']}/status"
        kept = key("payment", booked["payment"]["id"])
        client = svcs.flask.get(redis.Redis)

        client.delete(kept)
        found = ada.get(path)

        assert found.json["state"] == "awaiting"
        assert client.exists(kept)

    def test_is_told_to_nobody_else(self, ada: Customer, client: FlaskClient) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])

        answer = Customer.new(client).get(f"/api/payments/{booked['payment']['id']}/status")

        assert answer.status_code == 404


class TestWithoutRedis:
    def test_bookings_are_paid_all_the_same(
        self, own_stores: Stores, local_stripe: LocalStripe, clock: FakeClock
    ) -> None:
        parts = Parts(clock=clock, gateway=gateway_of(local_stripe, clock))
        with running_app(own_stores, parts) as app, app.app_context():
            ada, shop = Customer.new(app.test_client()), make_consultant()
            db.session.commit()

        with running_app(own_stores, parts, redis_url=NO_REDIS) as app, app.app_context():
            there = Customer(ada.user, app.test_client(), ada.headers)
            booked = Till(there).book(there.slots(shop)[0]["slot_id"])
            paid = Till(there).pay(booked)
            status = there.get(f"/api/payments/{booked['payment']['id']}/status")

        assert paid["state"] == status.json["state"] == "paid"
