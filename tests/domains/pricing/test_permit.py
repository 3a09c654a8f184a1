"""Whether a quote may be booked so: the rules that made it are asked again about the way of paying."""

from datetime import UTC, datetime, time, timedelta

import pytest
import svcs
from flask import Flask

from backend.domains.availability.service import AvailabilityService
from backend.domains.availability.slot_ids import slot_id
from backend.domains.pricing.service import NotSoldError, QuoteService
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.availability import make_schedule
from tests.factories.catalog import make_product, make_provider
from tests.factories.identity import make_user

START = datetime(2026, 12, 8, 10, 0, tzinfo=UTC)


def permitted(*, before_start: timedelta, payment_method: str, party: int = 1) -> bool:
    """Ask about a quote of a new user, for a slot of a new provider, so long before the slot starts."""
    provider = make_provider(timezone="UTC")
    make_schedule(provider.id, hours=((time(9), time(21)),), mode="inventory", units=20)
    product = make_product(provider, price=Money(10000, "EUR"), max_party=20)
    user = make_user()
    wanted = slot_id(product_id=product.id, starts_at=START)
    quotes = svcs.flask.get(QuoteService)
    quote = quotes.make(user_id=user.id, slot_id=wanted, party=party, currency=None, now=NOW)
    slot = svcs.flask.get(AvailabilityService).slot(slot_id=wanted, now=NOW, user_id=user.id)
    return quotes.permit(
        quote=quote, slot=slot, user_id=user.id, payment_method=payment_method, now=START - before_start
    )


class TestPermit:
    def test_refuses_to_be_paid_on_site_so_close_to_the_start(self, app: Flask) -> None:
        with pytest.raises(NotSoldError, match="paid by card"):
            permitted(before_start=timedelta(minutes=30), payment_method="on_site")

    def test_allows_it_in_time(self, app: Flask) -> None:
        assert not permitted(before_start=timedelta(hours=1), payment_method="on_site")

    def test_says_that_a_large_party_waits_for_approval(self, app: Flask) -> None:
        assert permitted(before_start=timedelta(hours=5), payment_method="on_site", party=9)

    def test_honours_the_notice_that_held_when_the_price_was_promised(self, app: Flask) -> None:
        assert not permitted(before_start=timedelta(minutes=90), payment_method="on_site")
