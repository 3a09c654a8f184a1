"""The states of a PaymentIntent, and what may be done in each."""

from typing import Final

from backend.local_stripe.errors import ApiError, Json
from backend.local_stripe.wire import shown

CONFIRMABLE: Final = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE: Final = (
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
    "processing",
)


def unexpected(intent: Json, verb: str, allowed: tuple[str, ...], *, could: str | None = None) -> ApiError:
    """`payment_intent_unexpected_state`, with the intent as it is."""
    message = (
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}. Only a "
        f"PaymentIntent with one of the following statuses may be {could or verb + 'ed'}: "
        f"{', '.join(allowed)}."
    )
    return ApiError(message, code="payment_intent_unexpected_state", payment_intent=shown(intent))
