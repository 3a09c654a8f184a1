"""What the adapter makes of lost answers, errors and repetitions; and what it keeps to itself."""

from collections.abc import Callable

import pytest

from backend.domains.payments.gateway import (
    GatewayDownError,
    GatewayRefusedError,
    IntentStatus,
)
from backend.domains.payments.gateways.connecting import connect, over_network
from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from backend.local_stripe.faults import Moment
from backend.local_stripe.local import LocalStripe
from tests.domains.payments.gateways.asking import euros, made
from tests.factories.payments import (
    SECRET_KEY,
    WEBHOOK_SECRET,
    pay,
)
from tests.fakes.clock import FakeClock
from tests.fakes.wsgi_http_client import WsgiHttpClient


class TestKeys:
    def test_do_their_work_once(self, gateway: StripeGateway) -> None:
        assert made(gateway) == made(gateway)

    def test_are_good_for_one_request_only(self, gateway: StripeGateway) -> None:
        made(gateway)

        with pytest.raises(GatewayRefusedError) as refused:
            made(gateway, amount=euros(9_999))

        assert refused.value.code == "idempotency_error"


class TestSecrets:
    def test_stay_out_of_what_is_shown_and_raised(
        self, gateway: StripeGateway, local: LocalStripe, caplog: pytest.LogCaptureFixture
    ) -> None:
        intent = made(gateway)
        local.fail("/v1/payment_intents/.*", Moment.ERROR)

        with pytest.raises(GatewayDownError) as down:
            gateway.cancel(intent_id=intent.id, key="cancel")
        with pytest.raises(GatewayRefusedError) as refused:
            gateway.capture(intent_id=intent.id, amount=euros(1), key="capture")

        shown = f"{gateway!r} {down.value!r} {refused.value!r} {refused.value.extra} {caplog.text}"
        assert SECRET_KEY not in shown
        assert WEBHOOK_SECRET not in shown
        assert intent.client_secret
        assert intent.client_secret not in shown
        # The errors of the SDK hold the answer, and in it the client secret.
        assert [down.value.__context__, refused.value.__context__] == [None, None]

    def test_that_are_wrong_leave_everything_to_be_repeated(
        self, local: LocalStripe, clock: FakeClock
    ) -> None:
        http_client = WsgiHttpClient(local.app)
        client = connect(key="wrong", api_base="http://local", http_client=http_client, tries_again=0)

        with pytest.raises(GatewayDownError):
            made(StripeGateway(client, (), clock))


class TestFailures:
    @pytest.mark.parametrize(
        ("moment", "intents"),
        [(Moment.BEFORE, 0), (Moment.AFTER, 1), (Moment.ERROR, 0), (Moment.BUSY, 0)],
    )
    def test_leave_open_whether_it_was_done_and_the_key_finds_out(
        self, gateway: StripeGateway, local: LocalStripe, moment: Moment, intents: int
    ) -> None:
        local.fail("/v1/payment_intents", moment)

        with pytest.raises(GatewayDownError):
            made(gateway)

        assert len(local.events("payment_intent.created")) == intents
        assert made(gateway).status is IntentStatus.REQUIRES_PAYMENT_METHOD
        assert len(local.events("payment_intent.created")) == 1

    @pytest.mark.parametrize(
        "ask",
        [
            lambda g: g.refunds(intent_id="pi_1"),
            lambda g: g.intent(intent_id="pi_1"),
            lambda g: g.confirm(
                intent_id="pi_1", payment_method="pm_1", return_url="https://x.example", key="k"
            ),
        ],
    )
    def test_are_the_same_whatever_was_asked(
        self, gateway: StripeGateway, local: LocalStripe, ask: Callable[[StripeGateway], object]
    ) -> None:
        for method in ("GET", "POST"):
            local.fail(".*", Moment.ERROR, method=method)

        with pytest.raises(GatewayDownError):
            ask(gateway)

    def test_are_also_when_nobody_listens(self, clock: FakeClock) -> None:
        http_client = over_network()
        client = connect(
            key="sk_test_x", api_base="http://127.0.0.1:1", http_client=http_client, tries_again=0
        )

        with pytest.raises(GatewayDownError, match="does not answer"):
            StripeGateway(client, (), clock).transfers(group="ord_1")
        http_client.close()


class TestRefusals:
    def test_name_the_kind_of_error_where_stripe_has_no_code(
        self, gateway: StripeGateway, local: LocalStripe
    ) -> None:
        intent = made(gateway)
        pay(local, intent.id)

        with pytest.raises(GatewayRefusedError) as refused:
            gateway.refund(intent_id=intent.id, amount=euros(10_001), reference="rfd_1", key="r")

        assert refused.value.code == "invalid_request_error"
        assert refused.value.detail.startswith("The payment gateway refuses: Refund amount (100.01 eur)")

    def test_of_a_confirmation_are_no_declines(self, gateway: StripeGateway, local: LocalStripe) -> None:
        intent = made(gateway)
        pay(local, intent.id)

        with pytest.raises(GatewayRefusedError) as refused:
            gateway.confirm(
                intent_id=intent.id, payment_method="pm_card_visa", return_url="https://x.example", key="c"
            )

        assert refused.value.code == "payment_intent_unexpected_state"
