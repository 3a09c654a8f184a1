import json
from typing import Any

import pytest

from backend.domains.payments.gateway import BadEventError, Event
from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from backend.local_stripe.local import LocalStripe
from backend.local_stripe.webhooks import signature
from tests.conftest import NOW
from tests.factories.payments import WEBHOOK_SECRET, onboard
from tests.fakes.clock import FakeClock

EVENT = {
    "id": "evt_1",
    "type": "charge.succeeded",
    "created": 1_796_634_000,
    "data": {"object": {"id": "ch_1"}},
}
AT = int(NOW.timestamp())


def body(**changes: Any) -> bytes:
    return json.dumps({**EVENT, **changes}).encode()


def read(gateway: StripeGateway, payload: bytes, secret: str = WEBHOOK_SECRET, at: int = AT) -> Event:
    return gateway.event(payload=payload, signature=signature(payload, secret=secret, at=at))


class TestEvents:
    def test_say_what_happened(self, gateway: StripeGateway) -> None:
        event = read(gateway, body())

        assert (event.id, event.kind, event.created_at) == ("evt_1", "charge.succeeded", NOW)
        assert (event.subject, event.account_id) == ({"id": "ch_1"}, None)

    def test_say_which_connected_account_they_are_about(
        self, gateway: StripeGateway, local: LocalStripe
    ) -> None:
        account = gateway.create_account(email="a@example.com", country="FR", reference="x", key="k")
        onboard(local, account.id)

        event = read(gateway, json.dumps(local.events("account.updated")[0]).encode())

        assert event.account_id == account.id

    def test_are_signed_by_one_of_several_secrets(self, gateway: StripeGateway, clock: FakeClock) -> None:
        both = StripeGateway(gateway.client, ("whsec_new", "whsec_old"), clock)

        assert read(both, body(), "whsec_old").id == read(both, body(), "whsec_new").id

    def test_are_not_believed_when_somebody_else_signed(self, gateway: StripeGateway) -> None:
        with pytest.raises(BadEventError, match="STRIPE_WEBHOOK_SECRET"):
            read(gateway, body(), "whsec_of_somebody_else")

    def test_are_not_believed_when_they_were_changed(self, gateway: StripeGateway) -> None:
        header = signature(body(), secret=WEBHOOK_SECRET, at=AT)

        with pytest.raises(BadEventError):
            gateway.event(payload=body(id="evt_2"), signature=header)

    @pytest.mark.parametrize(
        "header",
        ["", "t=1", "v1=abc", "t=x,v1=abc", "nonsense", f"t={AT},v0=abc", "t=1,v1=ü", f"t={AT},v1="],
    )
    def test_are_not_believed_without_a_signature(self, gateway: StripeGateway, header: str) -> None:
        with pytest.raises(BadEventError):
            gateway.event(payload=body(), signature=header)

    def test_are_believed_for_five_minutes(self, gateway: StripeGateway) -> None:
        assert read(gateway, body(), at=AT - 300).id == "evt_1"
        with pytest.raises(BadEventError, match="too long ago"):
            read(gateway, body(), at=AT - 301)

    @pytest.mark.parametrize("payload", [b"[]", b"{}", b'{"id": "evt_1"}', b"no json", b"\xff\xfe"])
    def test_must_be_events(self, gateway: StripeGateway, payload: bytes) -> None:
        with pytest.raises(BadEventError):
            read(gateway, payload)

    def test_are_nobodys_without_a_secret(self, gateway: StripeGateway, clock: FakeClock) -> None:
        with pytest.raises(BadEventError):
            read(StripeGateway(gateway.client, (), clock), body())
