"""Whether the body of a webhook is the gateway's, and fresh."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import stripe

from backend.domains.payments.gateway import BadEventError

TOLERANCE: Final = timedelta(minutes=5)


def verified(payload: bytes, signature: str, *, secrets: Sequence[str], now: datetime) -> dict[str, Any]:
    """The JSON of a body whose signature was made with one of `secrets`, at most five minutes before `now`.

    There are two secrets where an endpoint for connected accounts stands beside the one for our own, and
    while one is replaced. Raises BadEventError.
    """
    if not any(_is_signed(payload, signature, secret) for secret in secrets):
        raise BadEventError(
            "The signature of this event is not the gateway's. Check STRIPE_WEBHOOK_SECRET, and that nothing "
            "on the way changes the body."
        )
    # It is signed, therefore well-formed.
    signed_at = next(int(part[2:]) for part in signature.split(",") if part.startswith("t="))
    if signed_at < (now - TOLERANCE).timestamp():
        raise BadEventError("This event was signed too long ago to be believed. The gateway sends it again.")
    found = _parsed(payload)
    if not isinstance(found, dict) or not {"id", "type", "created", "data"} <= found.keys():
        raise BadEventError("The body is signed, but it is no event.")
    return found


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return None


def _is_signed(payload: bytes, signature: str, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(payload, signature, secret))
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        # Not signed so, or not even text.
        return False
