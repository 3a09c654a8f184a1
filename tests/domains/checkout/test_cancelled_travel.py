"""What cancelling flights and stays gives back, over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.domains.catalog.stock import StockService
from backend.domains.payments.jobs import sweep
from backend.domains.payments.schedule import TRIES
from backend.infra.postgres import db
from backend.kernel.roles import Role
from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.factories.bookings import Customer
from tests.factories.catalog import make_flight, make_retail, make_stay
from tests.factories.checkout import ADDRESS, fill, place
from tests.factories.coupons import eur
from tests.factories.payments import authenticate
from tests.factories.till import ASKS, Till, balance, look, work_off
from tests.fakes.clock import FakeClock


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client, country="DE")


def left(product_id: str) -> int:
    """How many seats or rooms can be had."""
    found = StockService(db.session).left(product_ids=[product_id], now=NOW)[product_id]
    db.session.rollback()
    return found


def bought(ada: Customer, **quantities: int) -> dict[str, Any]:
    """An order that was paid by card."""
    fill(ada, **quantities)
    made = Till(ada).order()
    Till(ada).pay(made)
    work_off()
    return made


def history(customer: Customer, order_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = customer.get(f"/api/orders/{order_id}/history").json["items"]
    return items


class TestAnOrder:
    @pytest.mark.parametrize(("days", "percent"), [(14, 90), (13, 50), (1, 0)])
    def test_gives_back_of_a_flight_what_the_rules_say(self, ada: Customer, days: int, percent: int) -> None:
        flight = make_flight(price=eur("100.00"), departs_at=NOW + timedelta(days=days), stock=9)
        order = bought(ada, **{flight.id: 2})

        cancelled = ada.delete(f"/api/orders/{order['id']}")
        work_off()

        assert (cancelled.status_code, cancelled.json["state"]) == (200, "cancelled")
        assert Till(ada).payment(order)["refunded"]["amount"] == 22000 * percent // 100
        assert left(flight.id) == 9
        (refund,) = history(ada, order["id"])[-1]["data"]["refunds"]
        assert (refund["line"], refund["percent"]) == (1, str(percent))

    def test_gives_back_goods_and_charges_whole_and_each_journey_by_its_own_rules(
        self, ada: Customer
    ) -> None:
        flight = make_flight(price=eur("100.00"), departs_at=NOW + timedelta(days=5))
        stay = make_stay(price=eur("100.00"))
        goods = make_retail(price=eur("20.00"), stock=5)
        fill(ada, **{flight.id: 1, stay.id: 1, goods.id: 1})
        order = Till(ada).order(shipping_address={**ADDRESS, "country": "DE"})
        Till(ada).pay(order)
        charges = sum(line["amount"]["amount"] for line in order["lines"] if line["kind"] == "charge")

        ada.delete(f"/api/orders/{order['id']}")
        work_off()

        assert Till(ada).payment(order)["refunded"]["amount"] == 5500 + 11000 + 2000 + charges

    def test_that_is_not_paid_yet_is_let_go(self, ada: Customer) -> None:
        flight = make_flight(stock=9)
        fill(ada, **{flight.id: 2})
        order = Till(ada).order()

        ada.delete(f"/api/orders/{order['id']}")
        work_off()

        assert (Till(ada).payment(order)["state"], left(flight.id)) == ("cancelled", 9)

    def test_cannot_be_cancelled_once_the_flight_has_departed(
        self, ada: Customer, shared_clock: FakeClock
    ) -> None:
        flight = make_flight(departs_at=NOW + timedelta(hours=1), stock=9)
        order = bought(ada, **{flight.id: 1})

        shared_clock.advance(hours=1)
        answer = Customer.of(ada.client, ada.user).delete(f"/api/orders/{order['id']}")

        assert answer.status_code == 409
        assert answer.json["detail"].startswith("Paris to Nice: This flight has departed.")
        assert left(flight.id) == 8

    def test_keeps_its_journeys_when_its_goods_are_sent_back(
        self, client: FlaskClient, ada: Customer
    ) -> None:
        staff = Customer.new(client, roles=[Role.SUPPORT])
        flight, goods = make_flight(stock=9), make_retail(price=eur("20.00"), stock=5)
        fill(ada, **{flight.id: 1, goods.id: 2})
        order = place(ada)
        for verb in ("ship", "deliver"):
            staff.post(f"/api/orders/{order['id']}/{verb}")

        returned = staff.post(f"/api/orders/{order['id']}/return")

        assert returned.json["state"] == "returned"
        assert (left(flight.id), left(goods.id)) == (8, 5)

    def test_of_travel_alone_has_nothing_to_send_back(self, client: FlaskClient, ada: Customer) -> None:
        staff = Customer.new(client, roles=[Role.SUPPORT])
        order = bought(ada, **{make_flight().id: 1})
        staff.post(f"/api/orders/{order['id']}/deliver")

        answer = staff.post(f"/api/orders/{order['id']}/return")

        assert answer.status_code == 409
        assert "no goods" in answer.json["detail"]


class TestADeposit:
    @staticmethod
    def deposit_paid(ada: Customer, local_stripe: LocalStripe, **quantities: int) -> dict[str, Any]:
        """An order whose bank wants to see the customer each time: they are not there for the balance."""
        fill(ada, **quantities)
        order = Till(ada).order()
        authenticate(local_stripe, Till(ada).pay(order, ASKS)["action_url"])
        look(order)
        return order

    @staticmethod
    def ask_for_the_balance_in_vain(shared_clock: FakeClock) -> None:
        """From the day on which it is due until nobody asks any more."""
        shared_clock.advance(days=41)
        for _ in range(TRIES + 1):
            sweep()
            work_off()
            shared_clock.advance(days=1)

    def test_of_a_stay_is_followed_by_its_balance(self, ada: Customer, shared_clock: FakeClock) -> None:
        stay = make_stay(price=eur("500.00"), check_in=(NOW + timedelta(days=70)).date())
        order = bought(ada, **{stay.id: 1})

        shared_clock.advance(days=41)
        sweep()
        work_off()

        assert order["payment"]["amount"]["amount"] == 11000
        assert balance("gateway") == order["total"]["amount"]

    def test_whose_balance_cannot_be_had_gives_the_room_back(
        self, ada: Customer, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        stay = make_stay(price=eur("500.00"), check_in=(NOW + timedelta(days=70)).date(), stock=3)
        order = self.deposit_paid(ada, local_stripe, **{stay.id: 1})

        self.ask_for_the_balance_in_vain(shared_clock)

        again = Customer.of(ada.client, ada.user)
        assert again.get(f"/api/orders/{order['id']}").json["state"] == "cancelled"
        assert left(stay.id) == 3
        (refund,) = history(again, order["id"])[-1]["data"]["refunds"]
        assert refund["refund"] == order["payment"]["amount"]

    def test_whose_balance_cannot_be_had_leaves_the_rest_of_the_order(
        self, ada: Customer, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        stay = make_stay(price=eur("500.00"), check_in=(NOW + timedelta(days=70)).date(), stock=3)
        flight = make_flight(departs_at=NOW + timedelta(days=70), stock=9)
        order = self.deposit_paid(ada, local_stripe, **{stay.id: 1, flight.id: 2})

        self.ask_for_the_balance_in_vain(shared_clock)

        again = Customer.of(ada.client, ada.user)
        assert again.get(f"/api/orders/{order['id']}").json["state"] == "paid"
        assert (left(stay.id), left(flight.id)) == (3, 7)
