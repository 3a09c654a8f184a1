"""Reading the daily feed, and refusing what is none."""

from datetime import date
from decimal import Decimal

import pytest

from backend.domains.currency.feed import DailyRates, FeedRefusedError, read_feed, require_plausible
from backend.domains.currency.rates import EuroRate, Origin
from tests.fakes.feed import daily

FRIDAY = date(2026, 12, 4)
BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01">&b;</gesmes:Envelope>"""


class TestReadFeed:
    def test_finds_the_day_and_its_rates(self) -> None:
        found = read_feed(daily(USD="1.1172", JPY="175.68"))

        assert found == DailyRates(FRIDAY, {"USD": Decimal("1.1172"), "JPY": Decimal("175.68")})

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            (b"", "no XML"),
            (b"<html>", "no XML"),
            (b"\xff\xfe<", "no XML"),
            (b"<html/>", "its root is 'html'"),
            (BOMB, "has no use for"),
            (daily(), "no rates"),
            (daily(day="tomorrow", USD="1.1"), "'tomorrow' is no day"),
            (daily(USD="0"), "'0' is no rate of USD"),
            (daily(USD="-1.1"), "'-1.1' is no rate of USD"),
            (daily(USD="1e3"), "'1e3' is no rate of USD"),
            (daily(USD="NaN"), "'NaN' is no rate of USD"),
            (daily(USD="1,1"), "'1,1' is no rate of USD"),
            (daily(EUR="1"), "'EUR' is no other currency"),
            (daily(ZZZ="1"), "'ZZZ' is no other currency"),
            (
                daily(USD="1.1").replace(b"</Cube></Cube>", b"</Cube><Cube time='2026-12-03'/></Cube>"),
                "2 days",
            ),
        ],
    )
    def test_refuses_what_is_no_feed_and_says_why(self, body: bytes, why: str) -> None:
        with pytest.raises(FeedRefusedError, match=why):
            read_feed(body)


class TestPlausible:
    def known(self, rate: str, origin: Origin = Origin.ECB) -> dict[str, EuroRate]:
        return {"USD": EuroRate("USD", Decimal(rate), date(2026, 10, 30), origin)}

    @pytest.mark.parametrize("before", ["0.55", "2.3"])
    def test_a_rate_that_doubled_or_halved_is_not(self, before: str) -> None:
        found = DailyRates(FRIDAY, {"USD": Decimal("1.12")})

        with pytest.raises(FeedRefusedError, match=f"1.12 USD in it, and was {before} on 2026-10-30"):
            require_plausible(found, today=FRIDAY, known=self.known(before), by_staff={})

    def test_a_day_to_come_is_not(self) -> None:
        with pytest.raises(FeedRefusedError, match="still to come"):
            require_plausible(DailyRates(date(2026, 12, 6), {}), today=FRIDAY, known={}, by_staff={})

    def test_small_changes_and_new_currencies_are(self) -> None:
        found = DailyRates(FRIDAY, {"USD": Decimal("1.12"), "KWD": Decimal("0.33")})

        require_plausible(found, today=FRIDAY, known=self.known("1.0"), by_staff={})

        assert found.rates["KWD"] == Decimal("0.33")

    def test_a_rate_that_doubled_is_once_staff_set_one_near_it(self) -> None:
        found = DailyRates(FRIDAY, {"USD": Decimal("2.4")})
        before, near, far = (
            self.known("1.1"),
            self.known("2.3", Origin.STAFF),
            self.known("1.0", Origin.STAFF),
        )

        require_plausible(found, today=FRIDAY, known=before, by_staff=near)

        with pytest.raises(FeedRefusedError, match="set a rate near it"):
            require_plausible(found, today=FRIDAY, known=before, by_staff=far)
