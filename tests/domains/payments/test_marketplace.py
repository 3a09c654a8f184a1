"""Passing on what providers earned and taking it back; disputes; deposits and their balances."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import Client

from backend.domains.payments.jobs import look_at_unsettled, sweep
from backend.domains.payments.schedule import TRIES
from backend.infra.postgres import db
from backend.kernel.roles import Role
from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.factories.bookings import Customer, Shop, make_class, make_consultant
from tests.factories.checkout import fill
from tests.factories.payments import AUTH, authenticate, decide, dispute, posting
from tests.factories.till import (
    ASKS,
    AVAILABLE_AT_ONCE,
    DECLINED,
    Till,
    balance,
    intent_of,
    look,
    onboarded,
    work_off,
)
from tests.fakes.clock import FakeClock


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    """A customer."""
    return Customer.new(client)


def account_of(shop: Shop) -> str:
    """The ledger's account of a shop's provider."""
    return f"provider:{shop.provider.id}"


def later(customer: Customer) -> Customer:
    """The same user, signed in again after a long time."""
    return Customer.of(customer.client, customer.user)


def deliver(local: LocalStripe, client: FlaskClient) -> None:
    """Send all events, the newest first, also those that were sent; and do what follows."""
    sent = [local.deliver(event["id"], post=posting(client)) for event in reversed(local.events())]
    assert {one.status for one in sent} == {200}
    work_off()


def to_their_bank(local: LocalStripe, account: str, amount: int) -> None:
    """Pay out the balance of a connected account."""
    headers = {**AUTH, "Stripe-Account": account}
    form = {"amount": amount, "currency": "eur"}
    answer = Client(local.app).post("/v1/payouts", data=form, headers=headers)
    assert answer.status_code == 200, answer.text


def slot_of_tour(customer: Customer) -> str:
    """A tour in forty days, for which a deposit is due now and the rest two weeks before."""
    day = (NOW + timedelta(days=40)).date()
    return str(customer.slots(make_class(seats=10, category="tours"), day=day)[0]["slot_id"])


def states(made: dict[str, Any]) -> dict[str, str]:
    """The states of all payments of a booking by their purposes."""
    query = text("SELECT purpose, state FROM payments WHERE subject = :id")
    return {row.purpose: row.state for row in db.session.execute(query, {"id": made["id"]})}


class TestTransfers:
    def test_pass_on_what_the_provider_earned(self, ada: Customer, local_stripe: LocalStripe) -> None:
        shop = make_consultant()
        onboarded(local_stripe, shop)
        booked = Till(ada).book(ada.slots(shop)[0]["slot_id"])

        Till(ada).pay(booked)
        earned = -balance(account_of(shop))
        work_off()

        assert earned > 0
        assert balance(account_of(shop)) == 0
        assert balance("gateway") == booked["total"]["amount"] - earned

    def test_are_taken_back_when_the_booking_is_cancelled(
        self, ada: Customer, local_stripe: LocalStripe
    ) -> None:
        shop = make_consultant()
        onboarded(local_stripe, shop)
        booked = Till(ada).book(ada.slots(shop)[0]["slot_id"])
        Till(ada).pay(booked)
        work_off()

        ada.delete(f"/api/bookings/{booked['id']}")
        work_off()

        assert [balance(account) for account in (account_of(shop), "gateway", "platform", "tax")] == [0] * 4

    def test_wait_for_an_account(self, ada: Customer, local_stripe: LocalStripe, client: FlaskClient) -> None:
        shop = make_consultant()
        booked = Till(ada).book(ada.slots(shop)[0]["slot_id"])
        Till(ada).pay(booked)
        work_off()
        waiting = balance(account_of(shop))

        onboarded(local_stripe, shop)
        deliver(local_stripe, client)

        assert waiting < 0
        assert balance(account_of(shop)) == 0

    def test_are_less_by_what_could_not_be_taken_back(self, ada: Customer, local_stripe: LocalStripe) -> None:
        shop = make_consultant()
        account = onboarded(local_stripe, shop)
        first, second = (Till(ada).book(slot["slot_id"]) for slot in ada.slots(shop)[:2])
        Till(ada).pay(first, AVAILABLE_AT_ONCE)
        share = -balance(account_of(shop))
        work_off()
        to_their_bank(local_stripe, account, share)

        ada.delete(f"/api/bookings/{first['id']}")
        work_off()
        owed = balance(account_of(shop))
        Till(ada).pay(second)
        work_off()

        assert owed == share
        assert balance(account_of(shop)) == 0
        assert balance("gateway") == second["total"]["amount"] - share


class TestDisputes:
    def test_freeze_the_money_and_cost_the_parties_their_shares_when_lost(
        self, ada: Customer, local_stripe: LocalStripe
    ) -> None:
        shop = make_consultant()
        onboarded(local_stripe, shop)
        booked = Till(ada).book(ada.slots(shop)[0]["slot_id"])
        Till(ada).pay(booked)
        work_off()

        opened = dispute(local_stripe, intent_of(booked))
        look(booked)
        frozen = balance("disputed")
        decide(local_stripe, opened["id"], "lost")
        look(booked)
        look(booked)

        assert frozen == booked["total"]["amount"]
        accounts = ("disputed", account_of(shop), "gateway", "platform", "tax")
        assert [balance(account) for account in accounts] == [0] * 5

    def test_that_are_won_bring_the_money_back_and_pass_it_on(
        self, ada: Customer, local_stripe: LocalStripe
    ) -> None:
        shop = make_consultant()
        booked = Till(ada).book(ada.slots(shop)[0]["slot_id"])
        Till(ada).pay(booked)
        opened = dispute(local_stripe, intent_of(booked))
        look(booked)
        onboarded(local_stripe, shop)

        decide(local_stripe, opened["id"], "won")
        look(booked)

        assert balance("disputed") == 0
        assert balance(account_of(shop)) == 0


class TestDeposits:
    @pytest.fixture
    def tour(self, ada: Customer) -> dict[str, Any]:
        """A tour in forty days, its deposit paid."""
        booked = Till(ada).book(slot_of_tour(ada))
        assert Till(ada).pay(booked)["purpose"] == "deposit"
        return booked

    def test_are_followed_by_their_balances_on_the_day(
        self, ada: Customer, tour: dict[str, Any], shared_clock: FakeClock
    ) -> None:
        before = ada.get(f"/api/bookings/{tour['id']}").json

        shared_clock.advance(days=27)
        sweep()
        work_off()

        after = later(ada).get(f"/api/bookings/{tour['id']}").json
        assert before["paid"]["amount"] < tour["total"]["amount"]
        assert after["paid"] == tour["total"]
        assert after["status"] == "confirmed"

    def test_whose_balances_cannot_be_charged_are_cancelled_by_the_rules(
        self, ada: Customer, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        tour = Till(ada).book(slot_of_tour(ada))
        # The bank wants to see the customer each time, and they are not there for the balance.
        authenticate(local_stripe, Till(ada).pay(tour, ASKS)["action_url"])
        look(tour)

        shared_clock.advance(days=27)
        tried = []
        for _ in range(TRIES + 1):
            sweep()
            work_off()
            tried.append(states(tour)["balance"])
            shared_clock.advance(days=1)

        assert tried == ["awaiting"] * TRIES + ["failed"]
        booking = later(ada).get(f"/api/bookings/{tour['id']}").json
        assert booking["status"] == "cancelled"
        assert booking["refund"] == tour["payment"]["amount"]

    def test_of_two_days_have_a_balance_for_each(
        self, ada: Customer, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        shop = make_class(seats=10, category="tours")
        days = [(NOW + timedelta(days=ahead)).date() for ahead in (40, 50)]
        fill(ada, **{ada.slots(shop, day=day)[0]["slot_id"]: 1 for day in days})
        order = Till(ada).order()
        Till(ada).pay(order)

        paid = []
        for _ in range(2):
            shared_clock.advance(days=27 if not paid else 10)
            sweep()
            work_off()
            query = text("SELECT count(*) FROM payments WHERE purpose = 'balance' AND state = 'paid'")
            paid.append(db.session.execute(query).scalar_one())

        assert paid == [1, 2]
        assert balance("gateway") == order["total"]["amount"]

    def test_that_are_never_paid_leave_no_balance(
        self, ada: Customer, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        tour = Till(ada).book(slot_of_tour(ada))
        Till(ada).pay(tour, DECLINED)

        shared_clock.advance(minutes=16)
        sweep()
        work_off()

        assert ada.get(f"/api/bookings/{tour['id']}").json["status"] == "cancelled"
        assert states(tour) == {"deposit": "cancelled", "balance": "cancelled"}


class TestStrongAuthentication:
    def test_is_asked_for_and_what_no_event_told_is_found(
        self, ada: Customer, local_stripe: LocalStripe
    ) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        seen = Till(ada).pay(booked, ASKS)
        authenticate(local_stripe, seen["action_url"])

        look_at_unsettled()
        db.session.commit()
        work_off()

        assert seen["state"] == "awaiting"
        assert Till(ada).payment(booked)["state"] == "paid"

    def test_that_fails_takes_nothing(self, ada: Customer, local_stripe: LocalStripe) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        seen = Till(ada).pay(booked, ASKS)

        authenticate(local_stripe, seen["action_url"], succeeds=False)
        found = ada.post("/api/payments/verify", {"payment_id": booked["payment"]["id"]}).json

        assert found["state"] == "awaiting"
        assert found["decline"]["code"] == "payment_intent_authentication_failure"


class TestEvents:
    def test_late_and_twice_are_right_once(
        self, ada: Customer, local_stripe: LocalStripe, client: FlaskClient
    ) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        Till(ada).pay(booked)
        before = balance("gateway")

        deliver(local_stripe, client)
        deliver(local_stripe, client)

        assert balance("gateway") == before == booked["total"]["amount"]
        waiting = db.session.execute(text("SELECT count(*) FROM payment_events WHERE handled_at IS NULL"))
        assert waiting.scalar_one() == 0

    def test_that_the_gateway_did_not_sign_are_refused(self, client: FlaskClient) -> None:
        answer = client.post("/api/payments/webhook", data=b"{}", headers={"Stripe-Signature": "t=1,v1=00"})

        assert answer.status_code == 422


class TestRefundsByStaff:
    def test_of_a_part_never_give_back_more_than_it_cost(
        self, ada: Customer, local_stripe: LocalStripe, client: FlaskClient
    ) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        Till(ada).pay(booked)
        staff = Customer.new(client, roles=[Role.SUPPORT])
        path = f"/api/payments/{booked['payment']['id']}/refund"
        some = {"amount": booked["total"]["amount"] - 1, "currency": "EUR"}
        wish = {"part": booked["id"], "amount": some, "reason": "It began late."}

        first = staff.post(path, wish)
        second = staff.post(path, wish)
        work_off()

        assert (first.status_code, second.status_code) == (200, 409)
        assert Till(ada).payment(booked)["refunded"] == some
        assert ada.post(path, wish).status_code == 403

    def test_sent_twice_with_one_key_give_back_once(
        self, ada: Customer, local_stripe: LocalStripe, client: FlaskClient
    ) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        Till(ada).pay(booked)
        staff = Customer.new(client, roles=[Role.SUPPORT])
        some = {"amount": 100, "currency": "EUR"}
        wish = {"part": booked["id"], "amount": some, "reason": "It began late."}
        key = {"Idempotency-Key": "one-refund"}

        answers = [
            staff.post(f"/api/payments/{booked['payment']['id']}/refund", wish, headers=key) for _ in range(2)
        ]
        work_off()

        assert answers[0].data == answers[1].data
        assert Till(ada).payment(booked)["refunded"] == some
