"""What tests of the adapter ask of it again and again."""

from typing import Any

from backend.domains.payments.gateway import Capture, Intent
from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from backend.kernel.money import Money
from backend.local_stripe.local import LocalStripe
from tests.factories.payments import pay


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


def made(gateway: StripeGateway, **changes: Any) -> Intent:
    """An intent of 100 EUR, with `changes`."""
    values = {
        "amount": euros(10_000),
        "capture": Capture.AUTOMATIC,
        "reference": "ord_1",
        "description": "A tour",
        "customer_id": None,
        "save_card": False,
        "key": "key-of-intent",
        **changes,
    }
    return gateway.create_intent(**values)


def paid(gateway: StripeGateway, local: LocalStripe, card: str = "pm_card_visa", **changes: Any) -> Intent:
    intent = made(gateway, **changes)
    pay(local, intent.id, card)
    return gateway.intent(intent_id=intent.id)
