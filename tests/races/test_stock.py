"""The last units are sold once, to threads and processes that all want them at the same instant."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
import svcs
from sqlalchemy import text

from backend.config import ROOT
from backend.domains.catalog.stock import StockService
from backend.infra.postgres import db
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.catalog import make_retail
from tests.races.crowd import (
    Act,
    Crowd,
    GiveUnitsBack,
    ReserveUnits,
    SellUnits,
    TidyUnits,
    gather,
)

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)

LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def shop(own_stores: Stores) -> Iterator[Stores]:
    with running_app(own_stores) as app, app.app_context():
        yield own_stores


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    with gather(processes=2) as found:
        yield found


def sums() -> list[tuple[int, ...]]:
    """On hand, reserved, the sums of the movements, and the sum of the reservations, of each product."""
    db.session.rollback()
    query = text(
        "SELECT l.on_hand, l.reserved,"
        " (SELECT sum(on_hand_change) FROM stock_movements m WHERE m.product_id = l.product_id),"
        " (SELECT sum(reserved_change) FROM stock_movements m WHERE m.product_id = l.product_id),"
        " (SELECT coalesce(sum(quantity), 0) FROM stock_reservations r WHERE r.product_id = l.product_id)"
        " FROM stock_levels l ORDER BY l.product_id"
    )
    return [tuple(row) for row in db.session.execute(query)]


def buy(product_id: str, number: int) -> list[Act]:
    reference = f"order-{number}"
    return [ReserveUnits(((product_id, 1),), reference, LATER, NOW), SellUnits(reference, NOW)]


class TestTheLastUnits:
    def test_are_sold_to_five_of_eighty(self, shop: Stores, crowd: Crowd) -> None:
        product = make_retail(stock=5)

        ended = crowd.rush(shop, [buy(product.id, number) for number in range(80)])

        assert Counter(ended) == {"done": 10, "OutOfStockError": 75, "ExpiredError": 75}
        assert sums() == [(0, 0, 0, 0, 0)]

    def test_of_several_products_go_in_any_order_without_deadlock(self, shop: Stores, crowd: Crowd) -> None:
        products = [make_retail(stock=9).id for _ in range(3)]
        people: list[list[Act]] = []
        for number in range(24):
            turned = products[number % 3 :] + products[: number % 3]
            lines = tuple((product, 1 + number % 2) for product in turned[: 2 + number % 2])
            until = NOW if number % 4 == 0 else LATER
            end = SellUnits if number % 3 else GiveUnitsBack
            people.append(
                [ReserveUnits(lines, f"order-{number}", until, NOW), end(f"order-{number}", NOW)] * 2
            )

        ended = crowd.rush(shop, [*people, [TidyUnits(NOW)] * 8])

        assert set(ended) <= {"done", "OutOfStockError", "ExpiredError"}
        for on_hand, reserved, moved_on_hand, moved_reserved, kept in sums():
            assert 0 <= reserved <= on_hand
            assert (on_hand, reserved, reserved) == (moved_on_hand, moved_reserved, kept)

    def test_of_one_order_are_reserved_once_however_often_it_asks(self, shop: Stores, crowd: Crowd) -> None:
        product = make_retail(stock=5)
        asks: list[list[Act]] = [[ReserveUnits(((product.id, 2),), "order", LATER, NOW)] for _ in range(12)]

        ended = crowd.rush(shop, asks)

        assert Counter(ended) == {"done": 12}
        assert sums() == [(5, 2, 5, 2, 2)]


class TestAKilledProcess:
    def test_gives_its_units_back(self, shop: Stores) -> None:
        product = make_retail(stock=5)
        arguments = [*vars(shop).values(), product.id, NOW.isoformat()]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.races.units_held_open", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        ) as victim:
            assert victim.stdout is not None
            said = victim.stdout.readline()
            victim.kill()

        ReserveUnits(((product.id, 5),), "order", LATER, NOW).do()
        db.session.commit()

        assert said == b"held\n"
        assert sums() == [(5, 5, 5, 5, 5)]
        assert svcs.flask.get(StockService).left(product_ids=[product.id], now=LATER) == {product.id: 5}
