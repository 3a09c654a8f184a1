"""Cards of customers. A test card's name (`pm_card_visa`) stands for a new payment method."""

from typing import Any

from backend.local_stripe.book import Book
from backend.local_stripe.cards import BY_NAME, BY_NUMBER, BY_TOKEN, Card
from backend.local_stripe.errors import ApiError, CardError, Json, missing, no_such
from backend.local_stripe.lists import page
from backend.local_stripe.wire import Params


def create(book: Book, params: Params) -> Json:
    """POST /v1/payment_methods."""
    if params.required("type") != "card":
        raise ApiError("Only cards can be used here.", param="type")
    card = _of_details(params.group("card"))
    params.ignore("billing_details", "allow_redisplay")
    return _new(book, card, params.metadata())


def of_data(book: Book, params: Params) -> str | None:
    """The id of the payment method that `payment_method_data` describes, if it is given."""
    if "payment_method_data" not in params:
        return None
    return str(create(book, params.group("payment_method_data"))["id"])


def resolve(book: Book, name: str) -> Json:
    """The payment method of an id, or a new one for the name of a test card."""
    card = BY_NAME.get(name)
    if card is not None:
        return _new(book, card, {})
    return book.get("payment_method", name, param="payment_method")


def card_of(method: Json) -> Card:
    """The test card behind a payment method."""
    return BY_NUMBER[method["_number"]]


def retrieve(book: Book, _: Params, name: str) -> Json:
    """GET /v1/payment_methods/:id."""
    return book.get("payment_method", name)


def attach(book: Book, params: Params, name: str) -> Json:
    """POST /v1/payment_methods/:id/attach."""
    method = resolve(book, name)
    customer = book.get("customer", params.required("customer"), param="customer")
    if method["customer"] not in (None, customer["id"]):
        raise ApiError("The payment method you provided has already been attached to a customer.")
    return keep(book, method, customer["id"])


def keep(book: Book, method: Json, customer: str) -> Json:
    """Attach a payment method, and tell so."""
    if method["customer"] == customer:
        return method
    method["customer"] = customer
    book.save(method)
    book.emit("payment_method.attached", method)
    return method


def detach(book: Book, _: Params, name: str) -> Json:
    """POST /v1/payment_methods/:id/detach: it can never be used again."""
    method = book.get("payment_method", name)
    if method["customer"] is None:
        raise ApiError(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    method["customer"] = None
    method["_spent"] = True
    book.save(method)
    book.emit("payment_method.detached", method)
    return method


def of_customer(book: Book, params: Params, customer: str) -> Json:
    """GET /v1/customers/:id/payment_methods."""
    book.get("customer", customer)
    params.ignore("type")
    url = f"/v1/customers/{customer}/payment_methods"
    return page(book, params, "payment_method", url=url, where={"customer": customer})


def require_usable(method: Json, customer: str | None) -> None:
    """Refuse the card of another customer, and one that was used without being kept."""
    if method["customer"] not in (None, customer):
        raise ApiError(
            f"The PaymentMethod ({method['id']}) belongs to another customer than the PaymentIntent.",
            param="payment_method",
        )
    if method["customer"] is None and method.get("_spent"):
        raise ApiError(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
            "attachment, shared with a connected account without Customer attachment, or was detached from a "
            "Customer. "
            "It may not be used again.",
            code="payment_method_unexpected_state",
            param="payment_method",
        )


def _of_details(details: Params) -> Card:
    token, number = details.text("token"), details.text("number")
    details.ignore("exp_month", "exp_year", "cvc")
    if token is not None:
        card = BY_TOKEN.get(token)
        if card is None:
            raise no_such("token", token, param="card[token]", status=400)
        return card
    if number is None:
        raise missing("card[number]")
    found = BY_NUMBER.get(number.replace(" ", ""))
    if found is None:
        raise CardError("Your card number is incorrect.", code="incorrect_number", param="number")
    return found


def _new(book: Book, card: Card, metadata: dict[str, str]) -> Json:
    details: dict[str, Any] = {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "exp_month": 12,
        "exp_year": 2039,
        "fingerprint": f"local{card.number[:6]}{card.last4}",
        "funding": card.funding,
        "last4": card.last4,
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return book.add(
        {
            "id": book.new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {"address": None, "email": None, "name": None, "phone": None},
            "card": details,
            "created": book.now,
            "customer": None,
            "livemode": False,
            "metadata": metadata,
            "type": "card",
            "_number": card.number,
            "_set_up": False,
            "_spent": False,
        }
    )
