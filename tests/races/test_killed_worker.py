from pathlib import Path

import pytest

from tests.conftest import Stores
from tests.races.killed_worker import book_while_killing

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)


class TestWorkersKilledInTheMiddleOfBookings:
    def test_lose_no_answered_booking_and_leave_nothing_half_made(
        self, own_stores: Stores, tmp_path: Path
    ) -> None:
        aftermath = book_while_killing(own_stores, bookings=96, kills=1, log=tmp_path / "server.log")

        assert aftermath.kills > 0
        assert len(aftermath.answered) > 0
        assert aftermath.lost == frozenset()
        assert aftermath.refused == 0
        assert set(aftermath.halves.values()) == {0}, aftermath.halves
        assert aftermath.held_before_expiry > 0
        assert aftermath.seats_missing_after_expiry == 0
