"""The data set that ships with the product."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from currency_converter import CURRENCY_FILE

from backend.domains.currency.rates import Origin
from backend.domains.currency.shipped import ShippedRates


@pytest.fixture(scope="module")
def shipped() -> ShippedRates:
    return ShippedRates(Path(CURRENCY_FILE))


class TestShippedRates:
    def test_are_those_of_the_day(self, shipped: ShippedRates) -> None:
        dollar = shipped.on(date(2023, 12, 29))["USD"]

        assert (dollar.rate, dollar.day, dollar.origin) == (
            Decimal("1.105"),
            date(2023, 12, 29),
            Origin.ECB,
        )

    def test_are_those_of_the_last_working_day_on_a_weekend(self, shipped: ShippedRates) -> None:
        assert shipped.on(date(2023, 12, 31)) == shipped.on(date(2023, 12, 29))

    def test_of_days_to_come_are_the_newest(self, shipped: ShippedRates) -> None:
        newest = shipped.newest_day()

        assert shipped.on(date(2099, 1, 1)) is shipped.on(newest)
        assert {rate.day for rate in shipped.on(newest).values()} == {newest}

    def test_begin_with_the_euro(self, shipped: ShippedRates) -> None:
        assert shipped.on(date(1998, 12, 31)) == {}
        assert shipped.on(date(1999, 1, 4))["USD"].rate == Decimal("1.1789")

    @pytest.mark.parametrize(("currency", "last"), [("RUB", date(2022, 3, 1)), ("ISK", date(2008, 12, 9))])
    def test_that_are_published_no_longer_are_missing(
        self, shipped: ShippedRates, currency: str, last: date
    ) -> None:
        assert currency in shipped.on(last)
        assert currency not in shipped.on(date(last.year, last.month, last.day + 1))

    def test_are_read_as_written_never_by_way_of_a_float(self, shipped: ShippedRates) -> None:
        rates = shipped.on(date(2026, 10, 30))

        assert str(rates["IDR"].rate) == "20275.17"
        assert str(rates["ISK"].rate) == "136"
