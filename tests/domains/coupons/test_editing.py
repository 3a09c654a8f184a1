"""Changing coupons that are in use."""

from datetime import timedelta
from decimal import Decimal

import pytest
import svcs
from flask import Flask

from backend.domains.coupons.editing import CouponEditing
from backend.domains.coupons.entities import Coupon
from backend.domains.coupons.uses import CouponUses, Redemption
from backend.kernel.errors import InvalidError
from backend.kernel.versions import Edit
from tests.conftest import NOW
from tests.factories.coupons import draft, eur, make_coupon


def use(coupon: Coupon, times: int) -> None:
    for number in range(times):
        redemption = Redemption(coupon.id, f"crt_{number}", eur("5.00"))
        until = NOW + timedelta(minutes=10)
        svcs.flask.get(CouponUses).reserve(
            redemptions=[redemption], reference=f"ord_{number}", until=until, now=NOW
        )


class TestLimits:
    @pytest.mark.parametrize(
        ("field", "change"), [("global_limit", {"global_limit": 1}), ("budget", {"budget": eur("9.99")})]
    )
    def test_do_not_go_below_what_is_used(self, app: Flask, field, change) -> None:
        coupon = make_coupon(amount=eur("5.00"), global_limit=5, budget=eur("50.00"))
        use(coupon, 2)
        lower = draft(amount=eur("5.00"), **change)

        with pytest.raises(InvalidError) as refused:
            svcs.flask.get(CouponEditing).change(coupon_id=coupon.id, draft=lower, edit=Edit("usr_1", 1))

        assert list(refused.value.errors) == [field]

    def test_may_go_down_to_what_is_used(self, app: Flask) -> None:
        coupon = make_coupon(amount=eur("5.00"), global_limit=5)
        use(coupon, 2)
        lower = draft(amount=eur("5.00"), global_limit=2)

        changed = svcs.flask.get(CouponEditing).change(
            coupon_id=coupon.id, draft=lower, edit=Edit("usr_1", 1)
        )

        assert changed.global_limit == 2


class TestTheCurrency:
    def test_stays_once_the_coupon_was_used(self, app: Flask) -> None:
        coupon = make_coupon(amount=eur("5.00"))
        use(coupon, 1)
        without = draft(percent=Decimal(10))

        with pytest.raises(InvalidError, match="has been used"):
            svcs.flask.get(CouponEditing).change(coupon_id=coupon.id, draft=without, edit=Edit("usr_1", 1))
