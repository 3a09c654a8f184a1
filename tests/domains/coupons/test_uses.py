"""Reserving, committing and releasing uses of coupons."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import svcs
from flask import Flask
from sqlalchemy import text

from backend.domains.coupons.entities import Coupon, Usage
from backend.domains.coupons.jobs import release_expired
from backend.domains.coupons.service import CouponService
from backend.domains.coupons.uses import (
    CouponLimitError,
    CouponUses,
    Redemption,
    ReferenceCommittedError,
    UseReleasedError,
)
from backend.infra.postgres import db
from backend.kernel.errors import NotFoundError
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.coupons import eur, make_coupon
from tests.factories.identity import make_user
from tests.fakes.clock import FakeClock

UNTIL = NOW + timedelta(minutes=10)
VISITOR = "crt_01kaj3zq6m8v9x2c4b5n7p8q9r"


@pytest.fixture
def uses(app: Flask) -> CouponUses:
    return svcs.flask.get(CouponUses)


def reserve(uses: CouponUses, reference: str, *coupons: Coupon, **changes: Any) -> None:
    customer, discount = changes.pop("customer", VISITOR), changes.pop("discount", eur("5.00"))
    wanted = [Redemption(coupon.id, customer, discount) for coupon in coupons]
    uses.reserve(**{"redemptions": wanted, "reference": reference, "until": UNTIL, "now": NOW, **changes})


def usage(coupon: Coupon, *, customer: str = VISITOR, now: Any = NOW) -> Usage:
    return svcs.flask.get(CouponService).counted([coupon], customer_id=customer, now=now)[0].usage


class TestReserving:
    def test_counts_against_every_limit(self, uses) -> None:
        coupon = make_coupon(amount=eur("5.00"))

        reserve(uses, "ord_1", coupon)

        assert usage(coupon) == Usage(uses=1, by_customer=1, spent_minor=500)
        assert usage(coupon, customer="crt_other").by_customer == 0

    def test_is_refused_when_all_uses_are_taken(self, uses) -> None:
        coupon = make_coupon(global_limit=1)
        reserve(uses, "ord_1", coupon)

        with pytest.raises(CouponLimitError, match="used up") as refused:
            reserve(uses, "ord_2", coupon, customer=make_user().id)

        assert refused.value.extra["reason"] == "used_up"

    def test_is_refused_when_the_customer_had_theirs(self, uses) -> None:
        coupon, user = make_coupon(per_user_limit=1), make_user()
        reserve(uses, "ord_1", coupon, customer=user.id)
        reserve(uses, "ord_2", coupon)

        with pytest.raises(CouponLimitError, match="as often as you may"):
            reserve(uses, "ord_3", coupon, customer=user.id)

        assert usage(coupon).uses == 2

    def test_never_gives_a_part_of_a_discount_but_says_what_is_left(self, uses) -> None:
        coupon = make_coupon(percent=Decimal(10), budget=eur("8.00"))
        reserve(uses, "ord_1", coupon)

        with pytest.raises(CouponLimitError, match=r"Left: 3\.00 EUR; wanted: 5\.00 EUR") as refused:
            reserve(uses, "ord_2", coupon)

        assert refused.value.extra["left"] == {"amount": 300, "currency": "EUR"}
        assert usage(coupon).spent_minor == 500

    def test_is_all_or_nothing(self, uses) -> None:
        free, full = make_coupon(), make_coupon(global_limit=1)
        reserve(uses, "ord_1", full)

        with pytest.raises(CouponLimitError):
            reserve(uses, "ord_2", free, full)

        assert usage(free).uses == 0

    def test_again_for_the_same_order_replaces_what_it_had(self, uses) -> None:
        one, other = make_coupon(global_limit=1), make_coupon()
        reserve(uses, "ord_1", one, other)

        reserve(uses, "ord_1", one, discount=eur("7.00"))

        assert (usage(one).uses, usage(other).uses) == (1, 0)

    def test_again_in_vain_keeps_what_it_had(self, uses) -> None:
        mine, full = make_coupon(), make_coupon(global_limit=1)
        reserve(uses, "ord_1", mine)
        reserve(uses, "ord_2", full)

        with pytest.raises(CouponLimitError):
            reserve(uses, "ord_1", full)

        assert usage(mine).uses == 1

    def test_takes_the_place_of_what_expired_though_no_job_ran(self, uses) -> None:
        coupon = make_coupon(amount=eur("5.00"), global_limit=1, per_user_limit=1, budget=eur("5.00"))
        reserve(uses, "ord_1", coupon)
        seen_before = usage(coupon, now=UNTIL)

        reserve(uses, "ord_2", coupon, now=UNTIL, until=UNTIL + timedelta(minutes=10))

        assert seen_before == Usage()
        assert usage(coupon, now=UNTIL) == Usage(uses=1, by_customer=1, spent_minor=500)

    def test_of_a_paid_order_is_refused(self, uses) -> None:
        coupon = make_coupon()
        reserve(uses, "ord_1", coupon)
        uses.commit(reference="ord_1", now=NOW)

        with pytest.raises(ReferenceCommittedError):
            reserve(uses, "ord_1", coupon)

    def test_knows_the_coupons_there_are(self, uses) -> None:
        unknown = Redemption("cpn_01kaj3zq6m8v9x2c4b5n7p8q9r", VISITOR, eur("1.00"))

        with pytest.raises(NotFoundError):
            uses.reserve(redemptions=[unknown], reference="ord_1", until=UNTIL, now=NOW)

    def test_in_another_currency_than_the_coupons_is_a_mistake_of_the_program(self, uses) -> None:
        coupon = make_coupon(amount=eur("5.00"))

        with pytest.raises(Exception, match="a discount is in the currency of its coupon"):
            reserve(uses, "ord_1", coupon, discount=Money(500, "USD"))


class TestCommitting:
    def test_keeps_the_use_for_good_and_may_be_told_twice(self, uses) -> None:
        coupon = make_coupon(global_limit=1)
        reserve(uses, "ord_1", coupon)

        uses.commit(reference="ord_1", now=NOW)
        uses.commit(reference="ord_1", now=NOW)

        assert uses.release_expired(now=UNTIL) == 0
        assert usage(coupon, now=UNTIL).uses == 1

    def test_of_what_expired_works_while_nobody_took_it(self, uses) -> None:
        coupon = make_coupon(global_limit=1)
        reserve(uses, "ord_1", coupon)

        uses.commit(reference="ord_1", now=UNTIL)

        assert usage(coupon, now=UNTIL).uses == 1

    def test_of_what_was_given_back_is_refused_as_a_whole(self, uses) -> None:
        kept, lost = make_coupon(), make_coupon(global_limit=1)
        reserve(uses, "ord_1", kept, lost)
        reserve(uses, "ord_2", lost, now=UNTIL)

        with pytest.raises(UseReleasedError):
            uses.commit(reference="ord_1", now=UNTIL)

        assert usage(kept, now=UNTIL).uses == 0

    def test_of_an_order_without_coupons_does_nothing(self, uses) -> None:
        uses.commit(reference="ord_without", now=NOW)

        assert db.session.scalar(text("SELECT count(*) FROM coupon_uses")) == 0


class TestReleasing:
    @pytest.mark.parametrize("paid", [False, True])
    def test_returns_the_use_and_the_budget(self, uses, paid) -> None:
        coupon = make_coupon(amount=eur("5.00"), budget=eur("5.00"), global_limit=1, per_user_limit=1)
        reserve(uses, "ord_1", coupon)
        if paid:
            uses.commit(reference="ord_1", now=NOW)

        uses.release(reference="ord_1", now=NOW)
        uses.release(reference="ord_1", now=NOW)

        assert usage(coupon) == Usage()

    def test_of_what_expired_is_a_job(self, uses, shared_clock: FakeClock) -> None:
        coupon = make_coupon()
        reserve(uses, "ord_1", coupon)
        reserve(uses, "ord_2", coupon, until=UNTIL + timedelta(minutes=1))
        shared_clock.set(UNTIL)

        release_expired()

        counted = db.session.scalar(text("SELECT uses FROM coupon_counters"))
        assert counted == 1
