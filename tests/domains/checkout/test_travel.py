"""Flights and stays from a quote to the order and back, over HTTP."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.domains.catalog.stock import StockService
from backend.domains.checkout.jobs import complete_travelled
from backend.infra.postgres import db
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class
from tests.factories.catalog import make_flight, make_retail, make_stay
from tests.factories.checkout import ADDRESS, ON_SITE, cart, fill, place
from tests.factories.coupons import eur
from tests.factories.till import CARD, Till, work_off
from tests.fakes.clock import FakeClock


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client, country="FR")


def left(product_id: str) -> int:
    """How many seats or rooms can be had."""
    found = StockService(db.session).left(product_ids=[product_id], now=NOW)[product_id]
    db.session.rollback()
    return found


def quote(customer: Customer, **wish: Any) -> dict[str, Any]:
    answer = customer.post("/api/quotes", wish)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def staged(lines: list[dict[str, Any]]) -> list[tuple[str, int, str | None]]:
    return [(line["stage"], line["amount"]["amount"], line["rule"] and line["rule"]["id"]) for line in lines]


class TestAQuote:
    def test_of_a_flight_has_markup_and_the_tax_of_where_it_departs(self, client: FlaskClient) -> None:
        business = Customer.new(client, country="DE")
        business.put("/api/users/profile", {"vat_id": "DE136695976"})
        flight = make_flight(price=eur("100.00"), cost_minor=8000)

        made = quote(business, items=[{"product_id": flight.id, "quantity": 2}])

        assert staged(made["lines"]) == [("base", 20000, None), ("markup", 2000, "everything-else")]
        assert made["total"] == {"amount": 22000, "currency": "EUR"}
        assert [(tax["label"], tax["tax"]["amount"]) for tax in made["taxes"]] == [("VAT 10 %", 2000)]

    def test_of_a_better_class_and_of_a_stay_at_home_has_their_markup(self, ada: Customer) -> None:
        flight = make_flight(cabin_class="business", tax_class="zero")
        stay = make_stay()

        made = quote(ada, items=[{"product_id": flight.id}, {"product_id": stay.id}])

        rules = [rule for stage, _, rule in staged(made["lines"]) if stage == "markup"]
        assert rules == ["long-haul-business", "home-market-stays"]
        assert [tax["label"] for tax in made["taxes"]] == ["VAT 6 %"]

    def test_of_a_stay_far_ahead_asks_for_a_deposit(self, ada: Customer) -> None:
        stay = make_stay(check_in=(NOW + timedelta(days=90)).date())

        made = quote(ada, items=[{"product_id": stay.id}])

        assert made["due_now"] == {"amount": 2240, "currency": "EUR"}
        assert [due["on"] for due in made["due_later"]] == [(NOW + timedelta(days=60)).date().isoformat()]

    def test_in_another_currency_has_its_tax_and_the_fee_of_those_from_afar(
        self, client: FlaskClient
    ) -> None:
        xenia = Customer.new(client, country="CH")
        flight = make_flight(price=eur("100.00"))

        made = quote(
            xenia, items=[{"product_id": flight.id}], currency="CHF", payment_method="card", country="CH"
        )

        stages = [stage for stage, _, _ in staged(made["lines"])]
        assert stages == ["base", "markup", "convenience_fee"]
        assert {made["total"]["currency"], *(tax["tax"]["currency"] for tax in made["taxes"])} == {"CHF"}
        assert [tax["label"] for tax in made["taxes"]] == ["VAT 10 %", "VAT 20 %"]

    def test_of_what_has_departed_is_refused(self, ada: Customer, shared_clock: FakeClock) -> None:
        flight = make_flight(departs_at=NOW + timedelta(minutes=1))
        quote(ada, items=[{"product_id": flight.id}])

        shared_clock.advance(minutes=1)
        answer = ada.post("/api/quotes", {"items": [{"product_id": flight.id}]})

        assert (answer.status_code, answer.json["detail"]) == (
            404,
            "Paris to Nice: This flight has departed.",
        )


class TestACart:
    def test_takes_seats_while_there_are_some(self, ada: Customer) -> None:
        flight = make_flight(stock=2)

        found = fill(ada, **{flight.id: 2})
        more = ada.post("/api/cart/add", {"product_id": flight.id, "quantity": 1})

        shown = found["items"][0]
        assert (shown["kind"], shown["starts_at"]) == ("flight", "2026-12-17T09:00:00Z")
        assert (found["shipping"]["options"], found["total"]["amount"]) == ([], 22000)
        assert more.status_code == 409
        assert more.json["items"][0]["left"] == 2

    def test_says_what_has_departed_begun_or_sold_out(self, ada: Customer, shared_clock: FakeClock) -> None:
        flight = make_flight(departs_at=NOW + timedelta(hours=1))
        stay = make_stay(check_in=NOW.date())
        full = make_flight(stock=0)
        fill(ada, **{flight.id: 1, stay.id: 1})
        sold_out = ada.post("/api/cart/add", {"product_id": full.id, "quantity": 1})

        shared_clock.set(stay.travel.starts_at)  # type: ignore[union-attr]

        assert "sold out" in sold_out.json["detail"]
        assert [item["unavailable"] for item in cart(ada)["items"]] == [
            "This flight has departed.",
            "This stay has begun.",
        ]

    def test_sends_the_goods_beside_it_alone(self, ada: Customer) -> None:
        goods = make_retail(price=eur("20.00"), stock=5, weight_grams=500)

        found = fill(ada, **{make_flight(price=eur("500.00")).id: 1, goods.id: 1})

        assert [charge["amount"]["amount"] for charge in found["charges"]] == [490]


class TestAnOrder:
    def test_of_travel_alone_needs_no_address_and_is_never_shipped(
        self, client: FlaskClient, ada: Customer
    ) -> None:
        staff = Customer.new(client, roles=[Role.SUPPORT])
        flight, stay = make_flight(stock=5), make_stay(stock=1)
        fill(ada, **{flight.id: 2, stay.id: 1})

        placed = ada.post("/api/cart/checkout", ON_SITE)
        shipped = staff.post(f"/api/orders/{placed.json['id']}/ship")
        delivered = staff.post(f"/api/orders/{placed.json['id']}/deliver")

        assert (placed.status_code, placed.json["state"]) == (201, "confirmed")
        assert [line["kind"] for line in placed.json["lines"]] == ["travel", "travel"]
        assert (placed.json["shipping_option"], placed.json["shipping_address"]) == (None, None)
        assert (left(flight.id), left(stay.id)) == (3, 0)
        assert (shipped.status_code, delivered.json["state"]) == (409, "delivered")

    def test_by_card_keeps_the_seats_sells_them_and_mails_a_receipt(self, ada: Customer) -> None:
        flight, till = make_flight(stock=5), Till(ada)
        fill(ada, **{flight.id: 2})

        made = till.order()
        kept = left(flight.id)
        till.pay(made)
        work_off()
        work_off("messages.")
        receipt = ada.get(f"/api/orders/{made['id']}/receipt.pdf")

        assert (made["state"], kept) == ("placed", 3)
        assert ada.get(f"/api/orders/{made['id']}").json["state"] == "paid"
        assert (left(flight.id), receipt.status_code) == (3, 200)

    def test_is_not_sold_on_delivery(self, ada: Customer) -> None:
        fill(ada, **{make_flight().id: 1})

        answer = ada.post(
            "/api/cart/checkout", {"payment_method": "on_delivery", "shipping_address": ADDRESS}
        )

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == ["payment_method"]

    def test_is_refused_once_the_flight_has_departed(self, ada: Customer, shared_clock: FakeClock) -> None:
        fill(ada, **{make_flight(departs_at=NOW + timedelta(minutes=5)).id: 1})
        shared_clock.advance(minutes=5)

        answer = ada.post("/api/cart/checkout", ON_SITE)

        assert answer.status_code == 409
        assert "departed" in answer.json["detail"]

    def test_of_travel_alone_is_over_when_the_last_journey_is(
        self, ada: Customer, shared_clock: FakeClock
    ) -> None:
        flight = make_flight(departs_at=NOW + timedelta(days=1))
        stay = make_stay(check_in=(NOW + timedelta(days=2)).date(), nights=2)
        fill(ada, **{flight.id: 1, stay.id: 1})
        order = ada.post("/api/cart/checkout", ON_SITE).json
        fill(ada, **{flight.id: 1, make_retail(stock=1).id: 1})
        mixed = place(ada)
        again = Customer.of(ada.client, ada.user)

        shared_clock.set(stay.travel.ends_at - timedelta(seconds=1))  # type: ignore[union-attr]
        complete_travelled()
        before = again.get(f"/api/orders/{order['id']}").json["state"]
        shared_clock.advance(seconds=1)
        complete_travelled()
        complete_travelled()

        after = [again.get(f"/api/orders/{one['id']}").json["state"] for one in (order, mixed)]
        assert (before, after) == ("confirmed", ["delivered", "confirmed"])

    def test_says_in_its_lines_when_and_from_where(self, ada: Customer) -> None:
        flight = make_flight(departs_at=datetime(2027, 1, 10, 12, 30, tzinfo=UTC))
        fill(ada, **{flight.id: 1, make_stay(check_in=date(2027, 1, 15), nights=1).id: 1})

        order = ada.post("/api/cart/checkout", ON_SITE).json

        assert [line["name"] for line in order["lines"]] == [
            "Paris to Nice (CDG-NCE, 2027-01-10 13:30)",
            "Casa Azul (Lisbon, 2027-01-15, 1 night)",
        ]

    def test_cannot_be_paid_any_more_once_the_flight_has_departed(
        self, ada: Customer, shared_clock: FakeClock
    ) -> None:
        fill(ada, **{make_flight(departs_at=NOW + timedelta(minutes=5)).id: 1})
        order = Till(ada).order()

        shared_clock.advance(minutes=5)
        answer = ada.post(
            "/api/payments/confirm", {"payment_id": order["payment"]["id"], "payment_method": CARD}
        )

        assert answer.status_code == 410

    def test_of_everything_at_once_is_one_order(self, ada: Customer) -> None:
        slot = ada.slots(make_class(seats=4))[0]["slot_id"]
        goods = make_retail(stock=5)
        fill(ada, **{make_flight().id: 1, make_stay().id: 1, goods.id: 1, slot: 2})

        made = Till(ada).order(shipping_address=ADDRESS)

        kinds = [line["kind"] for line in made["lines"]]
        assert kinds[:4] == ["travel", "travel", "goods", "slot"]
