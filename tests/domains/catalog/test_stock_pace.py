from datetime import timedelta

import pytest
from flask import Flask

from backend.domains.catalog.stock import StockService
from backend.domains.catalog.stock_pace import Pace, StockPace
from backend.infra.postgres import db
from tests.conftest import NOW
from tests.factories.catalog import make_product, make_retail

DAY = timedelta(days=1)


@pytest.fixture
def stock(app: Flask) -> StockService:
    return StockService(db.session)


@pytest.fixture
def pace(stock: StockService) -> StockPace:
    return StockPace(db.session, stock)


class TestStockPace:
    def test_counts_what_was_sold_and_did_not_come_back(self, stock: StockService, pace: StockPace) -> None:
        sold = make_retail(stock=20)
        for reference, quantity in (("ord_a", 4), ("ord_b", 3), ("ord_c", 2)):
            stock.reserve(lines=[(sold.id, quantity)], reference=reference, until=NOW + DAY, now=NOW)
        stock.commit(reference="ord_a", now=NOW)
        stock.commit(reference="ord_b", now=NOW - 2 * DAY)
        stock.take_back(reference="ord_a", lines=[(sold.id, 1)], now=NOW)

        ever = pace.of(product_id=sold.id, since=None, now=NOW)
        assert ever == Pace(sold=6, left=12, since=NOW - 2 * DAY)
        lately = pace.of(product_id=sold.id, since=NOW - DAY, now=NOW)
        assert lately == Pace(sold=3, left=12, since=NOW - DAY)

    def test_begins_with_the_first_units(self, pace: StockPace) -> None:
        received = make_retail(stock=5)

        found = pace.of(product_id=received.id, since=NOW - 28 * DAY, now=NOW + DAY)

        assert found == Pace(sold=0, left=5, since=NOW)

    def test_of_what_only_came_back_is_nothing(self, stock: StockService, pace: StockPace) -> None:
        sold = make_retail(stock=5)
        stock.reserve(lines=[(sold.id, 5)], reference="ord_a", until=NOW + DAY, now=NOW)
        stock.commit(reference="ord_a", now=NOW - 9 * DAY)
        stock.take_back(reference="ord_a", now=NOW)

        assert pace.of(product_id=sold.id, since=NOW - DAY, now=NOW) == Pace(sold=0, left=5, since=NOW - DAY)

    def test_of_what_is_not_counted_is_unknown(self, pace: StockPace) -> None:
        assert pace.of(product_id=make_product().id, since=None, now=NOW) is None
