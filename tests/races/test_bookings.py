import pytest

from tests.conftest import Stores
from tests.races.booking_race import race

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)


class TestACrowdThatBooksAtOnce:
    def test_gets_every_seat_exactly_once(self, own_stores: Stores) -> None:
        outcome = race(own_stores, singles=5, seats=4, processes=2, threads=20)

        assert outcome.singles == {201: 5, 409: 35}
        assert outcome.class_seats == {201: 4, 409: 36}
        assert outcome.answered == outcome.stored
        assert outcome.sold_singles == 5
        assert outcome.sold_class_seats == outcome.counted_class_seats == 4
