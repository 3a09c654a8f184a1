"""Charges: what a bank was asked for, and what it gave."""

from typing import Final

from backend.local_stripe.balance import fee_of, move
from backend.local_stripe.book import Book
from backend.local_stripe.cards import Card, Refusal
from backend.local_stripe.errors import ApiError, Json
from backend.local_stripe.lists import page
from backend.local_stripe.payment_methods import card_of
from backend.local_stripe.wire import Params

_COPIED: Final = ("amount", "currency", "customer", "description", "metadata", "transfer_group")


def authorise(book: Book, intent: Json, method: Json) -> Json:
    """A charge that the bank has agreed to and that nobody captured yet."""
    return book.add(_charge(book, intent, method))


def refuse(book: Book, intent: Json, method: Json, refusal: Refusal) -> Json:
    """A charge that the bank has declined."""
    charge = _charge(book, intent, method)
    charge.update(
        status="failed",
        paid=False,
        captured=False,
        failure_code=refusal.code,
        failure_message=refusal.message,
        outcome={
            "network_status": "declined_by_network",
            "reason": refusal.decline_code or refusal.code,
            "risk_level": "normal",
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        },
    )
    book.add(charge)
    book.emit("charge.failed", charge)
    return charge


def capture(book: Book, charge: Json, amount: int, card: Card) -> Json:
    """Take `amount` of an authorised charge; what is left of it goes back at once."""
    line = move(
        book,
        kind="charge",
        source=charge["id"],
        amount=amount,
        fee=fee_of(book, amount),
        currency=charge["currency"],
        available_on=book.now + (0 if card.at_once else book.options.settles_after),
    )
    charge["captured"] = True
    charge["amount_captured"] = amount
    charge["amount_refunded"] = charge["amount"] - amount
    charge["balance_transaction"] = line["id"]
    return book.save(charge)


def release(book: Book, charge: Json) -> Json:
    """Let go of an authorised charge."""
    charge["amount_refunded"] = charge["amount"]
    charge["refunded"] = True
    book.save(charge)
    book.emit("charge.refunded", charge)
    return charge


def unrefunded(charge: Json) -> int:
    """What can still be given back."""
    return int(charge["amount"]) - int(charge["amount_refunded"])


def available_on(book: Book, charge: Json) -> int:
    """When the money of a captured charge can be used."""
    line = book.look_up(charge["balance_transaction"])
    return book.now if line is None else max(book.now, int(line["available_on"]))


def of(book: Book, params: Params) -> Json:
    """The charge that a request means: by `charge`, or by `payment_intent`."""
    name, intent_id = params.text("charge"), params.text("payment_intent")
    if name is not None:
        return book.get("charge", name, param="charge")
    if intent_id is None:
        raise ApiError(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    intent = book.get("payment_intent", intent_id, param="payment_intent")
    charge = book.look_up(intent["latest_charge"] or "")
    if charge is None or not charge["captured"]:
        message = f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
        raise ApiError(message, code="payment_intent_unexpected_state", param="payment_intent")
    return charge


def retrieve(book: Book, _: Params, name: str) -> Json:
    """GET /v1/charges/:id."""
    return book.get("charge", name)


def index(book: Book, params: Params) -> Json:
    """GET /v1/charges."""
    where = {name: params.text(name) for name in ("payment_intent", "customer", "transfer_group")}
    return page(book, params, "charge", url="/v1/charges", where=where)


def _charge(book: Book, intent: Json, method: Json) -> Json:
    card = card_of(method)
    return {
        "id": book.new_id("ch"),
        "object": "charge",
        **{name: intent[name] for name in _COPIED},
        "amount_captured": 0,
        "amount_refunded": 0,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "captured": False,
        "created": book.now,
        "destination": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "outcome": {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": {"brand": card.brand, "last4": card.last4}, "type": "card"},
        "receipt_email": None,
        "refunded": False,
        "source_transfer": None,
        "status": "succeeded",
        "transfer_data": None,
    }
