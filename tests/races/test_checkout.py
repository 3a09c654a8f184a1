"""Checkouts at the same instant, from several processes, and one that is killed in the middle."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import svcs
from sqlalchemy import text

from backend.config import ROOT
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.infra.postgres import db
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.catalog import make_retail
from tests.factories.coupons import eur, make_coupon
from tests.races.checkout_acts import Cancel, Place, buyers_with
from tests.races.checkout_race import (
    GONE,
    REDUCTIONS,
    TOO_LATE,
    UNITS,
    race_for_coupons,
    race_for_seats,
    race_for_units,
)
from tests.races.crowd import Crowd, gather

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)

BUYERS = 40


@pytest.fixture
def shop(own_stores: Stores) -> Iterator[Stores]:
    with running_app(own_stores) as app, app.app_context():
        yield own_stores


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    with gather(processes=2) as found:
        yield found


class TestACrowdAtTheCheckout:
    def test_gets_the_last_units_once(self, shop: Stores, crowd: Crowd) -> None:
        takings = race_for_units(shop, crowd, buyers=BUYERS)

        assert takings.is_right(orders=UNITS, told=GONE), takings

    def test_gets_the_last_seats_once_and_sells_nothing_without_one(self, shop: Stores, crowd: Crowd) -> None:
        takings = race_for_seats(shop, crowd, buyers=BUYERS)

        assert takings.is_right(orders=UNITS, told=GONE), takings
        assert takings.seats == UNITS

    def test_gets_no_more_of_coupons_than_their_limit_and_budget(self, shop: Stores, crowd: Crowd) -> None:
        takings = race_for_coupons(shop, crowd, buyers=BUYERS)

        assert takings.is_right(orders=REDUCTIONS, told=TOO_LATE), takings
        assert takings.given == {"USES": (10, 9000), "BUDGET": (11, 9900)}

    def test_that_orders_and_cancels_everywhere_at_once_orders_once_and_gets_all_back(
        self, shop: Stores, crowd: Crowd
    ) -> None:
        product = make_retail(stock=4, price=eur("60.00"))
        coupon = make_coupon(amount=eur("9.00"), global_limit=4)
        users = buyers_with(product.id, count=4, code=coupon.code)

        crowd.rush(shop, [[Place(user, NOW), Cancel(user, NOW)] for user in users for _ in range(4)])

        db.session.rollback()
        query = text(
            "SELECT (SELECT count(*) FROM orders WHERE state = 'cancelled'), on_hand, reserved, uses, spent_minor"
            " FROM stock_levels, coupon_counters"
        )
        assert tuple(db.session.execute(query).one()) == (4, 4, 0, 0, 0)


class TestAProcessKilledAtTheCheckout:
    def test_leaves_nothing_and_the_cart_as_it_was(self, shop: Stores) -> None:
        product = make_retail(stock=2, price=eur("60.00"))
        coupon = make_coupon(amount=eur("9.00"), global_limit=1)
        (user,) = buyers_with(product.id, count=1, code=coupon.code, quantity=2)
        arguments = [shop.postgres_url, shop.redis_url, user]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.races.checkout_open", *arguments], cwd=ROOT, stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            said = child.stdout.readline()
            child.kill()

        kept = svcs.flask.get(CartStore).read(CartOwner(user, None))
        Place(user, NOW).do()
        db.session.commit()

        assert said == b"placed\n"
        assert [item.quantity for item in kept.items] == [2]
        query = text("SELECT (SELECT count(*) FROM orders), on_hand, uses FROM stock_levels, coupon_counters")
        assert tuple(db.session.execute(query).one()) == (1, 0, 1)
