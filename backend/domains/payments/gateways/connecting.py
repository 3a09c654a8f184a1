"""How the SDK reaches Stripe: where, how long it waits, and how often it tries."""

import logging
from typing import Any, Final, NoReturn

import stripe

from backend.domains.payments.gateway import GatewayRefusedError

# Seconds for the connection and for the answer: banks take some.
TIMEOUTS: Final = (3.05, 20.0)
# Every request of ours that changes something has an idempotency key, which all its tries share.
TRIES_AGAIN: Final = 1


def connect(
    *,
    key: str,
    api_base: str,
    http_client: stripe.HTTPClient,
    tries_again: int = TRIES_AGAIN,
) -> stripe.StripeClient:
    """A client of the API at `api_base`; `http_client` is how bytes get there."""
    # The SDK would write whole requests into the log of who debugs, with people's names and addresses.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    return stripe.StripeClient(
        key,
        base_addresses={"api": api_base},
        http_client=http_client,
        max_network_retries=tries_again,
    )


def over_network() -> stripe.HTTPClient:
    """How bytes get there in production: kept connections, and no waiting without end."""
    return stripe.RequestsClient(timeout=TIMEOUTS)


class Unconfigured(stripe.HTTPClient):
    """Reaches nobody: what stands in for the network in an installation that has no key."""

    name = "unconfigured"

    def request(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse every request before it is made."""
        raise GatewayRefusedError(
            "Cards cannot be taken here: no payment gateway is set up. Choose another way to pay, or let the "
            "operator set STRIPE_SECRET_KEY.",
            code="gateway_not_configured",
        )

    def close(self) -> None:
        """Nothing is open."""
