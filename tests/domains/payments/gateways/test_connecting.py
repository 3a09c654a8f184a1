import pytest

from backend.domains.payments.gateway import GatewayRefusedError
from backend.domains.payments.gateways.connecting import Unconfigured, connect
from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from tests.fakes.clock import FakeClock


class TestUnconfigured:
    def test_refuses_in_words_without_asking_anybody(self, clock: FakeClock) -> None:
        client = connect(key="none", api_base="https://nobody.example", http_client=Unconfigured())
        gateway = StripeGateway(client, (), clock)

        with pytest.raises(GatewayRefusedError) as refused:
            gateway.intent(intent_id="pi_1")

        assert refused.value.code == "gateway_not_configured"
        assert refused.value.detail.endswith("or let the operator set STRIPE_SECRET_KEY.")
