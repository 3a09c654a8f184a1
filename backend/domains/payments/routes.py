"""/api/payments: paying, seeing how it went, refunds by staff, and what the gateway tells."""

from typing import Any, Final

import svcs
from flask import request

from backend.config import Settings
from backend.domains.payments.events import EventInbox
from backend.domains.payments.opening import Detailed, Opened, PaymentDesk
from backend.domains.payments.returns import PaymentReturns
from backend.domains.payments.schemas import (
    EventReceivedSchema,
    PaymentConfigSchema,
    PaymentConfirmSchema,
    PaymentDetailSchema,
    PaymentOfSchema,
    PaymentRefundSchema,
    PaymentSchema,
    PaymentStatusSchema,
)
from backend.domains.payments.service import Payments
from backend.domains.payments.statuses import PaymentStatus
from backend.web.api import Blueprint
from backend.web.auth import Role, caller, caller_id, requires, signed_in
from backend.web.clock import time_now
from backend.web.idempotency import idempotent

payments: Final = Blueprint(
    "payments", __name__, url_prefix="/api/payments", description="Paying, refunds, and the gateway's word"
)


@payments.get("/config")
@payments.response(200, PaymentConfigSchema)
def get_config() -> Settings:
    """What a browser needs to ask for a card."""
    return svcs.flask.get(Settings)


@payments.post("/initiate")
@signed_in
@payments.arguments(PaymentOfSchema)
@payments.response(200, PaymentSchema)
@payments.alt_response(404, description="No such payment among the caller's")
@payments.alt_response(409, description="There is nothing to pay")
@payments.alt_response(410, description="The time for paying is over")
@payments.alt_response(503, description="The gateway does not answer; ask again")
def initiate(asked: dict[str, Any]) -> Opened:
    """Open a payment; its `client_secret` lets a browser pay. Asked again, it answers the same."""
    return svcs.flask.get(PaymentDesk).open(user_id=caller_id(), now=time_now(), **asked)


@payments.post("/confirm")
@signed_in
@payments.arguments(PaymentConfirmSchema)
@payments.response(200, PaymentSchema)
@payments.alt_response(404, description="No such payment among the caller's")
@payments.alt_response(409, description="There is nothing to pay")
@payments.alt_response(410, description="The time for paying is over")
@payments.alt_response(503, description="The gateway does not answer; ask again")
def confirm(asked: dict[str, Any]) -> Opened:
    """Pay with a card that the gateway knows. A refused one is told in `decline`; try another."""
    return svcs.flask.get(PaymentDesk).confirm(user_id=caller_id(), now=time_now(), **asked)


@payments.post("/verify")
@signed_in
@payments.arguments(PaymentOfSchema)
@payments.response(200, PaymentSchema)
@payments.alt_response(404, description="No such payment among the caller's")
@payments.alt_response(503, description="The gateway does not answer; ask again")
def verify(asked: dict[str, Any]) -> Opened:
    """How it went, by the gateway's own word; may be asked at any time and any number of times."""
    return svcs.flask.get(PaymentDesk).verify(user_id=caller_id(), now=time_now(), **asked)


@payments.get("/<payment_id>")
@signed_in
@payments.response(200, PaymentDetailSchema)
@payments.alt_response(404, description="No such payment that the caller may see")
def read_payment(payment_id: str) -> Detailed:
    """A payment with what it is for, for its customer and staff."""
    return _detail(payment_id)


@payments.get("/<payment_id>/status")
@signed_in
@payments.response(200, PaymentStatusSchema)
@payments.alt_response(404, description="No such payment among the caller's")
def read_status(payment_id: str) -> PaymentStatus:
    """Where a payment is, for a browser that asks again and again; the gateway is not asked for it."""
    return svcs.flask.get(Payments).status(payment_id=payment_id, user_id=caller_id())


@payments.post("/<payment_id>/refund")
@requires(Role.SUPPORT)
@idempotent(caller_id)
@payments.arguments(PaymentRefundSchema)
@payments.response(200, PaymentDetailSchema)
@payments.alt_response(404, description="No such payment")
@payments.alt_response(409, description="So much cannot go back")
def refund(asked: dict[str, Any], payment_id: str) -> Detailed:
    """Give back one part, some of it, or all that is left (staff). What is shipped or booked stays so."""
    svcs.flask.get(PaymentReturns).refund(
        payment_id=payment_id, actor_id=caller_id(), now=time_now(), **asked
    )
    return _detail(payment_id)


@payments.post("/webhook")
@payments.response(200, EventReceivedSchema)
@payments.alt_response(422, description="The signature is not the gateway's")
def webhook() -> dict[str, bool]:
    """What the gateway tells. It is kept, and acted on by a job; told twice, it is kept once."""
    signature = request.headers.get("Stripe-Signature", "")
    payload = request.get_data(cache=True)
    is_new = svcs.flask.get(EventInbox).receive(payload=payload, signature=signature, now=time_now())
    return {"is_new": is_new}


def _detail(payment_id: str) -> Detailed:
    someone, service = caller(), svcs.flask.get(Payments)
    is_staff = someone.has(Role.SUPPORT)
    payment = service.payment(payment_id=payment_id, user_id=someone.user_id, is_staff=is_staff)
    return Detailed(payment.view, service.parts(payment=payment))
