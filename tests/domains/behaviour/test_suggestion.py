from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.behaviour.suggestion import Supply, suggested_change

demands = st.decimals("0.01", 100, places=2)
supplies = st.builds(Supply, st.integers(0, 10_000), st.integers(0, 10_000), st.none() | st.integers(-5, 700))


class TestSuggestedChange:
    @pytest.mark.parametrize(
        ("demand", "supply", "expected"),
        [
            ("1", None, "0.0"),
            ("2", None, "7.3"),
            ("0.5", None, "-7.3"),
            # Two fifths of a plane are sold two weeks ahead, as usual.
            ("1", Supply(40, 60, 14), "0.0"),
            # All but a few places, eight weeks ahead.
            ("1", Supply(95, 5, 56), "20.2"),
            # Hardly any, on the day itself.
            ("1", Supply(5, 95, 0), "-17.8"),
            # Goods: as many sold in four weeks as are left; then a slow mover.
            ("1", Supply(40, 40, None), "0.0"),
            ("1", Supply(0, 500, None), "-13.6"),
            # Goods that came in today, and a week ago.
            ("1", Supply(0, 500, None, on_sale_days=0), "0.0"),
            ("1", Supply(0, 500, None, on_sale_days=7), "-3.7"),
        ],
    )
    def test_says_what_the_formula_says(self, demand: str, supply: Supply | None, expected: str) -> None:
        assert suggested_change(demand=Decimal(demand), supply=supply) == Decimal(expected)

    @given(demands, st.none() | supplies)
    def test_stays_within_its_bounds(self, demand: Decimal, supply: Supply | None) -> None:
        assert -30 <= suggested_change(demand=demand, supply=supply) <= 30

    @given(demands, demands, st.none() | supplies)
    def test_rises_with_demand(self, one: Decimal, other: Decimal, supply: Supply | None) -> None:
        low, high = sorted([one, other])

        assert suggested_change(demand=low, supply=supply) <= suggested_change(demand=high, supply=supply)

    @given(demands, supplies, st.integers(1, 100))
    def test_rises_with_what_is_taken(self, demand: Decimal, supply: Supply, sold: int) -> None:
        sold = min(sold, int(supply.left))
        after = Supply(supply.taken + sold, supply.left - sold, supply.lead_days)

        before = suggested_change(demand=demand, supply=supply)
        assert before <= suggested_change(demand=demand, supply=after)

    @given(demands, st.integers(0, 500), st.integers(0, 500), st.integers(0, 400), st.integers(0, 400))
    def test_rises_with_the_days_left_to_sell_the_rest(
        self, demand: Decimal, taken: int, left: int, one: int, other: int
    ) -> None:
        late, early = sorted([one, other])

        told = [suggested_change(demand=demand, supply=Supply(taken, left, days)) for days in (late, early)]

        assert told == sorted(told)
