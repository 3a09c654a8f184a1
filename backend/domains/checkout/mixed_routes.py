"""/api/bookings/process-cart and its payment: carts of instant, requested and external things in one go."""

from typing import Any, Final

import svcs

from backend.domains.bookings.access import Actor
from backend.domains.checkout.mixed import MixedCheckout, Processed
from backend.domains.checkout.mixed_schemas import (
    CartConfirmSchema,
    CartProcessSchema,
    ConfirmedSchema,
    PaymentIntentOfSchema,
    ProcessedSchema,
)
from backend.domains.checkout.owners import CartOwners
from backend.domains.checkout.placing import CheckoutWish
from backend.domains.checkout.service import CartService
from backend.domains.payments.answering import opens_payment
from backend.domains.payments.opening import Opened
from backend.domains.payments.schemas import PaymentSchema
from backend.web.api import Blueprint
from backend.web.auth import caller_id, signed_in
from backend.web.clock import time_now
from backend.web.idempotency import idempotent

mixed: Final = Blueprint(
    "mixed carts", __name__, url_prefix="/api/bookings", description="Carts of everything, paid in one go"
)


@mixed.post("/process-cart")
@signed_in
@opens_payment
@idempotent(caller_id)
@mixed.arguments(CartProcessSchema)
@mixed.response(201, ProcessedSchema)
@mixed.alt_response(409, description="Something cannot be had, the price is higher, or it was ordered")
@mixed.alt_response(410, description="The quote has expired")
def process_cart(wish: CheckoutWish) -> Processed:
    """Order everything in the cart, to be paid by one card payment, and say what becomes of each thing.

    What is instant is confirmed once it is paid; for what needs approval the money is only authorised, and
    taken when the provider says yes.
    """
    carts = svcs.flask.get(CartService)
    owner = carts.adopt(svcs.flask.get(CartOwners).of_request(), now=time_now())
    return svcs.flask.get(MixedCheckout).process(owner=owner, user_id=caller_id(), wish=wish, now=time_now())


@mixed.post("/create-payment-intent")
@signed_in
@mixed.arguments(PaymentIntentOfSchema)
@mixed.response(200, PaymentSchema)
@mixed.alt_response(404, description="Nothing of the caller's that is paid by card")
@mixed.alt_response(409, description="There is nothing to pay")
@mixed.alt_response(410, description="The time for paying is over")
def create_payment_intent(asked: dict[str, Any]) -> Opened:
    """Open the payment of an order or a booking. Asked again, it answers the same."""
    return svcs.flask.get(MixedCheckout).open(user_id=caller_id(), now=time_now(), **asked)


@mixed.post("/confirm")
@signed_in
@mixed.arguments(CartConfirmSchema)
@mixed.response(200, ConfirmedSchema)
@mixed.alt_response(404, description="No such payment among the caller's")
@mixed.alt_response(409, description="There is nothing to pay")
@mixed.alt_response(410, description="The time for paying is over")
def confirm_cart(asked: dict[str, Any]) -> Processed:
    """Pay with a card that the gateway knows, or without one see how the payment in the browser went.

    Says item by item what became of the order.
    """
    return svcs.flask.get(MixedCheckout).confirm(actor=Actor(caller_id()), now=time_now(), **asked)
