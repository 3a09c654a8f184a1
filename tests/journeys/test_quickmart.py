"""A customer of the shop, from the registration to a cancelled order, and one who buys a slot beside goods."""

from typing import Any

from flask.testing import FlaskClient

from tests.factories.bookings import Customer, make_class
from tests.factories.catalog import make_retail
from tests.factories.checkout import ADDRESS
from tests.factories.coupons import eur, make_coupon


class TestShopping:
    def test_from_registration_to_the_history_and_back(self, client: FlaskClient) -> None:
        headphones = make_retail(name="Wireless Headphones", price=eur("89.90"), stock=5)
        make_retail(name="Garden Chair", category="garden", stock=5)
        make_coupon(code="HELLO-10", budget=None, minimum_order=eur("50.00"))

        # A visitor looks around, misspells, and puts something in.
        listed = client.get("/api/products", query_string={"category": "electronics"})
        found = client.get("/api/products/search", query_string={"q": "wireles hedphones"})
        assert [one["id"] for one in listed.json["items"]] == [headphones.id]
        assert [one["id"] for one in found.json["items"]] == [headphones.id]
        added = client.post("/api/cart/add", json={"product_id": headphones.id, "quantity": 2})
        assert added.status_code == 200, added.text

        # They register; the cart comes along.
        registered = client.post(
            "/api/auth/register", json={"email": "ada@example.com", "password": "a long and good one"}
        )
        assert registered.status_code == 201, registered.text
        ada = {"Authorization": f"Bearer {registered.json['access_token']}"}
        used = client.put("/api/cart/coupons", json={"codes": ["hello-10"]}, headers=ada)
        assert [item["quantity"] for item in used.json["items"]] == [2]
        assert used.json["coupons"]["applied"][0]["discount"] == {"amount": 1798, "currency": "EUR"}
        options = {"shipping_option": "express", "country": "FR", "payment_method": "on_delivery"}
        shown = client.put("/api/cart/options", json=options, headers=ada)
        assert shown.json["shipping"]["chosen"] == "express"

        # They order.
        wish = {
            "payment_method": "on_delivery",
            "shipping_address": ADDRESS,
            "contact": {"name": "Ada", "email": "ada@example.com"},
            "max_total": shown.json["total"],
        }
        key = {"Idempotency-Key": "one"}
        ordered = client.post("/api/cart/checkout", json=wish, headers={**ada, **key})
        assert ordered.status_code == 201, ordered.text
        assert ordered.json["total"] == shown.json["total"]
        assert client.get("/api/cart", headers=ada).json["items"] == []
        assert self.left(client, headphones.id) == 3

        # It is in their history, with the coupon; then they cancel.
        history = client.get("/api/orders", headers=ada).json["items"]
        assert [order["id"] for order in history] == [ordered.json["id"]]
        coupons = client.get("/api/coupons/history", headers=ada).json["items"]
        assert [(use["code"], use["reference"]) for use in coupons] == [("HELLO-10", ordered.json["id"])]
        cancelled = client.delete(f"/api/orders/{ordered.json['id']}", headers=ada)
        assert cancelled.json["state"] == "cancelled"
        assert self.left(client, headphones.id) == 5
        assert client.get("/api/coupons/history", headers=ada).json["items"] == []

    def test_of_a_slot_and_goods_together_is_one_order(self, client: FlaskClient) -> None:
        ada = Customer.new(client)
        mat, klass = make_retail(name="Yoga Mat", price=eur("24.90"), stock=5), make_class(seats=6)
        slot = ada.slots(klass)[0]
        ada.post("/api/cart/add", {"product_id": mat.id})
        shown = ada.post("/api/cart/add", {"slot_id": slot["slot_id"], "party": 2}).json

        quoted = ada.post("/api/quotes", self.quote_of(shown))
        assert quoted.status_code == 201, quoted.text
        ordered = ada.post(
            "/api/cart/checkout",
            {
                "quote_token": quoted.json["token"],
                "payment_method": "on_delivery",
                "shipping_address": ADDRESS,
            },
        )
        assert ordered.status_code == 201, ordered.text

        assert ordered.json["total"] == quoted.json["total"]
        goods, seats = ordered.json["lines"][:2]
        assert (goods["kind"], seats["kind"]) == ("goods", "slot")
        (booking,) = ada.get(f"/api/bookings/user/{ada.user.id}").json["items"]
        assert (booking["id"], booking["status"]) == (seats["booking_id"], "confirmed")
        assert ada.slots(klass)[0]["seats_left"] == slot["seats_left"] - 2
        assert ada.delete(f"/api/orders/{ordered.json['id']}").status_code == 200
        assert ada.slots(klass)[0]["seats_left"] == slot["seats_left"]

    @staticmethod
    def left(client: FlaskClient, product_id: str) -> int:
        """Units that can be had."""
        found: int = client.get(f"/api/products/{product_id}").json["stock_quantity"]
        return found

    @staticmethod
    def quote_of(cart: dict[str, Any]) -> dict[str, Any]:
        """A request for the quote of a cart."""
        items = [
            {"slot_id": item["slot_id"], "party": item["party"]}
            if item["slot_id"]
            else {"product_id": item["product_id"], "quantity": item["quantity"]}
            for item in cart["items"]
        ]
        return {
            "items": items,
            "shipping": cart["shipping"]["chosen"],
            "country": "FR",
            "payment_method": "on_delivery",
        }
