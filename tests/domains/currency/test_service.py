"""Which of several rates holds, how old it may be, and what a conversion asks of the database."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import svcs
from flask import Flask
from sqlalchemy import event

from backend.domains.currency.models import CurrencyRateRow
from backend.domains.currency.overrides import RateOverrides
from backend.domains.currency.rates import Origin, RateTooOldError
from backend.domains.currency.service import ExchangeRates
from backend.infra.postgres import db
from backend.kernel import ids
from backend.kernel.money import Money
from tests.conftest import NOW

ADMIN = "usr_admin"


@pytest.fixture
def exchange(app: Flask) -> ExchangeRates:
    return svcs.flask.get(ExchangeRates)


def set_by_staff(rate: str, *, currency: str = "USD", at: datetime = NOW) -> None:
    svcs.flask.get(RateOverrides).set(
        currency=currency, rate=Decimal(rate), note="As agreed", by=ADMIN, now=at
    )


def fed(rate: str, *, days_ago: int, currency: str = "USD") -> None:
    db.session.add(
        CurrencyRateRow(
            id=ids.new_id(ids.CURRENCY_RATE),
            currency=currency,
            rate=Decimal(rate),
            day=(NOW - timedelta(days=days_ago)).date(),
            source=Origin.FEED.value,
            set_at=NOW - timedelta(days=days_ago),
        )
    )
    db.session.flush()


def mid(exchange: ExchangeRates, at: datetime = NOW) -> Decimal:
    return exchange.rate(source="EUR", target="USD", at=at).mid


class TestWhichRateHolds:
    def test_the_newest_day_of_the_feed_over_the_shipped_one(self, exchange: ExchangeRates) -> None:
        fed("1.15", days_ago=1)
        fed("1.14", days_ago=2)

        assert mid(exchange) == Decimal("1.15")
        assert mid(exchange, NOW - timedelta(days=2)) == Decimal("1.14")

    def test_the_shipped_one_over_an_older_day_of_the_feed(self, exchange: ExchangeRates) -> None:
        fed("1.15", days_ago=100)

        assert mid(exchange) == Decimal("1.1172")

    def test_what_staff_set_over_a_newer_day_of_the_feed(self, exchange: ExchangeRates) -> None:
        set_by_staff("1.2", at=NOW - timedelta(days=2))
        fed("1.15", days_ago=1)

        assert mid(exchange) == Decimal("1.2")

    def test_what_staff_set_last(self, exchange: ExchangeRates) -> None:
        set_by_staff("1.2", at=NOW - timedelta(hours=1))
        set_by_staff("1.3")

        assert mid(exchange) == Decimal("1.3")
        assert mid(exchange, NOW - timedelta(minutes=1)) == Decimal("1.2")


class TestConvert:
    def test_adds_the_margin_of_the_rules(self, exchange: ExchangeRates) -> None:
        dollars = exchange.convert(money=Money(100_00, "EUR"), target="USD", at=NOW)
        kroner = exchange.convert(money=Money(100_00, "EUR"), target="DKK", at=NOW)

        assert dollars.after == Money(112_28, "USD")
        assert [one.rate.margin for one in (dollars, kroner)] == [Decimal("0.5"), Decimal("0.1")]

    def test_asks_the_database_once_for_any_number_of_pairs(self, exchange: ExchangeRates) -> None:
        asked: list[str] = []
        connection = db.session.connection()
        exchange.rate(source="EUR", target="USD", at=NOW)

        def note(_connection, _cursor, statement, *_rest) -> None:
            asked.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        exchange.rates(pairs=[("EUR", "USD"), ("GBP", "USD"), ("JPY", "USD"), ("USD", "USD")], at=NOW)
        event.remove(connection, "before_cursor_execute", note)

        assert len(asked) == 1

    def test_of_a_currency_into_itself_asks_nothing(self, exchange: ExchangeRates) -> None:
        alone = replace(exchange, session=None, margin=None)

        assert alone.convert(money=Money(5, "KWD"), target="KWD", at=NOW).after == Money(5, "KWD")


class TestAge:
    @pytest.fixture
    def strict(self, exchange: ExchangeRates) -> ExchangeRates:
        return replace(exchange, max_age_days=7)

    def test_a_rate_that_is_too_old_is_refused_in_words(self, strict: ExchangeRates) -> None:
        with pytest.raises(
            RateTooOldError, match="for USD is 38 days old, of 2026-10-30; at most 7"
        ) as error:
            mid(strict)

        assert error.value.extra == {"currency": "USD", "day": "2026-10-30", "age_days": 38}

    def test_a_week_is_young_enough(self, strict: ExchangeRates) -> None:
        fed("1.15", days_ago=7)

        assert mid(strict) == Decimal("1.15")

    def test_what_staff_set_never_gets_too_old(self, strict: ExchangeRates) -> None:
        set_by_staff("1.2", at=NOW - timedelta(days=300))

        assert mid(strict) == Decimal("1.2")

    def test_the_list_shows_the_old_ones_too(self, strict: ExchangeRates) -> None:
        assert {rate.age_days for rate in strict.listed(base="EUR", at=NOW)} == {38}


class TestHistoryOfRates:
    @pytest.mark.parametrize(
        "change",
        ["UPDATE currency_rates SET rate = 2", "DELETE FROM currency_rates", "TRUNCATE currency_rates"],
    )
    def test_is_kept_by_the_database(self, exchange: ExchangeRates, change: str) -> None:
        set_by_staff("1.2")

        with pytest.raises(Exception, match="append-only"):
            db.session.connection().exec_driver_sql(change)
