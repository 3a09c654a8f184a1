"""Answers that hand out a new payment: it is opened once everything that made it is committed."""

import functools
from collections.abc import Callable
from typing import Any, Final, ParamSpec

import structlog
import svcs
from flask import Response, current_app, json

from backend.domains.payments.opening import PaymentDesk
from backend.domains.payments.schemas import PaymentSchema
from backend.infra.postgres import db
from backend.kernel.errors import ClimbUpError
from backend.web.auth import caller_id
from backend.web.clock import time_now

P = ParamSpec("P")

log = structlog.get_logger(__name__)

_BAD: Final = 400


def opens_payment(view: Callable[P, Response]) -> Callable[P, Response]:
    """Give the customer of a view that answers a new `payment` what they need to pay it.

    The view's changes are committed first, so that no lock is held while the gateway is asked
    (docs/decisions/0117-operations-of-payments.md). When it does not answer, what was made stays, and
    `client_secret` is null: `POST /api/payments/initiate` gives it later.
    """

    @functools.wraps(view)
    def opened(*args: P.args, **kwargs: P.kwargs) -> Response:
        response = current_app.make_response(view(*args, **kwargs))
        if response.status_code >= _BAD:
            return response
        body = response.get_json()
        if body.get("payment") is not None:
            db.session.commit()
            body["payment"] = _open(body["payment"])
            response.set_data(json.dumps(body))
        return response

    return opened


def _open(payment: dict[str, Any]) -> dict[str, Any]:
    now = time_now()
    try:
        seen = svcs.flask.get(PaymentDesk).open(payment_id=payment["id"], user_id=caller_id(), now=now)
    except ClimbUpError as error:
        # A repeated answer may be of a payment that is over by now.
        db.session.rollback()
        log.warning("payment_not_opened", payment_id=payment["id"], error=error.detail)
        return payment
    return PaymentSchema.write(seen)
