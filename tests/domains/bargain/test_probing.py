"""How often somebody may bargain, and what they meet again."""

from datetime import timedelta

from flask import Flask

from backend.domains.bargain.probing import Allowed
from backend.domains.catalog.entities import Product
from backend.infra.postgres import db
from tests.conftest import NOW
from tests.factories.bookings import Customer
from tests.factories.haggling import (
    accept,
    counter_of,
    make_bargain_goods,
    offer,
    start,
    try_to_start,
)
from tests.fakes.clock import FakeClock

ALLOWED = Allowed()


def leave(customer: Customer, session_id: str) -> None:
    answer = customer.delete(f"/api/bargain/session/{session_id}")
    assert answer.status_code == 200, answer.text


class TestWhoAsksAgain:
    def test_meets_no_better_counter_than_before(
        self, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        first = start(customer, goods)["session_id"]
        best = counter_of(customer, first)["amount"]
        leave(customer, first)

        shared_clock.set(NOW + timedelta(days=2))
        again = counter_of(customer, start(customer, goods)["session_id"])["amount"]

        assert again >= best

    def test_meets_none_either_from_another_account_at_the_same_address(
        self, app: Flask, customer: Customer, goods: Product
    ) -> None:
        best = counter_of(customer, start(customer, goods)["session_id"])["amount"]
        other = Customer.new(app.test_client())

        again = counter_of(other, start(other, goods)["session_id"])["amount"]

        assert again >= best

    def test_is_bound_by_a_neighbour_for_a_day_alone(
        self, app: Flask, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        counter_of(customer, start(customer, goods)["session_id"])
        query = db.text("SELECT earlier_best_minor FROM bargain_sessions WHERE user_id = :user_id")
        bound = []

        for later in (timedelta(hours=23), timedelta(hours=25)):
            shared_clock.set(NOW + later)
            neighbour = Customer.new(app.test_client())
            start(neighbour, goods)
            bound.append(db.session.execute(query, {"user_id": neighbour.user.id}).scalar_one() is not None)

        assert bound == [True, False]

    def test_pays_in_proportion_for_another_quantity(
        self, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        first = start(customer, goods)["session_id"]
        best = counter_of(customer, first)["amount"]
        leave(customer, first)

        shared_clock.set(NOW + timedelta(days=2))
        two = counter_of(customer, start(customer, goods, quantity=2)["session_id"])["amount"]

        assert two >= 2 * best


class TestLimits:
    def test_so_many_sessions_a_day_over_the_same_thing(
        self, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        for number in range(ALLOWED.of_user_and_item):
            shared_clock.set(NOW + timedelta(minutes=number))
            leave(customer, start(customer, goods)["session_id"])

        one_more = try_to_start(customer, goods)
        shared_clock.set(NOW + timedelta(days=1, seconds=1))
        tomorrow = try_to_start(customer, goods)

        assert one_more.status_code == 429
        assert int(one_more.headers["Retry-After"]) > 0
        assert tomorrow.status_code == 201

    def test_say_when_the_next_session_is_possible_whatever_else_was_bargained_over(
        self, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        start(customer, make_bargain_goods(name="Something else"))
        later = NOW + timedelta(hours=6)
        shared_clock.set(later)
        for _ in range(ALLOWED.of_user_and_item):
            leave(customer, start(customer, goods)["session_id"])

        refused = try_to_start(customer, goods)
        shared_clock.set(later + timedelta(seconds=int(refused.headers["Retry-After"])))
        again = try_to_start(customer, goods)

        assert refused.status_code == 429
        assert again.status_code == 201

    def test_so_many_accounts_a_day_from_one_address_over_one_product(
        self, app: Flask, goods: Product
    ) -> None:
        for _ in range(ALLOWED.of_address_and_product):
            assert try_to_start(Customer.new(app.test_client()), goods).status_code == 201

        one_more = try_to_start(Customer.new(app.test_client()), goods)

        assert one_more.status_code == 429
        assert "from your address" in one_more.json["detail"]

    def test_whoever_lets_bargains_go_waits_longer_each_time(
        self, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        for _ in range(ALLOWED.free_failures):
            session_id = start(customer, goods)["session_id"]
            offer(customer, session_id, 1_00)
            leave(customer, session_id)

        at_once = try_to_start(customer, goods)
        shared_clock.set(NOW + ALLOWED.first_wait)
        later = try_to_start(customer, goods)

        assert at_once.status_code == 429
        assert at_once.headers["Retry-After"] == str(int(ALLOWED.first_wait.total_seconds()))
        assert later.status_code == 201

    def test_a_deal_is_no_failure(self, customer: Customer, goods: Product) -> None:
        for _ in range(ALLOWED.free_failures + 1):
            session_id = start(customer, goods)["session_id"]
            counter_of(customer, session_id)
            accept(customer, session_id)

        assert try_to_start(customer, goods).status_code == 201

    def test_leave_what_is_open_alone(self, customer: Customer, goods: Product) -> None:
        for _ in range(ALLOWED.of_user_and_item + 1):
            answer = try_to_start(customer, goods)

        assert answer.status_code == 200
