"""Stock: reserved, sold, given back; against plain arithmetic, and over HTTP."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import hypothesis.strategies as st
import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from backend.domains.catalog.jobs import release_expired_stock
from backend.domains.catalog.stock import OutOfStockError, StockService
from backend.infra.audit import AuditLog
from backend.infra.postgres import db
from backend.kernel.errors import ExpiredError, InvalidError
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.catalog import make_product, make_retail
from tests.factories.identity import auth_headers, make_user
from tests.fakes.clock import FakeClock

UNTIL = NOW + timedelta(minutes=10)


@pytest.fixture
def stock(app: Flask) -> StockService:
    return svcs.flask.get(StockService)


@pytest.fixture
def staff(client: FlaskClient) -> dict[str, str]:
    return auth_headers(client, make_user(roles=[Role.SUPPORT]))


def left(*product_ids: str, now: datetime = NOW) -> list[int]:
    found = svcs.flask.get(StockService).left(product_ids=product_ids, now=now)
    return [found[product_id] for product_id in product_ids]


class TestReserving:
    def test_takes_all_lines_or_none(self, stock: StockService) -> None:
        one, two = make_retail(stock=5).id, make_retail(stock=1).id
        lines = [(one, 2), (two, 2)]

        with pytest.raises(OutOfStockError) as caught:
            stock.reserve(lines=lines, reference="a", until=UNTIL, now=NOW)

        assert caught.value.extra == {"lacking": [{"product_id": two, "wanted": 2, "left": 1}]}
        assert left(one, two) == [5, 1]

    def test_adds_up_lines_of_one_product(self, stock: StockService) -> None:
        product = make_retail(stock=3).id

        with pytest.raises(OutOfStockError):
            stock.reserve(lines=[(product, 2), (product, 2)], reference="a", until=UNTIL, now=NOW)

        assert left(product) == [3]

    def test_again_replaces_what_was_reserved(self, stock: StockService) -> None:
        one, two = make_retail(stock=3).id, make_retail(stock=3).id
        stock.reserve(lines=[(one, 3)], reference="a", until=UNTIL, now=NOW)

        stock.reserve(lines=[(one, 1), (two, 3)], reference="a", until=UNTIL, now=NOW)

        assert left(one, two) == [2, 0]

    def test_finds_nothing_of_what_is_not_counted(self, stock: StockService) -> None:
        slot = make_product()

        with pytest.raises(OutOfStockError):
            stock.reserve(lines=[(slot.id, 1)], reference="a", until=UNTIL, now=NOW)

        assert stock.left(product_ids=[slot.id], now=NOW) == {}

    @pytest.mark.parametrize("quantity", [0, -1])
    def test_refuses_nothing_and_less(self, stock: StockService, quantity: int) -> None:
        product = make_retail(stock=3)

        with pytest.raises(InvalidError):
            stock.reserve(lines=[(product.id, quantity)], reference="a", until=UNTIL, now=NOW)

        with pytest.raises(InvalidError):
            stock.reserve(lines=[], reference="a", until=UNTIL, now=NOW)

    def test_is_over_at_its_time_without_any_job(self, stock: StockService) -> None:
        product = make_retail(stock=3).id
        stock.reserve(lines=[(product, 3)], reference="a", until=UNTIL, now=NOW)

        stock.reserve(lines=[(product, 2)], reference="b", until=UNTIL + timedelta(minutes=1), now=UNTIL)

        assert left(product, now=UNTIL) == [1]
        with pytest.raises(ExpiredError):
            stock.commit(reference="a", now=UNTIL)

    def test_is_tidied_by_a_job(self, stock: StockService, shared_clock: FakeClock) -> None:
        product = make_retail(stock=3).id
        stock.reserve(lines=[(product, 3)], reference="a", until=UNTIL, now=NOW)
        shared_clock.set(UNTIL)

        release_expired_stock()
        release_expired_stock()

        assert db.session.scalar(text("SELECT count(*) FROM stock_reservations")) == 0
        assert db.session.scalar(text("SELECT reserved FROM stock_levels")) == 0

    def test_is_all_or_nothing_also_when_a_part_of_it_was_taken(self, stock: StockService) -> None:
        one, two = make_retail(stock=1).id, make_retail(stock=1).id
        stock.reserve(lines=[(one, 1), (two, 1)], reference="a", until=UNTIL, now=NOW)
        stock.reserve(lines=[(one, 1)], reference="b", until=UNTIL + timedelta(1), now=UNTIL)

        with pytest.raises(ExpiredError):
            stock.commit(reference="a", now=UNTIL)

        assert left(one, two, now=UNTIL) == [0, 1]


class TestSelling:
    def test_takes_the_units_for_good_and_only_once(self, stock: StockService) -> None:
        product = make_retail(stock=3).id
        stock.reserve(lines=[(product, 2)], reference="a", until=UNTIL, now=NOW)

        stock.commit(reference="a", now=UNTIL)
        stock.commit(reference="a", now=UNTIL)

        assert left(product, now=UNTIL + timedelta(days=1)) == [1]

    def test_of_what_was_given_back_is_refused(self, stock: StockService) -> None:
        product = make_retail(stock=3).id
        stock.reserve(lines=[(product, 2)], reference="a", until=UNTIL, now=NOW)
        stock.release(reference="a", now=NOW)
        stock.release(reference="a", now=NOW)

        with pytest.raises(ExpiredError):
            stock.commit(reference="a", now=NOW)

        assert left(product) == [3]

    def test_can_be_undone_in_parts_but_not_beyond(self, stock: StockService) -> None:
        product = make_retail(stock=3).id
        stock.reserve(lines=[(product, 3)], reference="a", until=UNTIL, now=NOW)
        stock.commit(reference="a", now=NOW)
        stock.take_back(reference="a", lines=[(product, 1)], now=NOW)

        with pytest.raises(InvalidError):
            stock.take_back(reference="a", lines=[(product, 3)], now=NOW)
        stock.take_back(reference="a", now=NOW)
        stock.take_back(reference="a", now=NOW)

        assert left(product) == [3]


class TestTheDatabase:
    def test_forbids_to_reserve_more_than_there_is(self, app: Flask) -> None:
        product = make_retail(stock=3)
        insert = text(
            "INSERT INTO stock_movements (product_id, why, on_hand_change, reserved_change, at, reason)"
            " VALUES (:product, 'reserved', 0, 4, :now, '')"
        )

        with pytest.raises(IntegrityError, match="ck_stock_levels_reserved"):
            db.session.execute(insert, {"product": product.id, "now": NOW})

    def test_forgets_no_movement(self, app: Flask) -> None:
        make_retail(stock=3)

        with pytest.raises(ProgrammingError, match="append-only"):
            db.session.execute(text("DELETE FROM stock_movements"))


class TestStockOverHttp:
    def test_is_received_corrected_and_counted_by_staff(self, client: FlaskClient, staff: Any) -> None:
        product = make_retail()
        address = f"/api/products/{product.id}/stock"

        for change in ({"delta": 10}, {"delta": -1}, {"set": 7}, {"set": 7}):
            last = client.post(address, json={**change, "reason": "delivery"}, headers=staff)

        assert last.status_code == 201
        assert client.get(address, headers=staff).json == last.json
        assert (last.json["on_hand"], last.json["reserved"]) == (7, 0)
        first = client.get(f"{address}/movements?limit=2", headers=staff).json
        rest = client.get(f"{address}/movements?cursor={first['next']}", headers=staff).json
        moved = [(one["why"], one["on_hand_change"]) for one in first["items"] + rest["items"]]
        assert moved == [("corrected", -2), ("corrected", -1), ("received", 10)]
        actions = [entry.action for entry in svcs.flask.get(AuditLog).of(product.id)]
        assert actions == ["stock.received", "stock.corrected", "stock.corrected"]

    def test_never_falls_below_what_is_reserved(
        self, client: FlaskClient, staff: Any, stock: StockService
    ) -> None:
        product = make_retail(stock=5)
        stock.reserve(lines=[(product.id, 4)], reference="a", until=UNTIL, now=NOW)
        db.session.commit()

        answer = client.post(
            f"/api/products/{product.id}/stock", json={"set": 3, "reason": "broken"}, headers=staff
        )

        assert (answer.status_code, answer.json["reserved"]) == (409, 4)

    def test_has_an_end(self, client: FlaskClient, staff: Any) -> None:
        address = f"/api/products/{make_retail(stock=1).id}/stock"

        answer = client.post(address, json={"delta": 1_000_000_000, "reason": "all"}, headers=staff)

        assert answer.status_code == 409

    @pytest.mark.parametrize("change", [{}, {"delta": 1, "set": 1}, {"delta": 0}, {"set": -1}])
    def test_changes_in_one_way_at_a_time(
        self, client: FlaskClient, staff: Any, change: dict[str, int]
    ) -> None:
        address = f"/api/products/{make_retail().id}/stock"

        answer = client.post(address, json={**change, "reason": "delivery"}, headers=staff)

        assert answer.status_code == 422

    def test_is_for_staff_and_of_retail_products(self, client: FlaskClient, staff: Any) -> None:
        retail, slot = (f"/api/products/{one.id}/stock" for one in (make_retail(), make_product()))
        customer = auth_headers(client, make_user())

        asked = [client.get(retail), client.get(retail, headers=customer), client.get(slot, headers=staff)]

        assert [answer.status_code for answer in asked] == [401, 403, 404]

    def test_is_shown_with_the_product(self, client: FlaskClient, stock: StockService) -> None:
        product = make_retail(stock=3)
        stock.reserve(lines=[(product.id, 2)], reference="a", until=UNTIL, now=NOW)
        stock.reserve(lines=[(product.id, 1)], reference="b", until=NOW, now=NOW)
        db.session.commit()

        assert client.get(f"/api/products/{product.id}").json["stock_quantity"] == 1
        assert client.get("/api/products/?in_stock=true").json["items"][0]["stock_quantity"] == 1


EXAMPLES = count()
PRODUCTS, ORDERS = st.integers(0, 2), st.sampled_from("abc")
LINES = st.dictionaries(PRODUCTS, st.integers(1, 4), min_size=1)


@dataclass
class Kept:
    """What the model knows of a reservation."""

    lines: dict[int, int]
    until: datetime
    whole: int


class StockMachine(RuleBasedStateMachine):
    """Three products of five units and three orders, against plain arithmetic."""

    @initialize()
    def open(self) -> None:
        self.stock = svcs.flask.get(StockService)
        self.example = next(EXAMPLES)
        self.products = [make_retail(stock=5).id for _ in range(3)]
        self.now = NOW
        self.on_hand = [5, 5, 5]
        self.kept: dict[str, Kept] = {}
        self.sold: set[str] = set()
        self.out: dict[str, Counter[int]] = {order: Counter() for order in "abc"}

    def free(self, product: int, *, but: str = "") -> int:
        alive = (one for key, one in self.kept.items() if key != but and one.until > self.now)
        return self.on_hand[product] - sum(one.lines.get(product, 0) for one in alive)

    def reference(self, order: str) -> str:
        return f"{order}-{self.example}"

    @rule(order=ORDERS, lines=LINES, minutes=st.integers(0, 3))
    def reserve(self, order: str, lines: dict[int, int], minutes: int) -> None:
        until = self.now + timedelta(minutes=minutes)
        fits = all(units <= self.free(product, but=order) for product, units in lines.items())
        nested = db.session.begin_nested()
        try:
            wanted = [(self.products[product], units) for product, units in lines.items()]
            self.stock.reserve(lines=wanted, reference=self.reference(order), until=until, now=self.now)
        except OutOfStockError:
            nested.rollback()
            assert not fits
            return
        nested.commit()
        assert fits
        for key, other in self.kept.items():
            if key != order and other.until <= self.now:
                other.lines = {p: units for p, units in other.lines.items() if p not in lines}
        self.kept[order] = Kept(dict(lines), until, len(lines))

    @rule(order=ORDERS)
    def sell(self, order: str) -> None:
        kept = self.kept.get(order)
        good = kept is not None and len(kept.lines) == kept.whole
        again = (kept is None or not kept.lines) and order in self.sold
        try:
            self.stock.commit(reference=self.reference(order), now=self.now)
        except ExpiredError:
            assert not good
            assert not again
            return
        assert good or again
        if good:
            for product, units in self.kept.pop(order).lines.items():
                self.on_hand[product] -= units
                self.out[order][product] += units
            self.sold.add(order)

    @rule(order=ORDERS)
    def release(self, order: str) -> None:
        self.stock.release(reference=self.reference(order), now=self.now)
        self.kept.pop(order, None)

    @rule(order=ORDERS)
    def take_back(self, order: str) -> None:
        self.stock.take_back(reference=self.reference(order), now=self.now)
        for product, units in self.out.pop(order).items():
            self.on_hand[product] += units
        self.out[order] = Counter()

    @rule(minutes=st.integers(0, 2))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def tidy(self) -> None:
        self.stock.release_expired(now=self.now)
        self.kept = {order: one for order, one in self.kept.items() if one.until > self.now}

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "products"):
            return
        assert left(*self.products, now=self.now) == [self.free(product) for product in range(3)]
        unequal = db.session.scalar(
            text(
                "SELECT count(*) FROM stock_levels l WHERE (on_hand, reserved) <> (SELECT"
                " sum(on_hand_change), sum(reserved_change) FROM stock_movements m"
                " WHERE m.product_id = l.product_id) OR reserved <> (SELECT coalesce(sum(quantity), 0)"
                " FROM stock_reservations r WHERE r.product_id = l.product_id)"
            )
        )
        assert unequal == 0


class TestStockModel:
    def test_agrees_with_plain_arithmetic(self, app: Flask) -> None:
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            StockMachine, settings=settings(max_examples=25, stateful_step_count=20, deadline=None)
        )
