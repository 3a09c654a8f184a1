"""Paying orders and bookings by card, from the checkout to the ledger."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.domains.payments.jobs import sweep
from backend.infra.postgres import db
from tests.factories.bookings import Customer, make_class, make_consultant
from tests.factories.catalog import make_retail
from tests.factories.checkout import ADDRESS, fill
from tests.factories.till import DECLINED, Till, balance, work_off
from tests.fakes.clock import FakeClock


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    """A customer."""
    return Customer.new(client)


class TestPayingABooking:
    def test_confirms_it_and_books_every_share(self, ada: Customer) -> None:
        shop = make_consultant()
        booked = Till(ada).book(ada.slots(shop)[0]["slot_id"])

        paid = Till(ada).pay(booked)

        assert booked["status"] == "pending_payment"
        assert booked["payment"]["client_secret"]
        assert paid["state"] == "paid"
        assert ada.get(f"/api/bookings/{booked['id']}").json["status"] == "confirmed"
        total = booked["total"]["amount"]
        assert balance("gateway") == total
        assert balance(f"provider:{shop.provider.id}") + balance("platform") + balance("tax") == -total

    def test_with_a_card_that_is_declined_says_why_and_takes_another(self, ada: Customer) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])

        declined = Till(ada).pay(booked, DECLINED)
        paid = Till(ada).pay(booked)

        assert declined["state"] == "awaiting"
        assert declined["decline"]["code"] == "card_declined"
        assert paid["state"] == "paid"

    def test_that_needs_approval_takes_nothing_before_the_provider_says_yes(
        self, ada: Customer, client: FlaskClient
    ) -> None:
        shop = make_class(seats=20)
        booked = Till(ada).book(ada.slots(shop, party=10)[0]["slot_id"], party=10)
        authorised = Till(ada).pay(booked)
        waiting = ada.get(f"/api/bookings/{booked['id']}").json
        owner = Customer.of(client, shop.owner)

        answer = owner.post(f"/api/bookings/{booked['id']}/approve")
        work_off()

        assert authorised["state"] == "authorised"
        assert waiting["status"] == "pending_approval"
        assert answer.json["status"] == "confirmed"
        assert Till(ada).payment(booked)["state"] == "paid"
        assert balance("gateway") == booked["total"]["amount"]

    def test_that_is_declined_lets_the_money_go(self, ada: Customer, client: FlaskClient) -> None:
        shop = make_class(seats=20)
        booked = Till(ada).book(ada.slots(shop, party=10)[0]["slot_id"], party=10)
        Till(ada).pay(booked)

        Customer.of(client, shop.owner).post(f"/api/bookings/{booked['id']}/decline", {"reason": "Full."})
        work_off()

        assert Till(ada).payment(booked)["state"] == "cancelled"
        assert balance("gateway") == 0

    def test_and_cancelling_it_gives_back_what_the_rules_say(self, ada: Customer) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        Till(ada).pay(booked)

        cancelled = ada.delete(f"/api/bookings/{booked['id']}").json
        work_off()

        assert cancelled["refund"] == booked["total"]
        assert Till(ada).payment(booked)["refunded"] == booked["total"]
        assert balance("gateway") == 0
        assert balance("platform") == 0


class TestTheParts:
    def test_add_up_to_their_payment_when_it_is_committed(self, ada: Customer) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        less = text("UPDATE payment_parts SET amount_minor = 1 WHERE payment_id = :id")

        with pytest.raises(IntegrityError, match="do not add up"):
            db.session.execute(less, {"id": booked["payment"]["id"]})


class TestPayingAnOrder:
    def test_of_goods_and_two_providers_confirms_what_it_can(
        self, ada: Customer, client: FlaskClient
    ) -> None:
        consultant, school = make_consultant(), make_class(seats=20)
        goods = make_retail(stock=5)
        slot = ada.slots(consultant)[0]["slot_id"]
        request = ada.slots(school, party=10)[0]["slot_id"]
        fill(ada, **{slot: 1, request: 10, goods.id: 2})
        order = Till(ada).order(shipping_address=ADDRESS)
        bookings = [line["booking_id"] for line in order["lines"] if line["booking_id"]]

        authorised = Till(ada).pay(order)
        states = [ada.get(f"/api/bookings/{one}").json["status"] for one in bookings]
        Customer.of(client, school.owner).post(f"/api/bookings/{bookings[1]}/decline", {})
        work_off()

        assert authorised["state"] == "authorised"
        assert sorted(states) == ["confirmed", "pending_approval"]
        paid = Till(ada).payment(order)
        declined = next(part for part in paid["parts"] if part["part"] == bookings[1])
        assert paid["state"] == "paid"
        assert declined["state"] == "dropped"
        assert paid["paid"]["amount"] == order["total"]["amount"] - declined["amount"]["amount"]
        assert ada.get(f"/api/orders/{order['id']}").json["state"] == "paid"

    def test_that_is_never_paid_gives_everything_back(self, ada: Customer, shared_clock: FakeClock) -> None:
        goods = make_retail(stock=5)
        fill(ada, **{goods.id: 2})
        order = Till(ada).order(shipping_address=ADDRESS)

        shared_clock.advance(minutes=16)
        sweep()
        work_off()

        assert Till(ada).payment(order)["state"] == "cancelled"
        assert ada.get(f"/api/orders/{order['id']}").json["state"] == "cancelled"
        assert ada.get(f"/api/products/{goods.id}").json["stock_quantity"] == 5
