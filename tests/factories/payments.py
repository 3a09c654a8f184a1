"""A gateway of a test's own, and what people and banks do at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import Client

from backend.domains.payments.gateways.connecting import connect
from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from backend.infra.clock import Clock
from backend.local_stripe.local import LocalStripe
from backend.local_stripe.options import Options, Webhooks
from backend.local_stripe.webhooks import Post
from tests.fakes.wsgi_http_client import WsgiHttpClient

SECRET_KEY = "sk_test_local"
WEBHOOK_SECRET = "whsec_of_tests"
# Where the application takes the gateway's events.
WEBHOOK_PATH = "/api/payments/webhook"
SENDING: Final = Options(webhooks=Webhooks(url=f"https://shop.example{WEBHOOK_PATH}", secret=WEBHOOK_SECRET))
AUTH = {"Authorization": f"Bearer {SECRET_KEY}"}


@contextmanager
def open_local_stripe(
    clock: Clock, *, options: Options = SENDING, post: Post | None = None, seed: str = "test"
) -> Iterator[LocalStripe]:
    """A gateway with a state of its own, which ends with the block."""
    with TemporaryDirectory(prefix="local_stripe_") as folder:
        local = LocalStripe(
            Path(folder) / "state.sqlite3",
            options=options,
            now=clock.now,
            seed=seed,
            durable=False,
            **({"post": post} if post else {}),
        )
        try:
            yield local
        finally:
            local.close()


def gateway_of(local: LocalStripe, clock: Clock) -> StripeGateway:
    """The adapter of the real gateway, talking to `local` in this process."""
    http_client = WsgiHttpClient(local.app)
    client = connect(key=SECRET_KEY, api_base="http://local", http_client=http_client, tries_again=0)
    return StripeGateway(client, (WEBHOOK_SECRET,), clock)


def posting(client: FlaskClient) -> Post:
    """How webhooks reach the application of `client`: `local.deliver_due(post=posting(client))`."""

    def post(url: str, body: bytes, headers: dict[str, str]) -> int:
        return client.post(urlsplit(url).path, data=body, headers=headers).status_code

    return post


def at(local: LocalStripe, path: str, **form: Any) -> dict[str, Any]:
    """POST to `path` as the holder of the secret key; the JSON of the answer, which must be a success."""
    answer = Client(local.app).post(path, data=form, headers=AUTH)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def pay(local: LocalStripe, intent_id: str, card: str = "pm_card_visa") -> dict[str, Any]:
    """Confirm an intent as the customer's browser does; the intent as it became, declined or not."""
    path = f"/v1/payment_intents/{intent_id}/confirm"
    form = {"payment_method": card, "return_url": "https://shop.example/back"}
    answer = Client(local.app).post(path, data=form, headers=AUTH).get_json()
    return dict(answer["error"]["payment_intent"] if "error" in answer else answer)


def authenticate(local: LocalStripe, action_url: str, *, succeeds: bool = True) -> str:
    """Answer the bank's question on its page; where the customer is sent back to."""
    parts = urlsplit(action_url)
    form = {"outcome": "succeed" if succeeds else "fail"}
    answer = Client(local.app).post(f"{parts.path}?{parts.query}", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def onboard(local: LocalStripe, account_id: str, outcome: str = "complete") -> dict[str, Any]:
    """Let the owner of a connected account complete it (or `document_missing`, or `restrict`)."""
    return at(local, f"/local/accounts/{account_id}", outcome=outcome)


def dispute(local: LocalStripe, intent_id: str, **form: Any) -> dict[str, Any]:
    """Let the customer's bank take a payment back, or `amount` of it."""
    return at(local, "/local/disputes", payment_intent=intent_id, **form)


def decide(local: LocalStripe, dispute_id: str, status: str) -> dict[str, Any]:
    """Let the bank decide a dispute: `won` or `lost`."""
    return at(local, f"/local/disputes/{dispute_id}", status=status)
