from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.time import (
    Period,
    ZoneError,
    merge,
    subtract,
    utc,
    wall_to_utc,
    wall_to_utc_or_after,
    zone,
)

PARIS = zone("Europe/Paris")
SPRING = date(2027, 3, 28)
AUTUMN = date(2026, 10, 25)
START = datetime(2026, 1, 1, tzinfo=UTC)


def hours(first: int, last: int) -> Period:
    return Period(START + timedelta(hours=first), START + timedelta(hours=last))


periods = st.builds(lambda a, n: hours(a, a + n), st.integers(0, 60), st.integers(1, 20))


def covered(those: list[Period]) -> set[int]:
    return {h for h in range(100) for p in those if p.start <= START + timedelta(hours=h) < p.end}


class TestWallClock:
    def test_a_skipped_wall_time_does_not_exist(self) -> None:
        assert wall_to_utc(SPRING, time(2, 30), PARIS) is None

    def test_a_doubled_wall_time_is_the_first_of_the_two(self) -> None:
        assert wall_to_utc(AUTUMN, time(2, 30), PARIS) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    def test_an_edge_in_the_gap_is_where_the_gap_ends(self) -> None:
        assert wall_to_utc_or_after(SPRING, time(2, 30), PARIS) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)

    def test_an_unknown_zone_is_named(self) -> None:
        with pytest.raises(ZoneError, match="Mars/Base"):
            zone("Mars/Base")

    @pytest.mark.parametrize("name", ["../etc/passwd", "", "/etc/localtime", "Europe"])
    def test_a_zone_is_never_a_path(self, name: str) -> None:
        with pytest.raises(ZoneError):
            zone(name)

    def test_a_naive_instant_is_refused(self) -> None:
        with pytest.raises(ValueError, match="zone"):
            utc(datetime(2026, 1, 1))  # noqa: DTZ001


class TestPeriod:
    def test_two_that_touch_do_not_overlap(self) -> None:
        assert not hours(0, 1).overlaps(hours(1, 2))
        assert hours(0, 2).overlaps(hours(1, 3))

    def test_must_end_after_it_starts(self) -> None:
        with pytest.raises(ValueError, match="ends after"):
            hours(1, 1)

    @given(st.lists(periods))
    def test_merging_keeps_the_same_time(self, those: list[Period]) -> None:
        merged = merge(those)

        assert covered(merged) == covered(those)
        assert all(a.end < b.start for a, b in pairwise(merged))

    @given(st.lists(periods), st.lists(periods))
    def test_subtracting_leaves_what_is_in_no_hole(self, those: list[Period], holes: list[Period]) -> None:
        assert covered(subtract(those, holes)) == covered(those) - covered(holes)
