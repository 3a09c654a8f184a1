from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.money import CurrencyError, Money, exponent, round_minor, total

currencies = st.sampled_from(["EUR", "USD", "JPY", "KWD"])
amounts = st.builds(Money, st.integers(-(10**11), 10**11), currencies)


class TestMoney:
    @pytest.mark.parametrize(("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
    def test_knows_the_decimals_of_iso_4217(self, currency: str, decimals: int) -> None:
        assert exponent(currency) == decimals

    @pytest.mark.parametrize("code", ["XXX", "EURO", "eur", ""])
    def test_refuses_what_is_no_currency(self, code: str) -> None:
        with pytest.raises(CurrencyError, match="ISO 4217"):
            Money(1, code)

    def test_reads_major_units(self) -> None:
        assert Money.of("12.50", "EUR") == Money(1250, "EUR")
        assert Money.of("12", "JPY") == Money(12, "JPY")
        assert Money.of("1.234", "KWD") == Money(1234, "KWD")

    def test_never_rounds_what_it_reads(self) -> None:
        with pytest.raises(CurrencyError, match="more decimals"):
            Money.of("0.001", "EUR")

    def test_refuses_a_sum_of_two_currencies(self) -> None:
        with pytest.raises(CurrencyError, match="convert"):
            Money(1, "EUR") + Money(1, "USD")

    def test_refuses_floats(self) -> None:
        with pytest.raises(TypeError):
            Money(1, "EUR") * 0.5  # type: ignore[operator]
        with pytest.raises(TypeError):
            Money(1.5, "EUR")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("value", "rounded"), [("0.5", 1), ("-0.5", -1), ("1.5", 2), ("2.5", 3), ("2.49", 2)]
    )
    def test_rounds_half_away_from_zero(self, value: str, rounded: int) -> None:
        assert round_minor(Decimal(value)) == rounded

    @given(amounts)
    def test_reads_what_it_writes(self, money: Money) -> None:
        assert Money.of(money.amount, money.currency) == money

    @given(amounts, st.decimals(-100, 100, places=3))
    def test_a_percentage_is_as_far_below_as_above_zero(self, money: Money, rate: Decimal) -> None:
        assert (-money).percent(rate) == -money.percent(rate)

    def test_compares_amounts_of_one_currency_only(self) -> None:
        assert Money(1, "EUR") < Money(2, "EUR")
        assert Money(2, "EUR") >= Money(2, "EUR")
        with pytest.raises(CurrencyError):
            assert Money(1, "EUR") < Money(2, "USD")


class TestSplit:
    @given(amounts, st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
    def test_shares_sum_exactly_to_the_whole(self, money: Money, weights: list[int]) -> None:
        shares = money.split(weights)

        assert total(shares, money.currency) == money

    @given(amounts, st.lists(st.integers(0, 1000), min_size=1, max_size=20).filter(any))
    def test_every_share_is_within_one_unit_of_its_part(self, money: Money, weights: list[int]) -> None:
        shares = money.split(weights)

        for share, weight in zip(shares, weights, strict=True):
            assert abs(share.minor - Decimal(money.minor) * weight / sum(weights)) < 1

    def test_equal_remainders_go_to_the_earlier_share(self) -> None:
        assert [s.minor for s in Money(100, "EUR").split([1, 1, 1])] == [34, 33, 33]

    @pytest.mark.parametrize("weights", [[], [0, 0], [-1, 2]])
    def test_refuses_weights_that_share_nothing(self, weights: list[int]) -> None:
        with pytest.raises(ValueError, match="weights"):
            Money(100, "EUR").split(weights)
