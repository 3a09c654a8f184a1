"""Customers: who owns saved cards."""

from typing import Final

from backend.local_stripe.book import Book
from backend.local_stripe.errors import Json
from backend.local_stripe.lists import page
from backend.local_stripe.wire import Params

_TEXTS: Final = ("email", "name", "phone", "description")


def create(book: Book, params: Params) -> Json:
    """POST /v1/customers."""
    customer = book.add(
        {
            "id": book.new_id("cus", 14),
            "object": "customer",
            "address": None,
            "balance": 0,
            "created": book.now,
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "invoice_settings": {"default_payment_method": None},
            "livemode": False,
            "metadata": params.metadata(),
            "preferred_locales": params.texts("preferred_locales"),
            "shipping": None,
            **{name: params.text(name) for name in _TEXTS},
        }
    )
    book.emit("customer.created", customer)
    return customer


def retrieve(book: Book, _: Params, name: str) -> Json:
    """GET /v1/customers/:id."""
    return book.get("customer", name)


def update(book: Book, params: Params, name: str) -> Json:
    """POST /v1/customers/:id."""
    customer = book.get("customer", name)
    customer["metadata"] = params.metadata(customer["metadata"])
    customer.update({text: params.text(text) for text in _TEXTS if text in params})
    book.save(customer)
    book.emit("customer.updated", customer)
    return customer


def index(book: Book, params: Params) -> Json:
    """GET /v1/customers."""
    return page(book, params, "customer", url="/v1/customers", where={"email": params.text("email")})


def delete(book: Book, _: Params, name: str) -> Json:
    """DELETE /v1/customers/:id: their cards cannot be charged any more."""
    customer = book.get("customer", name)
    for method in book.all("payment_method", {"customer": name}):
        book.save({**method, "customer": None, "_spent": True})
    book.remove(name)
    book.emit("customer.deleted", customer)
    return {"id": name, "object": "customer", "deleted": True}
