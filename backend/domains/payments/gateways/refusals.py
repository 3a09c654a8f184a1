"""Stripe's errors as the two that our port knows: it is not known whether it was done, or it was not."""

from typing import Any, Final

import stripe
import structlog

from backend.domains.payments.gateway import GatewayDownError, GatewayRefusedError
from backend.kernel.errors import ClimbUpError

log = structlog.get_logger(__name__)

_DOWN: Final = (
    "The payment gateway does not answer as it should. Nothing is lost; it is tried again, and what was done "
    "is not done twice."
)
# Refusals that another moment may not bring.
_PASSING: Final = frozenset({"rate_limit", "lock_timeout", "idempotency_key_in_use"})
_FINAL: Final = (
    stripe.CardError,
    stripe.InvalidRequestError,
    stripe.IdempotencyError,
    stripe.PermissionError,
)


def translated(error: stripe.StripeError) -> ClimbUpError:
    """The error of our port for one of the SDK's. It carries no request, no header and no key."""
    if isinstance(error, _FINAL) and error.code not in _PASSING:
        code = error.code or _kind(error)
        return GatewayRefusedError(f"The payment gateway refuses: {_sentence(error)}", code=code)
    log.warning(
        "gateway_down", error=type(error).__name__, status=error.http_status, request=error.request_id
    )
    return GatewayDownError(_DOWN)


def intent_of(error: stripe.StripeError) -> dict[str, Any] | None:
    """The PaymentIntent as it became, which Stripe sends with a decline."""
    body = error.json_body if isinstance(error.json_body, dict) else {}
    found = (body.get("error") or {}).get("payment_intent")
    return found if isinstance(found, dict) else None


def _kind(error: stripe.StripeError) -> str:
    body = error.json_body if isinstance(error.json_body, dict) else {}
    return str((body.get("error") or {}).get("type") or "invalid_request_error")


def _sentence(error: stripe.StripeError) -> str:
    text = str(error.user_message or "it says no reason").strip()
    return text if text.endswith(".") else f"{text}."
