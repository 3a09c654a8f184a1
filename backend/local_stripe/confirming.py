"""How a PaymentIntent is paid: the bank may ask who pays, decline, or give the money."""

from urllib.parse import quote

from backend.local_stripe import charges, disputes, payment_methods
from backend.local_stripe.book import Book
from backend.local_stripe.cards import Refusal, needs_authentication
from backend.local_stripe.errors import CardError, Json, missing
from backend.local_stripe.wire import Params, shown

_UNKNOWN_PAYER = Refusal(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
_NOT_AUTHENTICATED = Refusal(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and "
    "try again.",
)


def confirm(book: Book, params: Params, intent: Json) -> Json:
    """Pay, or ask the customer to prove who they are. CardError when the bank declines."""
    off_session, return_url = params.flag("off_session"), params.text("return_url")
    if intent["payment_method"] is None:
        raise missing("payment_method")
    method = book.get("payment_method", intent["payment_method"])
    payment_methods.require_usable(method, intent["customer"])
    if not needs_authentication(
        payment_methods.card_of(method), off_session=off_session, set_up=method["_set_up"]
    ):
        return _ask_the_bank(book, intent, method)
    if off_session:
        raise _declined(book, intent, method, _UNKNOWN_PAYER)
    intent.update(status="requires_action", last_payment_error=None, _return_url=return_url)
    intent["next_action"] = _next_action(book, intent, return_url)
    book.save(intent)
    book.emit("payment_intent.requires_action", intent)
    return intent


def authenticate(book: Book, intent: Json, *, succeeds: bool) -> Json:
    """The customer proved who they are to the bank, or failed to. CardError as in `confirm`."""
    method = book.get("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if succeeds:
        return _ask_the_bank(book, intent, method)
    raise _failed(book, intent, method, _NOT_AUTHENTICATED, charge=None)


def take(book: Book, intent: Json, charge: Json, amount: int) -> Json:
    """Capture `amount` of the charge of an intent, which has then succeeded."""
    card = payment_methods.card_of(book.get("payment_method", charge["payment_method"]))
    charge = charges.capture(book, charge, amount, card)
    was_held = intent["status"] == "requires_capture"
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    book.save(intent)
    book.emit("charge.captured" if was_held else "charge.succeeded", charge)
    book.emit("payment_intent.succeeded", intent)
    if card.dispute is not None:
        disputes.open_dispute(book, charge, amount=amount, reason=card.dispute, inquiry=card.inquiry)
    return intent


def _ask_the_bank(book: Book, intent: Json, method: Json) -> Json:
    card = payment_methods.card_of(method)
    if card.refusal is not None:
        raise _declined(book, intent, method, card.refusal)
    charge = charges.authorise(book, intent, method)
    intent.update(latest_charge=charge["id"], last_payment_error=None, next_action=None)
    _remember_card(book, intent, method)
    if intent["capture_method"] != "manual":
        return take(book, intent, charge, int(intent["amount"]))
    intent.update(status="requires_capture", amount_capturable=intent["amount"])
    book.save(intent)
    book.emit("charge.succeeded", charge)
    book.emit("payment_intent.amount_capturable_updated", intent)
    return intent


def _remember_card(book: Book, intent: Json, method: Json) -> None:
    if method["customer"] is not None:
        return
    if intent["setup_future_usage"] is not None:
        method["_set_up"] = intent["setup_future_usage"] == "off_session"
        if intent["customer"] is not None:
            payment_methods.keep(book, method, intent["customer"])
            return
    method["_spent"] = True
    book.save(method)


def _declined(book: Book, intent: Json, method: Json, refusal: Refusal) -> CardError:
    return _failed(book, intent, method, refusal, charge=charges.refuse(book, intent, method, refusal))


def _failed(book: Book, intent: Json, method: Json, refusal: Refusal, *, charge: Json | None) -> CardError:
    members = {
        "charge": charge["id"] if charge else None,
        "decline_code": refusal.decline_code,
        "payment_method": shown(method),
    }
    extra = {name: value for name, value in members.items() if value is not None}
    error = CardError(refusal.message, code=refusal.code, **extra)
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_payment_error=dict(error.error),
        latest_charge=charge["id"] if charge else intent["latest_charge"],
    )
    book.save(intent)
    book.emit("payment_intent.payment_failed", intent)
    error.error["payment_intent"] = shown(intent)
    return error


def _next_action(book: Book, intent: Json, return_url: str | None) -> Json:
    secret = quote(intent["client_secret"])
    url = f"{book.options.base_url}/authenticate/{intent['id']}?client_secret={secret}"
    if return_url is None:
        return {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url},
        }
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
