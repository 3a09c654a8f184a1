from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.waitlist.waiting import served


@dataclass(frozen=True)
class Party:
    number: int
    party: int


def queue_of(*parties: int) -> list[Party]:
    return [Party(number, party) for number, party in enumerate(parties)]


class TestServed:
    @pytest.mark.parametrize(
        ("parties", "seats_left", "expected"),
        [
            ((1, 1, 1), 2, [0, 1]),
            ((3, 1, 2), 2, [1]),
            ((2, 2, 1), 3, [0, 2]),
            ((1,), 0, []),
            ((), 5, []),
        ],
    )
    def test_serves_in_order_and_passes_over_who_does_not_fit(
        self, parties: tuple[int, ...], seats_left: int, expected: list[int]
    ) -> None:
        found = [entry.number for entry in served(queue_of(*parties), seats_left=seats_left)]

        assert found == expected

    @given(st.lists(st.integers(1, 12), max_size=20), st.integers(0, 30))
    def test_never_gives_more_than_there_is_and_leaves_nobody_who_would_have_fitted(
        self, parties: list[int], seats_left: int
    ) -> None:
        queue = queue_of(*parties)

        chosen = list(served(queue, seats_left=seats_left))

        given_away = sum(entry.party for entry in chosen)
        assert given_away <= seats_left
        assert chosen == sorted(chosen, key=lambda entry: entry.number)
        assert all(entry.party > seats_left - given_away for entry in queue if entry not in chosen)
