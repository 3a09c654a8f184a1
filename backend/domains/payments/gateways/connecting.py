"""How the SDK reaches Stripe: where, how long it waits, and how often it tries."""

import logging
from typing import Final

import stripe

STRIPE_API: Final = "https://api.stripe.com"
# Seconds for the connection and for the answer: banks take some.
TIMEOUTS: Final = (3.05, 20.0)
# Every request of ours that changes something has an idempotency key, which all its tries share.
TRIES_AGAIN: Final = 1


def connect(
    *,
    key: str,
    api_base: str = STRIPE_API,
    http_client: stripe.HTTPClient | None = None,
    tries_again: int = TRIES_AGAIN,
) -> stripe.StripeClient:
    """A client of the API at `api_base`; `http_client` is how bytes get there."""
    # The SDK would write whole requests into the log of who debugs, with people's names and addresses.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    return stripe.StripeClient(
        key,
        base_addresses={"api": api_base},
        http_client=http_client or over_network(),
        max_network_retries=tries_again,
    )


def over_network() -> stripe.HTTPClient:
    """How bytes get there in production: kept connections, and no waiting without end."""
    return stripe.RequestsClient(timeout=TIMEOUTS)
