"""PaymentIntents: made, changed, looked at, captured and let go of. `confirming.py` pays them."""

from typing import Final

from backend.local_stripe import charges, confirming, payment_methods
from backend.local_stripe.amounts import in_currency, require_chargeable, required_amount, required_currency
from backend.local_stripe.book import Book
from backend.local_stripe.errors import ApiError, Json, invalid
from backend.local_stripe.lists import page
from backend.local_stripe.states import CANCELABLE, CONFIRMABLE, unexpected
from backend.local_stripe.wire import Params

_REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
_CAPTURES: Final = ("automatic", "automatic_async", "manual")
_USAGES: Final = ("off_session", "on_session")
# They make no difference to a card on this machine.
_WITHOUT_EFFECT: Final = (
    "allowed_payment_method_types",
    "automatic_payment_methods",
    "payment_method_options",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "shipping",
    "confirmation_method",
    "error_on_requires_action",
    "use_stripe_sdk",
    "mandate_data",
)


def create(book: Book, params: Params) -> Json:
    """POST /v1/payment_intents; with `confirm=true` it is paid at once."""
    _refuse_types(params)
    amount, currency = required_amount(params), required_currency(params)
    require_chargeable(amount, currency)
    customer = params.text("customer")
    if customer is not None:
        book.get("customer", customer, param="customer")
    intent = _new(book, params, amount, currency, customer)
    _set_method(book, params, intent)
    book.add(intent)
    book.emit("payment_intent.created", intent)
    book.later(book.options.authorised_for, "let_go", intent["id"])
    if params.flag("confirm"):
        return confirming.confirm(book, params, intent)
    return intent


def retrieve(book: Book, params: Params, name: str) -> Json:
    """GET /v1/payment_intents/:id."""
    params.ignore("client_secret")
    return book.get("payment_intent", name)


def index(book: Book, params: Params) -> Json:
    """GET /v1/payment_intents."""
    where = {"customer": params.text("customer")}
    return page(book, params, "payment_intent", url="/v1/payment_intents", where=where)


def update(book: Book, params: Params, name: str) -> Json:
    """POST /v1/payment_intents/:id."""
    intent = book.get("payment_intent", name)
    amount = params.positive("amount")
    if amount is not None:
        if intent["status"] not in CONFIRMABLE:
            raise unexpected(intent, "update the amount of", CONFIRMABLE)
        require_chargeable(amount, intent["currency"])
        intent["amount"] = amount
    for text in ("description", "transfer_group", "receipt_email"):
        if text in params:
            intent[text] = params.text(text)
    if "setup_future_usage" in params:
        intent["setup_future_usage"] = params.one_of("setup_future_usage", _USAGES)
    intent["metadata"] = params.metadata(intent["metadata"])
    _set_method(book, params, intent)
    return book.save(intent)


def confirm(book: Book, params: Params, name: str) -> Json:
    """POST /v1/payment_intents/:id/confirm."""
    intent = book.get("payment_intent", name)
    _refuse_types(params)
    params.ignore("client_secret", *_WITHOUT_EFFECT)
    if intent["status"] not in CONFIRMABLE:
        raise unexpected(intent, "confirm", CONFIRMABLE)
    if "setup_future_usage" in params:
        intent["setup_future_usage"] = params.one_of("setup_future_usage", _USAGES)
    _set_method(book, params, intent)
    return confirming.confirm(book, params, intent)


def capture(book: Book, params: Params, name: str) -> Json:
    """POST /v1/payment_intents/:id/capture: once, for at most what was authorised."""
    intent = book.get("payment_intent", name)
    if intent["status"] != "requires_capture":
        raise unexpected(intent, "capture", ("requires_capture",), could="captured")
    amount = params.positive("amount_to_capture") or int(intent["amount_capturable"])
    if amount > intent["amount_capturable"]:
        message = (
            f"The amount to capture ({in_currency(intent, amount)}) is greater than the amount "
            f"capturable ({in_currency(intent, intent['amount_capturable'])})."
        )
        raise ApiError(message, code="amount_too_large", param="amount_to_capture")
    intent["metadata"] = params.metadata(intent["metadata"])
    charge = book.get("charge", intent["latest_charge"])
    return confirming.take(book, intent, charge, amount)


def cancel(book: Book, params: Params, name: str) -> Json:
    """POST /v1/payment_intents/:id/cancel: what was authorised is let go of."""
    intent = book.get("payment_intent", name)
    reason = params.one_of("cancellation_reason", _REASONS)
    if intent["status"] not in CANCELABLE:
        raise unexpected(intent, "cancel", CANCELABLE, could="canceled")
    return let_go(book, intent, reason)


def let_go(book: Book, intent: Json, reason: str | None) -> Json:
    """End an intent without payment."""
    if intent["status"] == "requires_capture":
        charges.release(book, book.get("charge", intent["latest_charge"]))
    intent.update(
        status="canceled",
        canceled_at=book.now,
        cancellation_reason=reason,
        amount_capturable=0,
        next_action=None,
    )
    book.save(intent)
    book.emit("payment_intent.canceled", intent)
    return intent


def _refuse_types(params: Params) -> None:
    if "payment_method_types" in params:
        raise ApiError(
            "The payment_method_types parameter is no longer supported. Use allowed_payment_method_types.",
            code="payment_method_types_no_longer_supported",
            param="payment_method_types",
        )


def _set_method(book: Book, params: Params, intent: Json) -> None:
    name = params.text("payment_method") or payment_methods.of_data(book, params)
    if name is None:
        return
    method = payment_methods.resolve(book, name)
    payment_methods.require_usable(method, intent["customer"])
    intent["payment_method"] = method["id"]
    if intent["status"] == "requires_payment_method":
        intent["status"] = "requires_confirmation"


def _new(book: Book, params: Params, amount: int, currency: str, customer: str | None) -> Json:
    params.ignore(*_WITHOUT_EFFECT, "confirm", "off_session", "return_url")
    if params.flag("off_session") and not params.flag("confirm"):
        raise invalid("off_session", "You can only provide off_session when confirm is true.")
    name = book.new_id("pi")
    return {
        "id": name,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.one_of("capture_method", _CAPTURES) or "automatic_async",
        "client_secret": f"{name}_{book.new_id('secret')}",
        "confirmation_method": "automatic",
        "created": book.now,
        "currency": currency,
        "customer": customer,
        "description": params.text("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": params.metadata(),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": params.text("receipt_email"),
        "review": None,
        "setup_future_usage": params.one_of("setup_future_usage", _USAGES),
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": params.text("transfer_group"),
    }
