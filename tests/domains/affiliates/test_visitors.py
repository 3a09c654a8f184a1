import re
from datetime import timedelta

from backend.domains.affiliates.visitors import Visitors
from tests.conftest import NOW

OURS = Visitors("a secret")


class TestVisitors:
    def test_are_the_same_all_day(self) -> None:
        assert OURS.visitor("192.0.2.1", now=NOW) == OURS.visitor("192.0.2.1", now=NOW + timedelta(hours=3))

    def test_are_told_apart_by_address_day_and_secret(self) -> None:
        names = {
            OURS.visitor("192.0.2.1", now=NOW),
            OURS.visitor("192.0.2.2", now=NOW),
            OURS.visitor("192.0.2.1", now=NOW + timedelta(days=1)),
            Visitors("another").visitor("192.0.2.1", now=NOW),
        }

        assert len(names) == 4

    def test_are_never_the_address(self) -> None:
        assert re.fullmatch("[0-9a-f]{32}", OURS.visitor("2001:db8::1", now=NOW))
