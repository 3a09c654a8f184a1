"""How events reach the application: signed, late, twice, out of order, or never."""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import pytest
import stripe

from backend.local_stripe.local import LocalStripe
from backend.local_stripe.options import Options, Webhooks
from tests.factories.payments import WEBHOOK_SECRET, open_local_stripe
from tests.fakes.clock import FakeClock
from tests.local_stripe.calling import Api

URL = "https://shop.example/hook"


@dataclass
class Receiver:
    """Answers with `status`, None for not at all; keeps what it got."""

    status: int | None = 200
    got: list[tuple[bytes, str]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        if self.status is None:
            raise ConnectionRefusedError
        self.got.append((body, headers["Stripe-Signature"]))
        return self.status

    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.got]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def sending(clock: FakeClock, receiver: Receiver, **how: float) -> AbstractContextManager[LocalStripe]:
    options = Options(webhooks=Webhooks(url=URL, secret=WEBHOOK_SECRET, **how))
    return open_local_stripe(clock, options=options, post=receiver)


class TestDeliveries:
    def test_are_signed_as_the_sdk_verifies(self, clock: FakeClock, receiver: Receiver) -> None:
        with sending(clock, receiver) as local:
            Api(local).intent()

            (sent,) = local.deliver_due()
            waiting = local.next_due()

        body, signature = receiver.got[0]
        assert stripe.WebhookSignature.verify_header(body, signature, WEBHOOK_SECRET)
        assert f"t={int(clock.now().timestamp())}," in signature
        assert (sent.status, sent.event) == (200, json.loads(body)["id"])
        assert waiting is None

    def test_are_repeated_with_growing_pauses_until_they_arrive(
        self, clock: FakeClock, receiver: Receiver
    ) -> None:
        receiver.status = 500
        pauses = []
        with sending(clock, receiver) as local:
            Api(local).intent()

            for status in (500, None, 302, 200):
                receiver.status = status
                local.deliver_due()
                due = local.next_due()
                if due is not None:
                    pauses.append((due - clock.now()).total_seconds())
                    clock.set(due)

        assert pauses == [2, 4, 8]
        assert len({body for body, _ in receiver.got}) == 1

    def test_are_given_up_at_last(self, clock: FakeClock, receiver: Receiver) -> None:
        receiver.status = 500
        with sending(clock, receiver) as local:
            Api(local).intent()

            while (due := local.next_due()) is not None:
                clock.set(due)
                local.deliver_due()

        assert len(receiver.got) == 16

    def test_come_late(self, clock: FakeClock, receiver: Receiver) -> None:
        with sending(clock, receiver, late=60) as local:
            Api(local).intent()
            early = local.deliver_due()
            clock.advance(seconds=61)

            late = local.deliver_due()

        assert (len(early), len(late)) == (0, 1)

    def test_come_twice(self, clock: FakeClock, receiver: Receiver) -> None:
        with sending(clock, receiver, twice=1) as local:
            Api(local).intent()

            local.deliver_due()

        assert len(receiver.got) == 2
        assert receiver.got[0][0] == receiver.got[1][0]

    def test_never_come_unless_by_hand(self, clock: FakeClock, receiver: Receiver) -> None:
        with sending(clock, receiver, lost=1) as local:
            Api(local).intent()
            clock.advance(days=1)
            local.deliver_due()
            lost = list(receiver.got)

            sent = local.deliver(local.events()[0]["id"])

        assert lost == []
        assert (sent.status, len(receiver.got)) == (200, 1)

    def test_overtake_one_another(self, clock: FakeClock, receiver: Receiver) -> None:
        with sending(clock, receiver, spread=600) as local:
            for _ in range(5):
                Api(local).paid()
            clock.advance(seconds=601)

            local.deliver_due()

            happened = [event["id"] for event in local.events()]
        came = [json.loads(body)["id"] for body, _ in receiver.got]
        assert came != happened
        assert sorted(came) == sorted(happened)

    def test_are_the_same_for_the_same_seed(self, clock: FakeClock) -> None:
        orders = []
        for _ in range(2):
            receiver = Receiver()
            with sending(clock, receiver, spread=600, lost=0.3, twice=0.3) as local:
                Api(local).paid()
                clock.advance(seconds=601)
                local.deliver_due()
            clock.advance(seconds=-601)
            orders.append([json.loads(body)["id"] for body, _ in receiver.got])

        assert orders[0] == orders[1]

    def test_tell_what_was_then(self, clock: FakeClock, receiver: Receiver) -> None:
        with sending(clock, receiver, late=10) as local:
            api = Api(local)
            intent = api.intent()
            api.post(f"/v1/payment_intents/{intent['id']}/confirm", {"payment_method": "pm_card_visa"})
            clock.advance(seconds=11)

            local.deliver_due()

        first = json.loads(receiver.got[0][0])
        assert first["data"]["object"]["status"] == "requires_payment_method"
        assert receiver.kinds() == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]

    def test_happen_nowhere_without_an_address(self, clock: FakeClock) -> None:
        with open_local_stripe(clock, options=Options()) as local:
            Api(local).intent()

            assert local.deliver_due() == []
            assert [event["type"] for event in local.events()] == ["payment_intent.created"]


class TestSettings:
    def test_are_changed_while_it_runs_and_stay(self, clock: FakeClock, receiver: Receiver) -> None:
        with sending(clock, receiver) as local:
            api = Api(local)

            shown = api.post("/local/webhooks", {"lost": "1", "late": "5"})
            api.intent()

            assert local.deliver_due() == []
            assert (shown["lost"], shown["late"], shown["url"]) == (1.0, 5.0, URL)
            assert "secret" not in shown
            assert api.refused("/local/webhooks", {"late": "soon"})["param"] == "late"


class TestEvents:
    def test_can_be_looked_up(self, api: Api) -> None:
        api.paid()

        listed = api.get("/v1/events", type="charge.succeeded")["data"]

        assert api.get(f"/v1/events/{listed[0]['id']}") == listed[0]
        assert listed[0]["request"]["id"].startswith("req_")
