"""Priced listings: one query for each table, however many providers and days."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time

import pytest
import svcs
from flask import Flask
from sqlalchemy import event

from backend.domains.pricing.listing import PricedSlot, SlotListing
from backend.domains.pricing.service import QuoteService
from backend.infra.postgres import db
from backend.kernel.errors import InvalidError
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.availability import make_schedule
from tests.factories.catalog import make_product, make_provider
from tests.factories.identity import make_user

MONDAY = date(2026, 12, 14)
NEXT_MONDAY = date(2026, 12, 21)


def consultant(*, currency: str = "EUR") -> str:
    provider = make_provider(experience_years=5, currency=currency, timezone="UTC")
    make_schedule(provider.id, hours=((time(9), time(20)),))
    make_product(provider, price=Money(10000, currency), max_party=4)
    return provider.id


def list_week(
    *provider_ids: str, party: int = 1, currency: str | None = None, user_id: str | None = None
) -> list[PricedSlot]:
    return svcs.flask.get(SlotListing).list(
        provider_ids=provider_ids,
        first=MONDAY,
        last=NEXT_MONDAY,
        party=party,
        currency=currency,
        user_id=user_id,
        now=NOW,
    )


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    connection = db.session.connection()
    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


class TestSlotListing:
    def test_prices_each_slot_by_when_it_starts(self, app: Flask) -> None:
        listed = list_week(consultant())

        mondays = [p for p in listed if p.slot.starts_at.date() == MONDAY]
        totals = {p.slot.starts_at.hour: p.price.total.minor for p in mondays}
        assert totals[9] == 10000
        assert totals[17] == 12500

    def test_tells_the_customer_why(self, app: Flask) -> None:
        listed = list_week(consultant())

        evening = next(p for p in listed if p.slot.starts_at.hour == 17 and p.slot.starts_at.weekday() == 0)
        assert evening.price.reasons == [evening.price.lines[1].label]

    @pytest.mark.parametrize("providers", [1, 5])
    def test_reads_in_four_statements_however_many_providers(self, app: Flask, providers: int) -> None:
        ids = [consultant() for _ in range(providers)]

        with counted_statements() as statements:
            listed = list_week(*ids)

        assert len(listed) >= 50 * providers
        assert len(statements) == 4

    def test_costs_what_a_quote_for_the_slot_costs(self, app: Flask) -> None:
        user = make_user(loyalty_tier="silver")
        listed = list_week(consultant(), party=4, user_id=user.id)

        for priced in listed[::9]:
            quote = svcs.flask.get(QuoteService).make(
                user_id=user.id, slot_id=priced.slot.id, party=4, currency=None, now=NOW
            )
            assert quote.total == priced.price.total

    def test_refuses_a_currency_in_which_a_provider_does_not_sell(self, app: Flask) -> None:
        with pytest.raises(InvalidError, match="sells in EUR"):
            list_week(consultant(), currency="USD")

    def test_of_no_provider_is_empty(self, app: Flask) -> None:
        assert list_week() == []
