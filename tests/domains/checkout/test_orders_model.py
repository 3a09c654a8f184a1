"""Orders against a model: whatever is done to them in whatever order, what they take is plain arithmetic."""

from dataclasses import dataclass, replace

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

from backend.domains.bookings.access import Actor
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.orders import OrderService
from backend.domains.checkout.placing import ON_DELIVERY, ON_SITE, Checkout, CheckoutWish
from backend.domains.checkout.states import Action, State, TransitionError, after
from backend.infra.postgres import db
from backend.kernel.errors import ConflictError
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class
from tests.factories.catalog import make_retail
from tests.factories.checkout import ADDRESS
from tests.factories.coupons import eur, make_coupon
from tests.factories.identity import make_user

UNITS, SEATS, USES = 6, 5, 3
OFF = 500
ORDERS = st.integers(0, 5)
STAFF = Actor("usr_staff", is_staff=True)


@dataclass(frozen=True)
class Bought:
    """What the model knows of an order."""

    id: str
    units: int
    party: int
    coupon: bool
    state: State

    @property
    def stands(self) -> bool:
        """Whether it keeps what it took of seats and coupons."""
        return self.state is not State.CANCELLED


class OrderMachine(RuleBasedStateMachine):
    """One product, one slot of a class, one coupon; all of them scarce."""

    client: FlaskClient

    @initialize()
    def open(self) -> None:
        self.product = make_retail(stock=UNITS, price=eur("20.00"))
        klass = make_class(seats=SEATS)
        self.slot_product = klass.product.id
        self.slot_id: str = Customer.new(self.client).slots(klass)[0]["slot_id"]
        self.coupon = make_coupon(amount=eur("5.00"), global_limit=USES, budget=eur("100.00"))
        self.user = make_user().id
        self.owner = CartOwner(self.user, None)
        self.model: list[Bought] = []

    @rule(units=st.integers(0, 3), party=st.integers(0, 3), coupon=st.booleans())
    def place(self, units: int, party: int, coupon: bool) -> None:  # noqa: FBT001
        def fill(cart):
            cart = cart.emptied()
            cart = cart.with_product(self.product.id, units) if units else cart
            cart = cart.with_slot(self.slot_id, party) if party else cart
            return cart.with_codes([self.coupon.code] if coupon else [])

        svcs.flask.get(CartStore).change(self.owner, fill)
        fits = units <= UNITS - self._units() and party <= SEATS - self._seats() and units + party > 0
        used = coupon and self._uses() < USES
        if not fits:
            with pytest.raises(ConflictError):
                self._place(sent=units > 0)
            db.session.rollback()
            return
        order = self._place(sent=units > 0)
        db.session.commit()
        assert bool(order.price["coupons"]) == used
        self.model.append(Bought(order.id, units, party, used, State.CONFIRMED))

    @rule(number=ORDERS, action=st.sampled_from([Action.SHIP, Action.DELIVER, Action.RETURN, Action.CANCEL]))
    def act(self, number: int, action: Action) -> None:
        if number >= len(self.model):
            return
        bought = self.model[number]
        done = Action.STOP if action is Action.CANCEL and bought.state is State.SHIPPED else action
        try:
            expected = after(bought.state, done)
        except TransitionError:
            expected = None
        if (done is Action.SHIP and not bought.units) or (
            done is Action.DELIVER and bought.units and bought.state is not State.SHIPPED
        ):
            expected = None
        if expected is None:
            with pytest.raises(ConflictError):
                self._act(bought.id, action)
            db.session.rollback()
            return
        assert self._act(bought.id, action) is expected
        db.session.commit()
        self.model[number] = replace(bought, state=expected)

    @invariant()
    def what_orders_take_is_what_is_gone(self) -> None:
        query = text(
            "SELECT l.on_hand, l.reserved, c.uses, c.spent_minor,"
            " (SELECT coalesce(sum(seats), 0) FROM allocations WHERE product_id = :slot_product)"
            " FROM stock_levels l, coupon_counters c WHERE l.product_id = :product AND c.coupon_id = :coupon"
        )
        ids = {"product": self.product.id, "coupon": self.coupon.id, "slot_product": self.slot_product}
        on_hand, reserved, uses, spent, seats = db.session.execute(query, ids).one()

        assert (on_hand, reserved, seats) == (UNITS - self._units(), 0, self._seats())
        assert (uses, spent) == (self._uses(), self._uses() * OFF)

    @invariant()
    def lines_are_totals(self) -> None:
        query = text(
            "SELECT count(*) FROM orders o WHERE total_minor <>"
            " (SELECT sum(amount_minor) FROM order_lines l WHERE l.order_id = o.id)"
        )

        assert db.session.scalar(query) == 0

    def _units(self) -> int:
        gone = {State.CANCELLED, State.RETURNED}
        return sum(one.units for one in self.model if one.state not in gone)

    def _seats(self) -> int:
        return sum(one.party for one in self.model if one.stands)

    def _uses(self) -> int:
        return sum(one.coupon for one in self.model if one.stands)

    def _place(self, *, sent: bool):
        wish = CheckoutWish(
            payment_method=ON_DELIVERY if sent else ON_SITE,
            contact={},
            shipping_address=ADDRESS if sent else None,
        )
        return svcs.flask.get(Checkout).place(owner=self.owner, user_id=self.user, wish=wish, now=NOW).order

    def _act(self, order_id: str, action: Action) -> State:
        service = svcs.flask.get(OrderService)
        asked = {"order_id": order_id, "actor": STAFF, "now": NOW}
        verbs = {
            Action.SHIP: lambda: service.ship(**asked, tracking=""),
            Action.DELIVER: lambda: service.deliver(**asked),
            Action.RETURN: lambda: service.take_back(**asked, reason=""),
            Action.CANCEL: lambda: service.cancel(**asked, version=None),
        }
        return verbs[action]().order.status


class TestOrders:
    def test_always_take_what_they_sell_and_give_it_back_once(self, app: Flask, client: FlaskClient) -> None:
        OrderMachine.client = client

        def machine() -> OrderMachine:
            db.session.rollback()
            return OrderMachine()

        run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=15))
