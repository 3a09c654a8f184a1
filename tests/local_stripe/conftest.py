import pytest

from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.fakes.clock import FakeClock
from tests.local_stripe.calling import Api


@pytest.fixture
def clock(shared_clock: FakeClock) -> FakeClock:
    """The clock of the gateway, at `NOW`."""
    shared_clock.set(NOW)
    return shared_clock


@pytest.fixture
def local(shared_local_stripe: LocalStripe, clock: FakeClock) -> LocalStripe:
    """A gateway that has seen nothing. It is made once, which takes longer than most tests."""
    shared_local_stripe.clear()
    return shared_local_stripe


@pytest.fixture
def api(local: LocalStripe) -> Api:
    """Its API."""
    return Api(local)
