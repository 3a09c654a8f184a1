"""The arithmetic of exchange: pure, over currencies with none, two and three decimals."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.currency.rates import (
    EuroRate,
    Origin,
    Rate,
    RateMissingError,
    TooMuchToConvertError,
    cross,
    same,
)
from backend.kernel.money import MAX_MINOR, Money, exponent, total

DAY = date(2026, 12, 4)
CURRENCIES = ["EUR", "USD", "JPY", "KWD"]

currencies = st.sampled_from(CURRENCIES)
minors = st.integers(-(10**9), 10**9)
margins = st.decimals("0", "25", places=2)


def euro_rate(currency: str, rate: str | Decimal, day: date = DAY, origin: Origin = Origin.ECB) -> EuroRate:
    return EuroRate(currency, Decimal(rate), day, origin)


@st.composite
def known_rates(draw: st.DrawFn) -> dict[str, EuroRate]:
    spans = {"USD": ("0.5", "2"), "JPY": ("80", "300"), "KWD": ("0.2", "0.6")}
    return {code: euro_rate(code, draw(st.decimals(*span, places=5))) for code, span in spans.items()}


def rate_of(source: str, target: str, known: dict[str, EuroRate], margin: Decimal = Decimal(0)) -> Rate:
    return (
        same(source, on=DAY)
        if source == target
        else cross(source, target, known=known, margin=margin, on=DAY)
    )


class TestCross:
    def test_goes_by_way_of_the_euro(self) -> None:
        known = {"USD": euro_rate("USD", "1.25"), "JPY": euro_rate("JPY", "175")}

        rate = cross("USD", "JPY", known=known, margin=Decimal("0.5"), on=DAY)

        assert (rate.mid, rate.rate) == (Decimal(140), Decimal("140.7"))

    def test_is_written_without_exponents(self) -> None:
        known = {"ISK": euro_rate("ISK", "100")}

        rate = cross("EUR", "ISK", known=known, margin=Decimal(0), on=DAY)

        assert str(rate.rate) == "100"

    def test_is_as_old_as_the_older_of_its_rates(self) -> None:
        older = date(2026, 12, 1)
        known = {
            "USD": euro_rate("USD", "1.25", day=older),
            "JPY": euro_rate("JPY", "175", origin=Origin.FEED),
        }

        rate = cross("USD", "JPY", known=known, margin=Decimal(0), on=DAY)

        assert (rate.day, rate.age_days, rate.origin) == (older, 3, Origin.ECB)

    def test_is_by_staff_where_one_of_its_rates_is(self) -> None:
        known = {
            "USD": euro_rate("USD", "1.25", day=date(2026, 12, 1)),
            "JPY": euro_rate("JPY", "175", origin=Origin.STAFF),
        }

        rate = cross("USD", "JPY", known=known, margin=Decimal(0), on=DAY)

        assert rate.origin is Origin.STAFF

    @pytest.mark.parametrize("pair", [("EUR", "KWD"), ("KWD", "EUR"), ("KWD", "USD")])
    def test_is_never_guessed(self, pair: tuple[str, str]) -> None:
        known = {"USD": euro_rate("USD", "1.25")}

        with pytest.raises(RateMissingError, match="no exchange rate for KWD") as caught:
            cross(*pair, known=known, margin=Decimal(0), on=DAY)

        assert caught.value.extra == {"currency": "KWD", "currencies": ["EUR", "USD"]}


class TestApply:
    @pytest.mark.parametrize(
        ("target", "minor"), [("JPY", 17568), ("KWD", 33333), ("USD", 11172), ("EUR", 10000)]
    )
    def test_knows_how_many_decimals_a_currency_has(self, target: str, minor: int) -> None:
        known = {
            "JPY": euro_rate("JPY", "175.68"),
            "KWD": euro_rate("KWD", "0.33333"),
            "USD": euro_rate("USD", "1.1172"),
        }

        assert rate_of("EUR", target, known).apply(Money(10000, "EUR")) == Money(minor, target)

    def test_refuses_another_currency(self) -> None:
        rate = same("EUR", on=DAY)

        with pytest.raises(ValueError, match="does not convert USD"):
            rate.apply(Money(1, "USD"))

    def test_refuses_what_would_be_too_much(self) -> None:
        rate = rate_of("EUR", "JPY", {"JPY": euro_rate("JPY", "17568")})

        with pytest.raises(TooMuchToConvertError):
            rate.apply(Money(MAX_MINOR, "EUR"))

    @given(known_rates(), currencies, currencies, minors)
    def test_there_and_back_comes_within_the_rounding(
        self, known: dict[str, EuroRate], source: str, target: str, minor: int
    ) -> None:
        there, back = rate_of(source, target, known), rate_of(target, source, known)

        again = back.apply(there.apply(Money(minor, source)))

        # Half a minor unit of the target, in minor units of the source, and half a one of the source.
        half = back.rate.scaleb(exponent(source) - exponent(target)) / 2
        assert abs(again.minor - minor) <= half + 1

    @given(known_rates(), currencies, currencies, margins, minors, minors)
    def test_more_money_never_becomes_less(
        self,
        known: dict[str, EuroRate],
        source: str,
        target: str,
        margin: Decimal,
        one: int,
        other: int,
    ) -> None:
        rate = rate_of(source, target, known, margin)

        less, more = (rate.apply(Money(minor, source)) for minor in sorted([one, other]))

        assert less <= more

    @given(known_rates(), currencies, currencies, margins, minors)
    def test_is_symmetric_about_nothing(
        self, known: dict[str, EuroRate], source: str, target: str, margin: Decimal, minor: int
    ) -> None:
        rate = rate_of(source, target, known, margin)

        assert rate.apply(Money(-minor, source)) == -rate.apply(Money(minor, source))
        assert rate.apply(Money.zero(source)) == Money.zero(target)

    @given(known_rates(), currencies, currencies, margins, minors)
    def test_is_the_same_again_from_the_rate_as_it_is_stored(
        self, known: dict[str, EuroRate], source: str, target: str, margin: Decimal, minor: int
    ) -> None:
        rate = rate_of(source, target, known, margin)
        stored = Decimal(f"{rate.rate:f}")

        assert stored == rate.rate
        assert len(stored.as_tuple().digits) <= 18

    @given(known_rates(), currencies, currencies, margins, st.integers(0, 10**9))
    def test_a_margin_never_makes_it_cheaper(
        self, known: dict[str, EuroRate], source: str, target: str, margin: Decimal, minor: int
    ) -> None:
        dear, plain = rate_of(source, target, known, margin), rate_of(source, target, known)

        assert dear.apply(Money(minor, source)) >= plain.apply(Money(minor, source))


class TestApplyToParts:
    @given(known_rates(), currencies, currencies, margins, st.lists(minors, max_size=12))
    def test_the_parts_sum_exactly_and_each_is_within_one_minor_unit(
        self, known: dict[str, EuroRate], source: str, target: str, margin: Decimal, lines: list[int]
    ) -> None:
        rate = rate_of(source, target, known, margin)
        parts = [Money(minor, source) for minor in lines]

        converted = rate.apply_to_parts(parts)

        assert total(converted, target) == rate.apply(total(parts, source))
        assert len(converted) == len(parts)
        for part, one in zip(parts, converted, strict=True):
            assert abs(one.minor - rate.apply(part).minor) <= 1

    def test_of_nothing_are_none(self) -> None:
        assert same("EUR", on=DAY).apply_to_parts([]) == []
