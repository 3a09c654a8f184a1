"""The "was" price against a brute force that looks at every quarter of a day, and the cases of the law."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from backend.domains.catalog.was_price import Priced, was_price
from backend.kernel.money import Money

START = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER = timedelta(hours=6)
# Quarters of days between the changes, and prices few enough to meet again.
CHANGES = st.lists(st.tuples(st.integers(0, 160), st.integers(1, 5)), min_size=1, max_size=8)


def priced(*changes: tuple[float, int], currency: str = "EUR") -> list[Priced]:
    """Prices by the day on which they began."""
    return [Priced(Money(price, currency), START + timedelta(days=day)) for day, price in changes]


def by_quarters(history: Sequence[Priced]) -> Priced | None:
    """The same, by asking for the price in every quarter of every day."""

    def at(quarter: int) -> int | None:
        there = [one.price.minor for one in history if one.since <= START + quarter * QUARTER]
        return there[-1] if there else None

    last = int((history[-1].since - START) / QUARTER)
    prices = [at(quarter) for quarter in range(last + 1)]
    changes = [q for q in range(1, last + 1) if prices[q] != prices[q - 1] and prices[q - 1] is not None]
    began = None
    for quarter in reversed(changes):
        if prices[quarter] > prices[quarter - 1]:  # type: ignore[operator]
            break
        began = quarter
    if began is None:
        return None
    lowest = min(price for price in prices[max(0, began - 120) : began] if price is not None)
    if lowest <= history[-1].price.minor:
        return None
    return Priced(Money(lowest, "EUR"), START + began * QUARTER)


class TestWasPrice:
    @given(CHANGES)
    @example([(0, 2), (0, 1)])
    @example([(0, 3), (10, 1), (0, 2)])
    def test_is_what_every_quarter_of_every_day_says(self, steps: list[tuple[int, int]]) -> None:
        day, changes = 0.0, []
        for quarters, price in steps:
            day += quarters / 4
            changes.append((day, price))
        history = priced(*changes)

        assert was_price(history) == by_quarters(history)

    @pytest.mark.parametrize(
        ("history", "expected"),
        [
            pytest.param([(0, 100)], None, id="never changed"),
            pytest.param([(0, 100), (40, 80)], (100, 40), id="reduced"),
            pytest.param([(0, 100), (40, 120)], None, id="raised"),
            pytest.param([(0, 100), (40, 80), (50, 70)], (100, 40), id="reduced in steps: one campaign"),
            pytest.param([(0, 100), (40, 80), (90, 70)], (100, 40), id="however long the campaign"),
            pytest.param([(0, 100), (40, 80), (50, 90), (55, 85)], None, id="was cheaper three weeks ago"),
            pytest.param([(0, 100), (40, 80), (50, 90), (55, 70)], (80, 55), id="raised in between"),
            pytest.param([(0, 100), (40, 80), (41, 90), (71.25, 70)], (90, 71.25), id="30 days later"),
            pytest.param([(0, 50), (10, 100), (40, 80)], (100, 40), id="cheap until the window begins"),
            pytest.param([(0, 50), (10.25, 100), (40, 80)], None, id="cheap for a moment of the window"),
            pytest.param([(0, 100), (40, 120), (40.25, 90)], (100, 40.25), id="raised on the same day"),
            pytest.param([(0, 100), (40, 40), (40, 90)], (100, 40), id="a mistake put right at once"),
            pytest.param([(0, 100), (5, 90)], (100, 5), id="on sale for less than 30 days"),
        ],
    )
    def test_of_cases_of_the_law(
        self, history: list[tuple[float, int]], expected: tuple[int, float] | None
    ) -> None:
        found = was_price(priced(*history))

        assert found == (priced((expected[1], expected[0]))[0] if expected else None)

    def test_does_not_cross_a_change_of_currency(self) -> None:
        dollars = priced((0, 100), (10, 200), currency="USD")

        changed = was_price([*dollars, *priced((20, 50))])
        later = was_price([*dollars, *priced((20, 50), (30, 40))])

        assert changed is None
        assert later == priced((30, 50))[0]
