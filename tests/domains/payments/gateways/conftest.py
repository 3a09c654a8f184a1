from collections.abc import Iterator

import pytest

from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from backend.local_stripe.local import LocalStripe
from tests.factories.payments import gateway_of, open_local_stripe
from tests.fakes.clock import FakeClock


@pytest.fixture
def local(clock: FakeClock) -> Iterator[LocalStripe]:
    """A gateway that has seen nothing."""
    with open_local_stripe(clock) as made:
        yield made


@pytest.fixture
def gateway(local: LocalStripe, clock: FakeClock) -> StripeGateway:
    """The adapter, talking to `local`."""
    return gateway_of(local, clock)
