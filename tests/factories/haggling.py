"""Bargains made over HTTP, as customers make them."""

from typing import Any

from werkzeug.test import TestResponse

from backend.domains.catalog.entities import Product
from tests.factories.bookings import Customer
from tests.factories.catalog import make_retail

LIST = 100_00
COST = 40_00


def make_bargain_goods(**columns: Any) -> Product:
    """Goods at 100.00 EUR that cost the house 40.00."""
    return make_retail(**{"cost_minor": COST, "stock": 50, **columns})


def try_to_start(customer: Customer, product: Product, **wish: Any) -> TestResponse:
    """The answer to a start over a product, whatever it is."""
    return customer.post("/api/bargain/start", {"product_id": product.id, **wish})


def start(customer: Customer, product: Product, **wish: Any) -> dict[str, Any]:
    """An open session over a product."""
    answer = try_to_start(customer, product, **wish)
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json
    return found


def try_to_offer(customer: Customer, session_id: str, minor: int, **options: Any) -> TestResponse:
    """The answer to an offer of so many cents, whatever it is."""
    body = {"session_id": session_id, "price": {"amount": minor, "currency": "EUR"}}
    return customer.post("/api/bargain/offer", body, **options)


def offer(customer: Customer, session_id: str, minor: int) -> dict[str, Any]:
    """What an offer of so many cents was answered."""
    answer = try_to_offer(customer, session_id, minor)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json
    return said


def counter_of(customer: Customer, session_id: str) -> dict[str, Any]:
    """The counter-offer that offers far below the floor meet: the last of them always meets one."""
    for minor in (100, 101, 102):
        counter: dict[str, Any] | None = offer(customer, session_id, minor)["counter_price"]
        if counter is not None:
            return counter
    raise AssertionError("the last offer met no counter-offer")


def try_to_accept(customer: Customer, session_id: str) -> TestResponse:
    """The answer to accepting the counter-offer, whatever it is."""
    return customer.post(f"/api/bargain/accept-counter/{session_id}")


def accept(customer: Customer, session_id: str) -> dict[str, Any]:
    """The deal that accepting the counter-offer makes."""
    answer = try_to_accept(customer, session_id)
    assert answer.status_code == 200, answer.text
    deal: dict[str, Any] = answer.json
    return deal


def look(customer: Customer, session_id: str) -> dict[str, Any]:
    """The session as its customer sees it."""
    answer = customer.get(f"/api/bargain/session/{session_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found
