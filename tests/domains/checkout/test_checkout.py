"""POST /api/cart/checkout, and what becomes of orders, over HTTP."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from backend.infra.postgres import db, violated
from backend.kernel.roles import Role
from tests.factories.bookings import Customer, make_class, make_consultant
from tests.factories.catalog import make_retail
from tests.factories.checkout import ADDRESS, ON_DELIVERY, ON_SITE, cart, fill, place
from tests.factories.coupons import eur, make_coupon
from tests.fakes.clock import FakeClock


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


@pytest.fixture
def staff(client: FlaskClient) -> Customer:
    return Customer.new(client, roles=[Role.SUPPORT])


def count(table: str, where: str = "true") -> int:
    found = db.session.execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one()  # noqa: S608
    db.session.rollback()
    return found


def taken() -> dict[str, int]:
    """What orders take: units sold or kept, seats, uses of coupons and money of their budgets."""
    query = text(
        "SELECT (SELECT coalesce(sum(-on_hand_change), 0) FROM stock_movements WHERE why <> 'received') AS sold,"
        " (SELECT coalesce(sum(reserved), 0) FROM stock_levels) AS kept,"
        " (SELECT coalesce(sum(seats), 0) FROM allocations) AS seats,"
        " (SELECT coalesce(sum(uses), 0) FROM coupon_counters) AS uses,"
        " (SELECT coalesce(sum(spent_minor), 0) FROM coupon_counters) AS spent"
    )
    found = dict(db.session.execute(query).one()._mapping)
    db.session.rollback()
    return {name: int(number) for name, number in found.items()}


NOTHING = {"sold": 0, "kept": 0, "seats": 0, "uses": 0, "spent": 0}


class TestCheckout:
    def test_costs_what_the_cart_said_to_the_cent(self, ada: Customer) -> None:
        coupon = make_coupon(amount=eur("5.00"), budget=eur("100.00"))
        slot = ada.slots(make_class(seats=4))[0]["slot_id"]
        fill(ada, **{make_retail(price=eur("20.00"), stock=5).id: 2, slot: 3})
        ada.put("/api/cart/coupons", {"codes": [coupon.code]})
        ada.put("/api/cart/options", {"country": "FR", "payment_method": "on_delivery"})
        shown = cart(ada)

        order = place(ada)

        assert order["total"] == shown["total"]
        assert sum(line["amount"]["amount"] for line in order["lines"]) == order["total"]["amount"]
        assert [line["kind"] for line in order["lines"][:2]] == ["goods", "slot"]
        assert order["state"] == "confirmed"
        assert order["coupons"] == shown["coupons"]["applied"]
        assert taken() == {"sold": 2, "kept": 0, "seats": 3, "uses": 1, "spent": 500}
        assert cart(ada)["items"] == []

    def test_makes_bookings_that_belong_to_the_order(self, ada: Customer) -> None:
        slot = ada.slots(make_consultant())[0]["slot_id"]
        fill(ada, **{slot: 1})

        order = place(ada, **ON_SITE, shipping_address=None)

        (line,) = order["lines"]
        booking = ada.get(f"/api/bookings/{line['booking_id']}").json
        assert (booking["status"], booking["order_id"], booking["quote_id"]) == (
            "confirmed",
            order["id"],
            None,
        )
        assert booking["total"] == line["amount"]

    def test_happens_once_for_a_key(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=5).id: 1})
        key = {"Idempotency-Key": "once"}

        first = ada.post("/api/cart/checkout", ON_DELIVERY, headers=key)
        again = ada.post("/api/cart/checkout", ON_DELIVERY, headers=key)

        assert first.status_code == again.status_code == 201
        assert first.data == again.data
        assert count("orders") == 1

    def test_above_the_limit_answers_the_price_and_changes_nothing(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=5, price=eur("60.00")).id: 1})
        total = ada.put("/api/cart/options", {"payment_method": "on_delivery"}).json["total"]
        limit = {**total, "amount": total["amount"] - 1}

        answer = ada.post("/api/cart/checkout", {**ON_DELIVERY, "max_total": limit})

        assert answer.status_code == 409
        assert answer.json["price"] == total
        assert count("orders") == 0
        assert taken() == NOTHING
        assert place(ada, max_total=total)["total"] == total

    def test_of_units_that_are_gone_names_them_and_what_is_left(
        self, ada: Customer, client: FlaskClient
    ) -> None:
        product = make_retail(stock=2)
        fill(ada, **{product.id: 2})
        other = Customer.new(client)
        fill(other, **{product.id: 1})
        place(other)

        answer = ada.post("/api/cart/checkout", ON_DELIVERY)

        (lacking,) = answer.json["items"]
        assert answer.status_code == 409
        assert (lacking["name"], lacking["left"]) == ("Headphones", 1)
        assert cart(ada)["items"][0]["quantity"] == 2

    def test_of_a_slot_that_is_gone_takes_nothing_else(self, ada: Customer, client: FlaskClient) -> None:
        slot = ada.slots(make_consultant())[0]["slot_id"]
        fill(ada, **{make_retail(stock=2).id: 2, slot: 1})
        Customer.new(client).book(slot)

        answer = ada.post("/api/cart/checkout", ON_DELIVERY)

        assert answer.status_code == 409
        assert answer.json["items"][0]["reason"] == "This slot has been taken in the meantime."
        assert taken() == {**NOTHING, "seats": 1}

    def test_of_a_slot_that_a_rule_refuses_names_it(self, ada: Customer, shared_clock: FakeClock) -> None:
        slot = ada.slots(make_consultant())[0]
        fill(ada, **{make_retail(stock=2).id: 1, slot["slot_id"]: 1})
        shared_clock.set(datetime.fromisoformat(slot["starts_at"]) - timedelta(minutes=30))
        ada = Customer.of(ada.client, ada.user)

        answer = ada.post("/api/cart/checkout", {"payment_method": "on_site", "shipping_option": "pickup"})
        shown = ada.put("/api/cart/options", {"payment_method": "on_site"}).json

        assert answer.status_code == 409
        assert answer.json["items"][0]["name"] == "Consultation, 60 min"
        assert "starts too soon" in answer.json["items"][0]["reason"]
        assert shown["items"][1]["unavailable"] == answer.json["items"][0]["reason"]
        assert taken() == NOTHING

    def test_of_a_slot_that_needs_approval_asks_its_provider(self, ada: Customer) -> None:
        slot = ada.slots(make_class(seats=20), party=10)[0]["slot_id"]

        found = fill(ada, **{slot: 10})
        placed = place(ada, **ON_SITE, shipping_address=None)

        assert found["items"][0]["needs_approval"]
        booking = ada.get(f"/api/bookings/{placed['lines'][0]['booking_id']}").json
        assert booking["status"] == "pending_approval"

    def test_of_an_empty_cart_is_refused(self, ada: Customer) -> None:
        assert ada.post("/api/cart/checkout", ON_DELIVERY).status_code == 409

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            ({"payment_method": "on_delivery"}, "shipping_address"),
            ({"payment_method": "on_site", "shipping_address": ADDRESS}, "payment_method"),
            ({"payment_method": "card"}, "shipping_address"),
            ({"payment_method": "cheque"}, "payment_method"),
            (
                {"payment_method": "on_delivery", "shipping_address": {**ADDRESS, "country": "France"}},
                "shipping_address",
            ),
        ],
    )
    def test_that_cannot_be_delivered_or_paid_is_refused(
        self, ada: Customer, wish: dict[str, Any], field: str
    ) -> None:
        fill(ada, **{make_retail(stock=5).id: 1})

        answer = ada.post("/api/cart/checkout", wish)

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]
        assert count("orders") == 0

    def test_by_a_way_that_is_refused_says_why(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=5, weight_grams=40_000).id: 1})

        answer = ada.post("/api/cart/checkout", {**ON_DELIVERY, "shipping_option": "express"})

        assert answer.status_code == 409
        assert "10 kg" in answer.json["shipping"]["express"]

    def test_leaves_what_was_put_in_meanwhile(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=5).id: 1})
        place(ada)

        again = ada.post("/api/cart/checkout", ON_DELIVERY)

        assert again.status_code == 409
        assert "empty" in again.json["detail"]


class TestTheTotalOfAnOrder:
    """Kept by the database, which looks when the transaction is committed."""

    @pytest.fixture
    def order_id(self, ada: Customer) -> str:
        slot = ada.slots(make_class(seats=4))[0]["slot_id"]
        fill(ada, **{make_retail(stock=5).id: 2, slot: 3})
        return str(place(ada)["id"])

    def test_is_the_sum_of_its_lines(self, order_id: str) -> None:
        db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))

        assert count("orders", f"id = '{order_id}'") == 1

    @pytest.mark.parametrize(("minor", "currency"), [(1, "EUR"), (-1, "EUR"), (0, "USD")])
    def test_stands_against_a_line_that_changes_it(self, order_id: str, minor: int, currency: str) -> None:
        line = text(
            "INSERT INTO order_lines (order_id, position, kind, name, quantity, party, amount_minor, currency, detail)"
            " VALUES (:order_id, 99, 'charge', 'More', 1, 1, :minor, :currency, '[]')"
        )
        db.session.execute(line, {"order_id": order_id, "minor": minor, "currency": currency})

        with pytest.raises(IntegrityError) as refused:
            db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))

        db.session.rollback()
        assert violated(refused.value) == "ck_orders_lines_sum"

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE orders SET total_minor = total_minor + 1",
            "UPDATE order_lines SET quantity = 9",
            "DELETE FROM order_lines",
            "UPDATE order_events SET action = 'x'",
            "DELETE FROM order_events",
        ],
    )
    def test_and_all_that_was_agreed_stays(self, order_id: str, change: str) -> None:
        with pytest.raises(DBAPIError):
            db.session.execute(text(change))

        db.session.rollback()
        assert count("orders", f"id = '{order_id}'") == 1


class TestCancelling:
    def test_gives_everything_back_once(self, ada: Customer) -> None:
        coupon = make_coupon(amount=eur("5.00"), budget=eur("100.00"), per_user_limit=1)
        slot = ada.slots(make_class(seats=4))[0]["slot_id"]
        fill(ada, **{make_retail(stock=5).id: 2, slot: 3})
        ada.put("/api/cart/coupons", {"codes": [coupon.code]})
        order = place(ada)

        first = ada.delete(f"/api/orders/{order['id']}")
        again = ada.delete(f"/api/orders/{order['id']}")

        assert (first.status_code, first.json["state"]) == (200, "cancelled")
        assert again.status_code == 409
        assert taken() == NOTHING
        assert ada.get(f"/api/bookings/{order['lines'][1]['booking_id']}").json["status"] == "cancelled"

    def test_leaves_a_booking_that_was_cancelled_by_itself(self, ada: Customer) -> None:
        slots = [slot["slot_id"] for slot in ada.slots(make_class(seats=4))[:2]]
        fill(ada, **dict.fromkeys(slots, 1))
        order = place(ada, **ON_SITE, shipping_address=None)
        ada.delete(f"/api/bookings/{order['lines'][0]['booking_id']}")

        answer = ada.delete(f"/api/orders/{order['id']}")

        assert answer.status_code == 200
        assert taken() == NOTHING

    def test_of_what_has_begun_is_refused_and_gives_nothing_back(
        self, ada: Customer, shared_clock: FakeClock
    ) -> None:
        slot = ada.slots(make_class(seats=4))[0]["slot_id"]
        fill(ada, **{make_retail(stock=5).id: 2, slot: 1})
        order = place(ada)
        shared_clock.advance(days=8)

        answer = Customer.of(ada.client, ada.user).delete(f"/api/orders/{order['id']}")

        assert answer.status_code == 409
        assert taken() == {**NOTHING, "sold": 2, "seats": 1}

    def test_is_the_customers_until_it_is_shipped_and_then_staffs(
        self, ada: Customer, staff: Customer
    ) -> None:
        fill(ada, **{make_retail(stock=5).id: 2})
        order = place(ada)
        staff.post(f"/api/orders/{order['id']}/ship", {"tracking": "X1"})

        refused = ada.delete(f"/api/orders/{order['id']}")
        stopped = staff.delete(f"/api/orders/{order['id']}")

        assert refused.status_code == 409
        assert stopped.json["state"] == "cancelled"
        assert taken() == NOTHING

    def test_of_a_version_that_is_not_the_newest_is_refused(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=5).id: 2})
        order = place(ada)

        answer = ada.delete(f"/api/orders/{order['id']}", headers={"If-Match": '"1"'})

        assert answer.status_code == 412


class TestDelivering:
    def test_is_told_step_by_step(self, ada: Customer, staff: Customer) -> None:
        fill(ada, **{make_retail(stock=5).id: 2})
        address = f"/api/orders/{place(ada)['id']}"

        early = staff.post(f"{address}/deliver")
        shipped = staff.post(f"{address}/ship", {"tracking": "X1"})
        delivered = staff.post(f"{address}/deliver")
        returned = staff.post(f"{address}/return", {"reason": "Too small"})

        assert early.status_code == 409
        assert [answer.json["state"] for answer in (shipped, delivered, returned)] == [
            "shipped",
            "delivered",
            "returned",
        ]
        history = ada.get(f"{address}/history").json["items"]
        assert [event["action"] for event in history] == [
            "placed",
            "confirmed",
            "shipped",
            "delivered",
            "returned",
        ]
        assert history[2]["data"] == {"tracking": "X1"}
        assert taken() == NOTHING
        assert count("audit_log", "action LIKE 'order.%'") == 3

    def test_is_for_staff(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=5).id: 2})
        address = f"/api/orders/{place(ada)['id']}"

        for verb in ("ship", "deliver", "return"):
            assert ada.post(f"{address}/{verb}").status_code == 403

    def test_of_what_is_collected_needs_no_parcel(self, ada: Customer, staff: Customer) -> None:
        fill(ada, **{make_retail(stock=5).id: 2})
        address = f"/api/orders/{place(ada, shipping_option='pickup')['id']}"

        assert staff.post(f"{address}/ship").status_code == 409
        assert staff.post(f"{address}/deliver").json["state"] == "delivered"


class TestReading:
    def test_shows_customers_their_own_page_by_page(self, ada: Customer, client: FlaskClient) -> None:
        product = make_retail(stock=9)
        other = Customer.new(client)
        made = []
        for who in (ada, other, ada):
            fill(who, **{product.id: 1})
            made.append(place(who)["id"])

        first = ada.get("/api/orders?limit=1").json
        second = ada.get("/api/orders", query_string={"limit": 1, "cursor": first["next"]}).json

        assert [one["id"] for page in (first, second) for one in page["items"]] == [made[2], made[0]]
        assert second["next"] is None
        assert ada.get(f"/api/orders/{made[1]}").status_code == 404
        assert ada.get("/api/orders", query_string={"user": other.user.id}).status_code == 404

    def test_shows_staff_all(self, ada: Customer, staff: Customer) -> None:
        fill(ada, **{make_retail(stock=9).id: 1})
        made = place(ada)

        assert staff.get(f"/api/orders/{made['id']}").json == made
        assert [one["id"] for one in staff.get("/api/orders?state=confirmed").json["items"]] == [made["id"]]
        assert staff.get("/api/orders?state=shipped").json["items"] == []
