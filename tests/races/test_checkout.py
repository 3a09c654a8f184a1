"""Checkouts at the same instant, from several processes, and one that is killed in the middle."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
import svcs
from flask import current_app
from sqlalchemy import text

from backend.config import ROOT
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.infra.clock import Clock
from backend.infra.postgres import db
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.bookings import Customer
from tests.factories.catalog import make_retail
from tests.factories.coupons import eur, make_coupon
from tests.factories.haggling import accept, counter_of, make_bargain_goods, start
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
from tests.races.deal_acts import PlaceFrom, carts_with

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


class TestACrowdWithAPriceThatOneBargainedFor:
    """Ada's, who has what she bargained for in many carts, as of many browsers."""

    CARTS = 16

    @pytest.fixture
    def ada(self, shop: Stores) -> Customer:
        return Customer.new(current_app.test_client())

    @pytest.fixture
    def bargain_id(self, ada: Customer) -> str:
        session_id: str = start(ada, make_bargain_goods())["session_id"]
        counter_of(ada, session_id)
        accept(ada, session_id)
        return session_id

    @pytest.fixture
    def places(self, ada: Customer, bargain_id: str) -> list[PlaceFrom]:
        """An order from each of the carts."""
        now = svcs.flask.get_abstract(Clock).now()
        carts = carts_with(bargain_id, user_id=ada.user.id, count=self.CARTS, now=now)
        return [PlaceFrom(cart_id, ada.user.id, now) for cart_id in carts]

    def found(self, bargain_id: str) -> tuple[list[str], list[str]]:
        """The orders at the price that were not cancelled, and the one that the bargain says has it."""
        db.session.rollback()
        orders = text(
            "SELECT o.id FROM orders o JOIN order_lines l ON l.order_id = o.id"
            " WHERE l.bargain_id = :bargain AND o.state <> 'cancelled'"
        )
        bargains = text("SELECT used_by FROM bargain_sessions WHERE id = :bargain AND used_by IS NOT NULL")
        asked = {"bargain": bargain_id}
        return list(db.session.scalars(orders, asked)), list(db.session.scalars(bargains, asked))

    def test_orders_at_it_once(
        self, shop: Stores, crowd: Crowd, places: list[PlaceFrom], bargain_id: str
    ) -> None:
        ended = crowd.rush(shop, [[place] for place in places])

        orders, used_by = self.found(bargain_id)
        assert Counter(ended) == {"done": 1, "DealUsedError": self.CARTS - 1}
        assert len(orders) == 1
        assert orders == used_by

    def test_that_cancels_everywhere_at_once_has_it_in_one_standing_order_at_most(
        self, shop: Stores, crowd: Crowd, places: list[PlaceFrom], bargain_id: str
    ) -> None:
        ended = crowd.rush(shop, [[place, Cancel(place.user_id, place.now)] for place in places])

        orders, used_by = self.found(bargain_id)
        assert set(ended) <= {"done", "DealUsedError", "TransitionError"}
        assert len(orders) <= 1
        assert orders == used_by


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
