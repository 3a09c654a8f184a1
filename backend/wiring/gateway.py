"""Builds the payment gateway that the settings name, or what refuses where they name none."""

import stripe
import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.payments.gateway import PaymentGateway
from backend.domains.payments.gateways.connecting import Unconfigured, connect, over_network
from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from backend.infra.clock import Clock
from backend.infra.closing import on_close


def register_gateway(app: Flask, settings: Settings, gateway: PaymentGateway | None) -> None:
    """Register the gateway that the settings name, or the one given."""
    if gateway is not None:
        svcs.flask.register_value(app, PaymentGateway, gateway)
        return
    http_client = over_network() if settings.stripe_secret_key else Unconfigured()
    on_close(app, http_client.close)
    client = _client(settings, http_client)

    def build(container: svcs.Container) -> PaymentGateway:
        clock = container.get_abstract(Clock)
        return StripeGateway(client, settings.stripe_webhook_secrets, clock)

    svcs.flask.register_factory(app, PaymentGateway, build)


def _client(settings: Settings, http_client: stripe.HTTPClient) -> stripe.StripeClient:
    return connect(
        # The SDK wants one also where nothing is ever sent.
        key=settings.stripe_secret_key or "none",
        api_base=settings.stripe_api_base,
        http_client=http_client,
    )
