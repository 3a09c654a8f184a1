"""Flights and stays of the demonstration."""

from datetime import timedelta

import pytest
import svcs
from flask import Flask

from backend.domains.admin.demo_partners import seed_partners
from backend.domains.admin.demo_travel import ROOMS, SEATS, seed_travel
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.listing import ListedProduct, ProductFilter, ProductListing, Sort
from backend.domains.catalog.stock_keeping import StockKeeping
from backend.domains.pricing.bands import Bands
from backend.domains.pricing.wanted import Item
from backend.infra.postgres import db
from tests.conftest import NOW


@pytest.fixture
def offered(app: Flask) -> list[ListedProduct]:
    """All that there is after the demonstration was written."""
    editing, stock = svcs.flask.get(CatalogEditing, StockKeeping)
    seed_partners(editing=editing, actor_id="demo")
    seed_travel(editing=editing, stock=stock, actor_id="demo", now=NOW)
    db.session.commit()
    found = svcs.flask.get(ProductListing).page(
        where=ProductFilter(supplier="demo"), sort=Sort.NAME, after=None, limit=100, now=NOW
    )
    assert len(found) == len(SEATS) + len(ROOMS)
    return found


class TestSeedTravel:
    def test_is_on_many_routes_and_on_many_days_to_come(self, offered: list[ListedProduct]) -> None:
        starts = {one.product.starts_at for one in offered}

        assert len({one.route for one in SEATS}) >= 12
        assert all(start is not None and NOW + timedelta(days=4) < start for start in starts)
        assert len(starts) > 15

    def test_has_what_is_sold_out_and_what_is_not(self, offered: list[ListedProduct]) -> None:
        sold_out = [one for one in offered if one.stock_quantity == 0]

        assert len(sold_out) == 1
        assert all(one.stock_quantity is not None for one in offered)

    def test_leaves_room_to_bargain(self, offered: list[ListedProduct]) -> None:
        bands = svcs.flask.get(Bands)

        found = [bands.of(item=Item(one.product.id), user_id=None, now=NOW) for one in offered]

        rooms = [1 - band.floor.minor / band.list_price.minor for band in found]
        assert all(0.08 < room < 0.32 for room in rooms), sorted(rooms)
