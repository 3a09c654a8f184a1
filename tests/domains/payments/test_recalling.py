"""Operations whose answer was lost so long ago that the gateway has forgotten their keys."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from backend.domains.payments.gateway import GatewayDownError
from backend.domains.payments.jobs import sweep
from backend.infra.postgres import db
from backend.kernel.roles import Role
from backend.local_stripe.faults import Moment
from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class, make_consultant
from tests.factories.till import Till, balance, onboarded, work_off
from tests.fakes.clock import FakeClock


@pytest.fixture
def ada(client: FlaskClient, local_stripe: LocalStripe) -> Customer:
    """A customer of a shop whose gateway has seen nothing yet."""
    del local_stripe
    return Customer.new(client)


def lose(local: LocalStripe, path: str, clock: FakeClock) -> None:
    """Let the jobs run, the answer to a request to `path` be lost, and nobody ask again for two days."""
    local.fail(path, Moment.AFTER)
    with pytest.raises(GatewayDownError):
        work_off()
    db.session.rollback()
    clock.advance(days=2)
    sweep()
    work_off()


class TestWhatWasDone:
    def test_and_forgotten_is_not_passed_on_twice(
        self, ada: Customer, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        shop = make_consultant()
        onboarded(local_stripe, shop)
        booked = Till(ada).book(ada.slots(shop)[0]["slot_id"])
        Till(ada).pay(booked)

        lose(local_stripe, "/v1/transfers", shared_clock)

        assert len(local_stripe.events("transfer.created")) == 1
        assert balance(f"provider:{shop.provider.id}") == 0

    def test_and_forgotten_is_not_given_back_twice(
        self, ada: Customer, client: FlaskClient, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        Till(ada).pay(booked)
        work_off()
        support = Customer.new(client, roles=[Role.SUPPORT])
        third = {"amount": booked["total"]["amount"] // 3, "currency": "EUR"}
        wish = {"part": booked["id"], "amount": third, "reason": "Sorry."}
        support.post(f"/api/payments/{booked['payment']['id']}/refund", wish)

        lose(local_stripe, "/v1/refunds", shared_clock)

        assert len(local_stripe.events("refund.created")) == 1
        assert balance("gateway") == booked["total"]["amount"] - third["amount"]

    def test_and_forgotten_is_not_taken_back_twice(
        self, ada: Customer, client: FlaskClient, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        shop = make_consultant()
        onboarded(local_stripe, shop)
        booked = Till(ada).book(ada.slots(shop)[0]["slot_id"])
        Till(ada).pay(booked)
        work_off()
        support = Customer.new(client, roles=[Role.SUPPORT])
        third = {"amount": booked["total"]["amount"] // 3, "currency": "EUR"}
        wish = {"part": booked["id"], "amount": third, "reason": "Sorry."}
        support.post(f"/api/payments/{booked['payment']['id']}/refund", wish)

        lose(local_stripe, "/v1/transfers/[^/]+/reversals", shared_clock)

        assert len(local_stripe.events("transfer.reversed")) == 1
        assert balance(f"provider:{shop.provider.id}") == 0

    def test_and_forgotten_is_not_charged_twice(
        self, ada: Customer, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        shop = make_class(seats=10, category="tours")
        slot = ada.slots(shop, day=(NOW + timedelta(days=40)).date())[0]["slot_id"]
        booked = Till(ada).book(slot)
        Till(ada).pay(booked)
        work_off()
        shared_clock.advance(days=30)
        sweep()

        lose(local_stripe, "/v1/payment_intents", shared_clock)

        assert len(local_stripe.events("payment_intent.succeeded")) == 2
        assert balance("gateway") == booked["total"]["amount"]
