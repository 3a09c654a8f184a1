"""Payments that are called off while the gateway is being asked, and what was promised on their account."""

from datetime import timedelta

import pytest
import svcs
from flask.testing import FlaskClient
from sqlalchemy import text

from backend.domains.payments.events import PaymentLooks
from backend.domains.payments.jobs import look_at_unsettled, sweep
from backend.infra.postgres import db
from backend.local_stripe.faults import Moment
from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class, make_consultant
from tests.factories.catalog import make_retail
from tests.factories.checkout import fill
from tests.factories.payments import at, decide, dispute
from tests.factories.till import Till, balance, intent_of, onboarded, work_off
from tests.fakes.clock import FakeClock

CONFIRM = "/v1/payment_intents/[^/]+/confirm"
INTENTS = "/v1/payment_intents"


@pytest.fixture
def ada(client: FlaskClient, local_stripe: LocalStripe) -> Customer:
    """A customer of a shop whose gateway has seen nothing yet."""
    del local_stripe
    return Customer.new(client)


class TestAPaymentThatIsCalledOff:
    def test_before_it_was_opened_gives_back_all_of_the_order(
        self, ada: Customer, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        fill(ada, **{ada.slots(make_consultant())[0]["slot_id"]: 1})
        local_stripe.fail(INTENTS, Moment.BEFORE)
        order = Till(ada).order(shipping_option="pickup")
        (booking,) = [line["booking_id"] for line in order["lines"] if line["booking_id"]]

        ada.delete(f"/api/bookings/{booking}")
        work_off()
        waiting = Till(ada).payment(order)["state"]
        shared_clock.advance(minutes=2)
        sweep()
        work_off()

        assert order["payment"]["client_secret"] is None
        assert waiting == "new"
        assert Till(ada).payment(order)["state"] == "cancelled"
        assert ada.get(f"/api/orders/{order['id']}").json["state"] == "cancelled"

    def test_while_its_balance_is_charged_gives_the_balance_back(
        self, ada: Customer, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        shop = make_class(seats=10, category="tours")
        slot = ada.slots(shop, day=(NOW + timedelta(days=40)).date())[0]["slot_id"]
        booked = Till(ada).book(slot)
        Till(ada).pay(booked)
        work_off()
        shared_clock.advance(days=30)
        later = Customer.of(ada.client, ada.user)
        sweep()
        db.session.commit()
        work_off("payments.charge_balance")
        local_stripe.fail(INTENTS, Moment.AFTER)
        with pytest.raises(Exception, match="does not answer"):
            work_off("payments.run_operation")
        db.session.rollback()

        cancelled = later.delete(f"/api/bookings/{booked['id']}")
        shared_clock.advance(minutes=2)
        sweep()
        work_off()

        assert cancelled.status_code == 200
        assert balance("gateway") == 0
        assert db.session.scalars(text("SELECT DISTINCT state FROM payments")).all() == ["paid"]


class TestAnAuthorisation:
    def test_that_ends_by_itself_takes_back_what_was_confirmed_on_it(
        self, ada: Customer, local_stripe: LocalStripe
    ) -> None:
        consultant, school = make_consultant(), make_class(seats=20)
        fill(
            ada,
            **{
                ada.slots(consultant)[0]["slot_id"]: 1,
                ada.slots(school, party=10)[0]["slot_id"]: 10,
            },
        )
        order = Till(ada).order(shipping_option="pickup")
        Till(ada).pay(order)

        at(local_stripe, f"{INTENTS}/{intent_of(order)}/cancel")
        look_at_unsettled()
        work_off()

        states = db.session.scalars(text("SELECT DISTINCT status FROM bookings")).all()
        assert states == ["cancelled"]
        assert ada.get(f"/api/orders/{order['id']}").json["state"] == "cancelled"
        assert Till(ada).payment(order)["state"] == "cancelled"


class TestConfirming:
    def test_again_after_a_lost_answer_says_that_it_is_paid(
        self, ada: Customer, local_stripe: LocalStripe
    ) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        wish = {"payment_id": booked["payment"]["id"], "payment_method": "pm_card_visa"}
        local_stripe.fail(CONFIRM, Moment.AFTER)

        lost = ada.post("/api/payments/confirm", wish)
        again = ada.post("/api/payments/confirm", wish)

        assert lost.status_code == 503
        assert (again.status_code, again.json["state"]) == (200, "paid")
        assert balance("gateway") == booked["total"]["amount"]


class TestADispute:
    def test_that_is_lost_costs_only_those_who_got_something(
        self, ada: Customer, client: FlaskClient, local_stripe: LocalStripe
    ) -> None:
        consultant, school = make_consultant(), make_class(seats=20)
        slot, request = ada.slots(consultant)[0]["slot_id"], ada.slots(school, party=10)[0]["slot_id"]
        fill(ada, **{slot: 1, request: 10})
        order = Till(ada).order(shipping_option="pickup")
        Till(ada).pay(order)
        asked = db.session.scalars(text("SELECT id FROM bookings WHERE status = 'pending_approval'")).one()
        Customer.of(client, school.owner).post(f"/api/bookings/{asked}/decline", {})
        work_off()
        opened = dispute(local_stripe, intent_of(order))
        decide(local_stripe, opened["id"], "lost")

        svcs.flask.get(PaymentLooks).look(payment_id=order["payment"]["id"], now=NOW)
        work_off()

        accounts = ("gateway", "platform", "tax", f"provider:{school.provider.id}")
        assert [balance(account) for account in accounts] == [0, 0, 0, 0]

    def test_that_is_won_lets_a_refund_go_on_that_had_to_wait(
        self, ada: Customer, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        Till(ada).pay(booked)
        opened = dispute(local_stripe, intent_of(booked))
        ada.delete(f"/api/bookings/{booked['id']}")
        work_off()
        waiting = Till(ada).payment(booked)["refunded"]["amount"]
        decide(local_stripe, opened["id"], "won")

        svcs.flask.get(PaymentLooks).look(payment_id=booked["payment"]["id"], now=shared_clock.now())
        work_off()

        assert waiting == 0
        assert Till(ada).payment(booked)["refunded"] == booked["total"]
        assert balance("gateway") == 0

    def test_that_is_lost_takes_the_place_of_a_refund_that_had_to_wait(
        self, ada: Customer, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        shop = make_consultant()
        onboarded(local_stripe, shop)
        booked = Till(ada).book(ada.slots(shop)[0]["slot_id"])
        Till(ada).pay(booked)
        work_off()
        opened = dispute(local_stripe, intent_of(booked))
        ada.delete(f"/api/bookings/{booked['id']}")
        work_off()
        decide(local_stripe, opened["id"], "lost")

        svcs.flask.get(PaymentLooks).look(payment_id=booked["payment"]["id"], now=shared_clock.now())
        work_off()

        accounts = ("gateway", "losses", "platform", "tax", f"provider:{shop.provider.id}")
        assert [balance(account) for account in accounts] == [0, 0, 0, 0, 0]


class TestAnOrderThatIsCancelled:
    def test_while_providers_are_asked_takes_nothing(self, ada: Customer, local_stripe: LocalStripe) -> None:
        slots = [
            ada.slots(make_consultant())[0]["slot_id"],
            ada.slots(make_class(seats=20), party=10)[0]["slot_id"],
        ]
        fill(ada, **{slots[0]: 1, slots[1]: 10, make_retail(stock=5).id: 1})
        order = Till(ada).order(shipping_option="pickup")
        Till(ada).pay(order)

        ada.delete(f"/api/orders/{order['id']}")
        work_off()

        assert Till(ada).payment(order)["state"] == "cancelled"
        assert local_stripe.events("payment_intent.succeeded") == []
