"""Carts and orders, made over HTTP as customers make them."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories.bookings import Customer

ADDRESS = {
    "name": "Ada",
    "line1": "1 Rue de Rivoli",
    "postal_code": "75001",
    "city": "Paris",
    "country": "FR",
}
ON_DELIVERY: dict[str, Any] = {"payment_method": "on_delivery", "shipping_address": ADDRESS}
ON_SITE = {"payment_method": "on_site"}


def fill(customer: Customer, **quantities: int) -> dict[str, Any]:
    """The cart with so many of each thing (by the id of a product, or of a slot and its party)."""
    for thing, number in quantities.items():
        item = (
            {"slot_id": thing, "party": number}
            if thing[:4] == "slt_"
            else {"product_id": thing, "quantity": number}
        )
        answer = customer.post("/api/cart/add", item)
        assert answer.status_code == 200, answer.text
    return cart(customer)


def cart(customer: Customer) -> dict[str, Any]:
    """What is in the cart."""
    answer = customer.get("/api/cart")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def place(customer: Customer, **wish: Any) -> dict[str, Any]:
    """The order that the cart becomes, on delivery unless told otherwise."""
    answer = customer.post("/api/cart/checkout", {**ON_DELIVERY, **wish})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    # What is not paid by card has none.
    assert made.pop("payment") is None
    return made


class Visitor:
    """Somebody without a session who keeps cookies, or shows the id of a cart."""

    def __init__(self, client: FlaskClient, cart_id: str | None = None) -> None:
        self.client = client
        self.headers = {} if cart_id is None else {"X-Cart-Id": cart_id}

    def get(self, path: str) -> TestResponse:
        """GET."""
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, json: Any) -> TestResponse:
        """POST."""
        return self.client.post(path, json=json, headers=self.headers)
