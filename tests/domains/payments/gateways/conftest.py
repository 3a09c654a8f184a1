import pytest

from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.factories.payments import gateway_of
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock(shared_clock: FakeClock) -> FakeClock:
    """The clock of the gateway, at `NOW`."""
    shared_clock.set(NOW)
    return shared_clock


@pytest.fixture
def local(shared_local_stripe: LocalStripe, clock: FakeClock) -> LocalStripe:
    """A gateway that has seen nothing."""
    shared_local_stripe.clear()
    return shared_local_stripe


@pytest.fixture
def gateway(local: LocalStripe, clock: FakeClock) -> StripeGateway:
    """The adapter, talking to `local`."""
    return gateway_of(local, clock)
