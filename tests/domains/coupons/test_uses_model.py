"""Uses of coupons against a model: whatever is done in whatever order, the counters are plain arithmetic."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import hypothesis.strategies as st
import pytest
import svcs
from flask import Flask
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from backend.domains.coupons.entities import UseState
from backend.domains.coupons.service import CouponService
from backend.domains.coupons.uses import (
    CouponLimitError,
    CouponUses,
    Redemption,
    ReferenceCommittedError,
    UseReleasedError,
)
from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.coupons import eur, make_coupon

KEPT_FOR = timedelta(minutes=10)
LIMIT, PER_CUSTOMER, BUDGET = 3, 2, 2000

COUPONS = st.integers(0, 2)
CUSTOMERS = st.integers(0, 1)
ORDERS = st.integers(0, 4)
DISCOUNTS = st.integers(1, 900)


@dataclass(frozen=True)
class Use:
    """What the model knows of one use."""

    coupon: int
    customer: int
    discount: int
    order: int
    state: UseState
    expires_at: datetime


class CouponMachine(RuleBasedStateMachine):
    """Three coupons, limited in number, for each customer, and by a budget; two customers, five orders."""

    @initialize()
    def open(self) -> None:
        self.coupons = [
            make_coupon(global_limit=LIMIT),
            make_coupon(per_user_limit=PER_CUSTOMER),
            make_coupon(amount=eur("9.00"), budget=Money(BUDGET, "EUR")),
        ]
        self.uses = svcs.flask.get(CouponUses)
        self.now = NOW
        self.model: list[Use] = []

    @rule(order=ORDERS, customer=CUSTOMERS, wanted=st.dictionaries(COUPONS, DISCOUNTS, min_size=1))
    def reserve(self, order: int, customer: int, wanted: dict[int, int]) -> None:
        until = self.now + KEPT_FOR
        new = [
            Use(coupon, customer, minor, order, UseState.RESERVED, until) for coupon, minor in wanted.items()
        ]
        swept = [
            self._swept(use) if use.coupon in self._touched(order, wanted) else use for use in self.model
        ]
        others = [use for use in swept if use.order != order]
        paid = any(use.order == order and use.state is UseState.COMMITTED for use in self.model)
        refusal = ReferenceCommittedError if paid else CouponLimitError
        if paid or not self._fits([*others, *new]):
            with pytest.raises(refusal):
                self._reserve(new)
        else:
            self._reserve(new)
            self.model = [*others, *new]

    @rule(order=ORDERS)
    def commit(self, order: int) -> None:
        mine = [use for use in self.model if use.order == order]
        if any(use.state is UseState.RELEASED for use in mine):
            with pytest.raises(UseReleasedError), db.session.begin_nested():
                self.uses.commit(reference=f"ord_{order}", now=self.now)
        else:
            self.uses.commit(reference=f"ord_{order}", now=self.now)
            self._settle(mine, UseState.COMMITTED)

    @rule(order=ORDERS)
    def release(self, order: int) -> None:
        self.uses.release(reference=f"ord_{order}", now=self.now)
        self._settle([use for use in self.model if use.order == order], UseState.RELEASED)

    @rule()
    def release_expired(self) -> None:
        self.uses.release_expired(now=self.now)
        self.model = [self._swept(use) for use in self.model]

    @rule(minutes=st.integers(1, 11))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def counters_are_the_sums_of_uses_and_within_the_limits(self) -> None:
        query = text(
            "SELECT c.coupon_id, c.uses, c.spent_minor, count(u.id) AS used, coalesce(sum(u.discount_minor), 0)"
            " FROM coupon_counters c LEFT JOIN coupon_uses u"
            " ON u.coupon_id = c.coupon_id AND u.state <> 'released' GROUP BY c.coupon_id"
        )
        rows = {row.coupon_id: tuple(row)[1:] for row in db.session.execute(query)}
        for number, coupon in enumerate(self.coupons):
            uses, spent, used, discounts = rows[coupon.id]
            taken = [use for use in self.model if use.coupon == number and use.state is not UseState.RELEASED]
            assert uses == used == len(taken)
            assert discounts == sum(use.discount for use in taken)
            assert spent == (discounts if coupon.currency else 0)
        assert rows[self.coupons[0].id][0] <= LIMIT
        assert rows[self.coupons[2].id][1] <= BUDGET

    @invariant()
    def what_expired_is_counted_no_more(self) -> None:
        for number, coupon in enumerate(self.coupons):
            for customer in range(2):
                found = (
                    svcs.flask.get(CouponService)
                    .counted([coupon], customer_id=f"crt_{customer}", now=self.now)[0]
                    .usage
                )
                alive = [use for use in self.model if use.coupon == number and self._alive(use)]
                assert found.uses == len(alive)
                assert found.by_customer == sum(use.customer == customer for use in alive)

    def _reserve(self, new: list[Use]) -> None:
        self.uses.reserve(
            redemptions=[
                Redemption(self.coupons[use.coupon].id, f"crt_{use.customer}", Money(use.discount, "EUR"))
                for use in new
            ],
            reference=f"ord_{new[0].order}",
            until=new[0].expires_at,
            now=self.now,
        )

    def _touched(self, order: int, wanted: dict[int, int]) -> set[int]:
        """The coupons whose expired uses a reservation clears: those it wants and those it had."""
        return {*wanted, *(use.coupon for use in self.model if use.order == order)}

    def _fits(self, uses: list[Use]) -> bool:
        taken = [use for use in uses if use.state is not UseState.RELEASED]
        limited = [use for use in taken if use.coupon == 0]
        each = [sum(use.coupon == 1 and use.customer == customer for use in taken) for customer in range(2)]
        spent = sum(use.discount for use in taken if use.coupon == 2)
        return len(limited) <= LIMIT and max(each) <= PER_CUSTOMER and spent <= BUDGET

    def _alive(self, use: Use) -> bool:
        overdue = use.state is UseState.RESERVED and use.expires_at <= self.now
        return use.state is not UseState.RELEASED and not overdue

    def _swept(self, use: Use) -> Use:
        overdue = use.state is UseState.RESERVED and use.expires_at <= self.now
        return replace(use, state=UseState.RELEASED) if overdue else use

    def _settle(self, mine: list[Use], state: UseState) -> None:
        self.model = [replace(use, state=state) if use in mine else use for use in self.model]


class TestUses:
    def test_always_add_up(self, app: Flask) -> None:
        def machine() -> CouponMachine:
            db.session.rollback()
            return CouponMachine()

        run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=20))
