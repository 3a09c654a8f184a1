"""Asking for a price, offering it and accepting it, over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.domains.quote_requests.states import TRANSITIONS, Action, RequestStateError, Status, after
from backend.infra.postgres import db
from backend.web.fields import write_instant
from tests.conftest import NOW
from tests.factories.bookings import Customer, Shop, make_class
from tests.fakes.clock import FakeClock

TOMORROW = write_instant(NOW + timedelta(days=1))


@pytest.fixture
def shop() -> Shop:
    return make_class(seats=8)


@pytest.fixture
def customer(app: Flask) -> Customer:
    return Customer.new(app.test_client())


@pytest.fixture
def provider(app: Flask, shop: Shop) -> Customer:
    return Customer.of(app.test_client(), shop.owner)


def eur(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def ask(customer: Customer, shop: Shop, **changes: Any) -> dict[str, Any]:
    slot = customer.slots(shop)[0]
    answer = customer.post("/api/quote-requests", {"slot_id": slot["slot_id"], "party": 6, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json


def offer(provider: Customer, request: dict[str, Any], **changes: Any) -> TestResponse:
    body = {"price": eur(30000), "valid_until": TOMORROW, "answer": "Gladly.", **changes}
    return provider.post(f"/api/quote-requests/{request['id']}/offer", body)


def accept(customer: Customer, request: dict[str, Any]) -> TestResponse:
    return customer.post(f"/api/quote-requests/{request['id']}/accept")


class TestAnAcceptedOffer:
    def test_is_the_price_of_a_quote_that_can_be_booked(
        self, customer: Customer, provider: Customer, shop: Shop
    ) -> None:
        request = ask(customer, shop, message="Six of us, two beginners.")
        offer(provider, request)

        quote = accept(customer, request).json

        assert quote["lines"][0]["label"].startswith("Price agreed with")
        assert (quote["total"], quote["expires_at"]) == (eur(30000), TOMORROW)
        booked = customer.post(
            "/api/bookings",
            {
                "quote_token": quote["token"],
                "payment_method": "on_site",
                "contact": {"name": "A", "email": "a@example.org"},
            },
        )
        assert (booked.status_code, booked.json["total"]) == (201, eur(30000))

    def test_is_good_for_one_booking_however_often_it_is_accepted(
        self, customer: Customer, provider: Customer, shop: Shop
    ) -> None:
        request = ask(customer, shop)
        offer(provider, request)

        first, second = accept(customer, request).json, accept(customer, request).json

        assert first["id"] == second["id"]

    def test_cannot_be_changed_any_more(self, customer: Customer, provider: Customer, shop: Shop) -> None:
        request = ask(customer, shop)
        offer(provider, request)
        accept(customer, request)

        assert offer(provider, request, price=eur(1)).status_code == 409
        assert customer.delete(f"/api/quote-requests/{request['id']}").status_code == 409


class TestAnOffer:
    def test_can_be_bettered_until_it_is_accepted(
        self, customer: Customer, provider: Customer, shop: Shop
    ) -> None:
        request = ask(customer, shop)
        offer(provider, request)

        offer(provider, request, price=eur(25000))

        assert accept(customer, request).json["total"] == eur(25000)

    def test_lapses(
        self, customer: Customer, provider: Customer, shop: Shop, shared_clock: FakeClock
    ) -> None:
        request = ask(customer, shop)
        offer(provider, request, valid_until=write_instant(NOW + timedelta(hours=1)))
        shared_clock.advance(hours=1)

        answer = accept(customer, request)

        assert answer.status_code == 410
        assert "ask for a new one" in answer.json["detail"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"price": eur(0)}, "price"),
            ({"price": {"amount": 100, "currency": "USD"}}, "price"),
            ({"valid_until": write_instant(NOW)}, "valid_until"),
        ],
    )
    def test_that_makes_no_sense_is_refused(
        self, customer: Customer, provider: Customer, shop: Shop, changes: dict[str, Any], field: str
    ) -> None:
        request = ask(customer, shop)

        answer = offer(provider, request, **changes)

        assert answer.status_code == 422
        assert field in answer.json["errors"]

    def test_is_made_by_nobody_but_the_provider(self, customer: Customer, shop: Shop) -> None:
        request = ask(customer, shop)

        answer = offer(customer, request)

        assert answer.status_code == 404


class TestRequests:
    def test_are_open_once_for_a_slot(self, customer: Customer, shop: Shop) -> None:
        request = ask(customer, shop)

        again = customer.post("/api/quote-requests", {"slot_id": request["slot_id"]})

        assert again.status_code == 409

    def test_are_listed_for_both_sides_and_nobody_else(
        self, app: Flask, customer: Customer, provider: Customer, shop: Shop
    ) -> None:
        request = ask(customer, shop)
        stranger = Customer.new(app.test_client())

        lists = [
            [one["id"] for one in who.get(path).json["items"]]
            for who, path in [
                (customer, "/api/quote-requests"),
                (provider, "/api/quote-requests/received"),
                (stranger, "/api/quote-requests"),
                (stranger, "/api/quote-requests/received"),
            ]
        ]

        assert lists == [[request["id"]], [request["id"]], [], []]

    def test_can_be_declined_and_withdrawn(self, customer: Customer, provider: Customer, shop: Shop) -> None:
        declined = ask(customer, shop)
        no = provider.post(f"/api/quote-requests/{declined['id']}/decline", {"answer": "Fully booked."})
        withdrawn = ask(customer, shop)

        gone = customer.delete(f"/api/quote-requests/{withdrawn['id']}")

        assert (no.json["status"], no.json["answer"], gone.json["status"]) == (
            "declined",
            "Fully booked.",
            "withdrawn",
        )
        assert accept(customer, declined).status_code == 409

    def test_are_not_accepted_before_there_is_an_offer(self, customer: Customer, shop: Shop) -> None:
        request = ask(customer, shop)

        answer = accept(customer, request)

        assert answer.status_code == 409
        assert "offer" in answer.json["detail"]

    def test_leave_every_step_in_the_audit_log(
        self, customer: Customer, provider: Customer, shop: Shop
    ) -> None:
        request = ask(customer, shop)
        offer(provider, request)
        accept(customer, request)

        query = db.text("SELECT action FROM audit_log WHERE subject = :id ORDER BY id")
        found = db.session.execute(query, {"id": request["id"]}).scalars().all()

        assert found == ["quote_request.offered", "quote_request.accepted"]


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("action", Action)
def test_every_step_leads_somewhere_or_says_what_is_possible(status: Status, action: Action) -> None:
    if (status, action) in TRANSITIONS.steps:
        assert after(status, action) is TRANSITIONS.steps[status, action]
        return

    with pytest.raises(RequestStateError, match=r"What is possible|Nothing changes"):
        after(status, action)
