"""Bargaining over HTTP: start, offers, counter-offers, a deal, an end."""

from datetime import timedelta

import pytest
from flask import Flask

from backend.domains.catalog.entities import Product
from backend.infra.postgres import db
from backend.kernel.money import Money
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class
from tests.factories.haggling import (
    COST,
    LIST,
    accept,
    counter_of,
    look,
    make_bargain_goods,
    offer,
    start,
    try_to_accept,
    try_to_offer,
    try_to_start,
)
from tests.fakes.clock import FakeClock

TEN_MINUTES = timedelta(minutes=10)


class TestAStart:
    def test_opens_a_session_at_the_list_price_for_ten_minutes_and_three_offers(
        self, customer: Customer, goods: Product
    ) -> None:
        answer = try_to_start(customer, goods)

        assert answer.status_code == 201
        assert answer.json["status"] == "open"
        assert answer.json["list_price"] == {"amount": LIST, "currency": "EUR"}
        assert answer.json["attempts_left"] == 3
        assert answer.json["server_time"] == "2026-12-07T09:00:00Z"
        assert answer.json["expires_at"] == "2026-12-07T09:10:00Z"
        assert answer.json["counter_price"] is None

    def test_over_what_is_bargained_over_already_answers_that_session(
        self, customer: Customer, goods: Product
    ) -> None:
        session = start(customer, goods)

        again = try_to_start(customer, goods)

        assert again.status_code == 200
        assert again.json["session_id"] == session["session_id"]

    def test_finds_the_open_session_also_when_the_thing_was_withdrawn(
        self, customer: Customer, goods: Product
    ) -> None:
        session = start(customer, goods)
        db.session.execute(db.text("UPDATE products SET is_active = false"))
        db.session.commit()

        again = try_to_start(customer, goods)

        assert again.status_code == 200
        assert again.json["session_id"] == session["session_id"]

    def test_is_over_all_units(self, customer: Customer, goods: Product) -> None:
        session = start(customer, goods, quantity=3)

        assert session["list_price"]["amount"] == 3 * LIST
        assert session["quantity"] == 3

    def test_is_over_a_slot_for_a_party(self, customer: Customer) -> None:
        shop = make_class(seats=4, cost=Money(900, "EUR"))
        slot = customer.slots(shop)[0]["slot_id"]

        answer = customer.post("/api/bargain/start", {"offer_id": slot, "party": 3})

        assert answer.status_code == 201, answer.text
        assert answer.json["slot_id"] == slot
        assert answer.json["party"] == 3

    def test_of_nobody_is_refused(self, app: Flask, goods: Product) -> None:
        answer = app.test_client().post("/api/bargain/start", json={"product_id": goods.id})

        assert answer.status_code == 401

    def test_names_one_thing(self, customer: Customer, goods: Product) -> None:
        answer = customer.post("/api/bargain/start", {"product_id": goods.id, "offer_id": goods.id})

        assert answer.status_code == 422
        assert "only one" in answer.text

    def test_with_a_strategy_is_for_staff(self, app: Flask, customer: Customer, goods: Product) -> None:
        staff = Customer.new(app.test_client(), roles=frozenset({Role.ANALYST}))

        assert try_to_start(customer, goods, strategy="conservative").status_code == 403
        assert try_to_start(staff, goods, strategy="conservative").status_code == 201

    def test_over_what_cannot_be_lowered_says_that_the_price_is_final(self, customer: Customer) -> None:
        bare = make_bargain_goods(cost_minor=LIST)

        answer = try_to_start(customer, bare)

        assert answer.status_code == 409
        assert answer.json["title"] == "The price is final"

    @pytest.mark.parametrize(("stock", "told"), [(0, "it is sold out"), (2, "only 2 of 3 are left")])
    def test_over_more_than_there_is_says_how_many_are_left(
        self, customer: Customer, stock: int, told: str
    ) -> None:
        answer = try_to_start(customer, make_bargain_goods(stock=stock), quantity=3)

        assert answer.status_code == 409
        assert told in answer.json["detail"]
        assert answer.json["left"] == stock


class TestAnOffer:
    def test_is_countered_between_floor_and_list_price(self, customer: Customer, goods: Product) -> None:
        session_id = start(customer, goods)["session_id"]

        counter = counter_of(customer, session_id)

        assert COST < counter["amount"] <= LIST
        newest = look(customer, session_id)["rounds"][-1]
        assert newest["status"] == "countered"
        assert newest["counter_price"] == counter
        assert newest["message"]

    def test_of_the_list_price_or_more_is_accepted_at_the_list_price(
        self, customer: Customer, goods: Product
    ) -> None:
        session = start(customer, goods)

        answer = offer(customer, session["session_id"], 250_00)

        assert answer["status"] == "accepted"
        assert answer["final_price"]["amount"] == LIST
        assert answer["quote_token"]

    def test_at_or_above_an_earlier_counter_is_accepted_at_that_counter(
        self, customer: Customer, goods: Product
    ) -> None:
        session_id = start(customer, goods)["session_id"]
        counter = counter_of(customer, session_id)["amount"]

        answer = offer(customer, session_id, counter + 1)

        assert answer["status"] == "accepted"
        assert answer["final_price"]["amount"] == counter
        assert answer["message"] == "You accepted our counter-offer."

    @pytest.mark.parametrize("repeated", [2_00, 1_99])
    def test_no_higher_than_the_last_one_is_refused_and_uses_no_attempt(
        self, customer: Customer, goods: Product, repeated: int
    ) -> None:
        session = start(customer, goods)
        offer(customer, session["session_id"], 2_00)

        answer = try_to_offer(customer, session["session_id"], repeated)

        assert answer.status_code == 409
        assert "No attempt was used" in answer.json["detail"]
        assert look(customer, session["session_id"])["attempts_left"] == 2

    def test_after_the_last_one_is_refused_and_the_counter_can_still_be_accepted(
        self, customer: Customer, goods: Product
    ) -> None:
        session_id = start(customer, goods)["session_id"]
        for minor in (10_00, 11_00, 12_00):
            counter = offer(customer, session_id, minor)["counter_price"]

        refused = try_to_offer(customer, session_id, 13_00)
        deal = accept(customer, session_id)

        assert refused.status_code == 409
        assert refused.json["counter_price"] == counter
        assert deal["final_price"] == counter

    def test_in_another_currency_is_refused(self, customer: Customer, goods: Product) -> None:
        session = start(customer, goods)
        body = {"session_id": session["session_id"], "price": {"amount": 9000, "currency": "USD"}}

        answer = customer.post("/api/bargain/offer", body)

        assert answer.status_code == 422
        assert "EUR" in answer.json["detail"]

    def test_with_the_same_key_is_answered_the_same_and_counts_once(
        self, customer: Customer, goods: Product
    ) -> None:
        session_id = start(customer, goods)["session_id"]
        key = {"Idempotency-Key": "offer-1"}

        first = try_to_offer(customer, session_id, 2_00, headers=key)
        again = try_to_offer(customer, session_id, 2_00, headers=key)

        assert again.data == first.data
        assert look(customer, session_id)["attempts_left"] == 2

    def test_is_the_customers_alone(self, app: Flask, customer: Customer, goods: Product) -> None:
        session_id = start(customer, goods)["session_id"]
        stranger = Customer.new(app.test_client())

        assert try_to_offer(stranger, session_id, 90_00).status_code == 404
        assert stranger.get(f"/api/bargain/session/{session_id}").status_code == 404
        assert try_to_accept(stranger, session_id).status_code == 404


class TestTheDeadline:
    def test_is_exact_to_the_second(
        self, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        session_id = start(customer, goods)["session_id"]

        shared_clock.set(NOW + TEN_MINUTES - timedelta(seconds=1))
        in_time = offer(customer, session_id, 2_00)
        shared_clock.set(NOW + TEN_MINUTES)
        too_late = offer(customer, session_id, 3_00)

        assert in_time["status"] in {"countered", "rejected"}
        assert too_late["status"] == "expired"
        assert too_late["attempts_left"] == 0

    def test_is_kept_by_looks_too_when_nobody_ended_the_session(
        self, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        session_id = start(customer, goods)["session_id"]

        shared_clock.set(NOW + TEN_MINUTES)

        assert look(customer, session_id)["status"] == "expired"
        assert customer.get("/api/bargain/history").json["items"][0]["status"] == "expired"

    def test_ends_what_could_be_accepted(
        self, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        session_id = start(customer, goods)["session_id"]
        counter_of(customer, session_id)

        shared_clock.set(NOW + TEN_MINUTES)

        assert try_to_accept(customer, session_id).status_code == 410

    def test_lets_the_next_session_begin(
        self, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        first = start(customer, goods)

        shared_clock.set(NOW + TEN_MINUTES)
        second = try_to_start(customer, goods)

        assert second.status_code == 201
        assert second.json["session_id"] != first["session_id"]


class TestAcceptingTheCounter:
    def test_makes_one_deal_however_often(self, customer: Customer, goods: Product) -> None:
        session_id = start(customer, goods)["session_id"]
        counter = counter_of(customer, session_id)

        deal, again = accept(customer, session_id), accept(customer, session_id)

        assert deal["status"] == "accepted"
        assert deal["final_price"] == counter
        assert again == deal

    def test_needs_a_counter(self, customer: Customer, goods: Product) -> None:
        session_id = start(customer, goods)["session_id"]

        answer = try_to_accept(customer, session_id)

        assert answer.status_code == 409
        assert "make an offer" in answer.json["detail"]

    def test_ends_the_session(self, customer: Customer, goods: Product) -> None:
        session_id = start(customer, goods)["session_id"]
        counter_of(customer, session_id)
        accept(customer, session_id)

        answer = try_to_offer(customer, session_id, 90_00)

        assert answer.status_code == 409
        assert answer.json["session_status"] == "accepted"


class TestLeaving:
    def test_ends_the_session_and_stays_so(self, customer: Customer, goods: Product) -> None:
        session_id = start(customer, goods)["session_id"]

        left = customer.delete(f"/api/bargain/session/{session_id}")
        again = customer.delete(f"/api/bargain/session/{session_id}")

        assert left.json["status"] == again.json["status"] == "abandoned"
        assert try_to_offer(customer, session_id, 90_00).status_code == 409

    def test_by_a_process_whose_clock_is_behind_ends_it_all_the_same(
        self, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        session_id = start(customer, goods)["session_id"]

        shared_clock.set(NOW - timedelta(seconds=1))
        left = customer.delete(f"/api/bargain/session/{session_id}")

        assert left.json["status"] == "abandoned"


class TestHistory:
    def test_has_the_newest_first_a_page_at_a_time(self, customer: Customer) -> None:
        made = [start(customer, make_bargain_goods(name=f"Thing {n}"))["session_id"] for n in range(3)]

        first = customer.get("/api/bargain/history?limit=2").json
        rest = customer.get(f"/api/bargain/history?limit=2&cursor={first['next']}").json

        found = [one["session_id"] for one in first["items"] + rest["items"]]
        assert sorted(found) == sorted(made)
        assert rest["next"] is None
