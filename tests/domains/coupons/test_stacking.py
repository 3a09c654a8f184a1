"""The best of several coupons, under the shipped rules."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.coupons.eligibility import Basket, FailureCode, Shopper, assess
from backend.domains.coupons.entities import Coupon, CouponKind
from backend.domains.coupons.stacking import (
    Applied,
    Combination,
    best_combination,
    stacking_refusals,
    together,
)
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import read_sources
from backend.kernel.money import Money, total
from tests.factories.coupons import basket, coupon, eur, line
from tests.factories.rules import SHIPPED, without

RULES = read_sources(SHIPPED)
GROUPS = st.none() | st.sampled_from(["welcome", "seasonal", "clearance"])


def free(_coupons: Sequence[Coupon]) -> tuple[str, ...]:
    """Rules that let everything be combined."""
    return ()


def best(coupons: Sequence[Coupon], held: Basket, rulebook: Rulebook = RULES) -> Combination:
    assessed = [assess(one, held) for one in coupons]
    return best_combination(assessed, held, refusals=stacking_refusals(rulebook, held))


def ids(combination: Combination) -> list[str]:
    return [one.coupon.id for one in combination.applied]


def rank(applied: Sequence[Applied]) -> tuple[int, int, list[str]]:
    """Most money off first, then the fewest, then the oldest."""
    saved = sum(one.relief.discount.minor for one in applied)
    return -saved, len(applied), sorted(one.coupon.id for one in applied)


@st.composite
def a_coupon(draw: Any, number: int = 0) -> Coupon:
    kind = draw(st.sampled_from(CouponKind))
    changes: dict[str, Any] = {"kind": kind, "percent": None}
    if kind is CouponKind.PERCENTAGE:
        changes["percent"] = draw(st.decimals("0.5", 100, places=1))
    if kind is CouponKind.FIXED:
        changes["amount"] = Money(draw(st.integers(1, 8000)), "EUR")
    return coupon(
        id=f"cpn_{number:02}",
        code=f"CODE-{number}",
        stacking_group=draw(GROUPS),
        is_exclusive=draw(st.booleans()),
        categories=draw(st.sampled_from([(), ("shoes",), ("books",)])),
        **changes,
    )


@st.composite
def several(draw: Any, most: int = 5) -> list[Coupon]:
    return [draw(a_coupon(number)) for number in range(draw(st.integers(1, most)))]


HELD = basket(line("59.90"), line("12.35", categories=("books",)), line("0.01"), shipping="4.90")


class TestTogether:
    def test_percentages_come_before_amounts_and_are_of_the_prices_in_the_basket(self) -> None:
        coupons = [
            coupon(id="cpn_1", amount=eur("20.00")),
            coupon(id="cpn_2", percent=Decimal(10)),
            coupon(id="cpn_3", percent=Decimal(10)),
        ]

        applied = together(coupons, basket())

        assert [one.coupon.id for one in applied] == ["cpn_2", "cpn_3", "cpn_1"]
        assert [one.relief.discount for one in applied] == [eur("10.00"), eur("10.00"), eur("20.00")]

    def test_the_coupon_for_less_of_the_basket_comes_first(self) -> None:
        lines = line("10.00"), line("10.00", categories=("books",))
        coupons = [
            coupon(id="cpn_1", amount=eur("10.00")),
            coupon(id="cpn_2", amount=eur("10.00"), categories=("books",)),
        ]

        applied = together(coupons, basket(*lines))

        assert [(one.coupon.id, one.relief.discount) for one in applied] == [
            ("cpn_2", eur("10.00")),
            ("cpn_1", eur("10.00")),
        ]

    def test_they_leave_nothing_below_zero(self) -> None:
        coupons = [coupon(id="cpn_1", percent=Decimal(80)), coupon(id="cpn_2", amount=eur("90.00"))]

        applied = together(coupons, basket())

        assert [one.relief.discount for one in applied] == [eur("80.00"), eur("20.00")]

    @given(coupons=several())
    def test_shares_of_every_line_stay_between_nothing_and_all_of_it(self, coupons: list[Coupon]) -> None:
        applied = together(coupons, HELD)

        for number, part in enumerate(HELD.lines):
            shares = [one.relief.shares[number] for one in applied]
            assert all(share.minor >= 0 for share in shares)
            assert total(shares, "EUR") <= part.amount
        assert total((one.relief.shipping for one in applied), "EUR") <= HELD.shipping


class TestTheBestCombination:
    def test_is_what_the_rules_let_combine_and_saves_most(self) -> None:
        coupons = [
            coupon(id="cpn_1", code="ALONE", percent=Decimal(30), is_exclusive=True),
            coupon(id="cpn_2", percent=Decimal(20), stacking_group="seasonal"),
            coupon(id="cpn_3", percent=Decimal(15), stacking_group="seasonal"),
            coupon(id="cpn_4", amount=eur("12.00"), stacking_group="welcome"),
        ]

        found = best(coupons, basket())

        assert ids(found) == ["cpn_2", "cpn_4"]
        assert found.discount == eur("32.00")
        assert [(out.code, out.failures[0].code) for out in found.left_out][:1] == [
            ("ALONE", FailureCode.NOT_COMBINABLE)
        ]

    def test_uses_an_exclusive_coupon_alone_where_it_saves_most(self) -> None:
        coupons = [
            coupon(id="cpn_1", percent=Decimal(40), is_exclusive=True),
            coupon(id="cpn_2", percent=Decimal(20)),
        ]

        found = best(coupons, basket())

        assert ids(found) == ["cpn_1"]
        assert found.left_out[0].failures[0].message == (
            "One of these coupons is exclusive and cannot be combined with another."
        )

    def test_spares_a_coupon_that_would_take_nothing_more_off(self) -> None:
        coupons = [coupon(id="cpn_1", percent=Decimal(100)), coupon(id="cpn_2", amount=eur("5.00"))]

        found = best(coupons, basket())

        assert ids(found) == ["cpn_1"]
        assert found.left_out[0].failures[0].code is FailureCode.SAVES_NOTHING

    def test_of_equal_ones_is_the_oldest(self) -> None:
        twins = [coupon(id=name, percent=Decimal(10), is_exclusive=True) for name in ("cpn_2", "cpn_1")]

        assert ids(best(twins, basket())) == ["cpn_1"]

    def test_tells_the_failures_of_coupons_that_do_not_apply(self) -> None:
        found = best([coupon(code="LATER", minimum_order=eur("500.00"))], basket())

        assert found.applied == ()
        assert found.left_out[0].failures[0].code is FailureCode.MINIMUM_ORDER

    def test_asks_the_rules_about_the_customer(self) -> None:
        four = [coupon(id=f"cpn_{number}", amount=eur("5.00")) for number in range(4)]

        plain, platinum = (
            best(four, basket(shopper=Shopper("usr_1", loyalty_tier=tier))) for tier in ("gold", "platinum")
        )

        assert (plain.discount, platinum.discount) == (eur("15.00"), eur("20.00"))

    def test_is_one_coupon_where_the_rules_know_of_none(self) -> None:
        older = read_sources(without("coupon_stacking", "rules/coupons.yaml"))
        coupons = [coupon(id=f"cpn_{number}", amount=eur("5.00")) for number in range(2)]

        found = best(coupons, basket(), older)

        assert found.discount == eur("5.00")
        assert found.left_out[0].failures[0].code is FailureCode.NOT_COMBINABLE

    def test_of_more_than_twelve_coupons_is_a_good_one_and_says_so(self) -> None:
        many = [coupon(id=f"cpn_{number:02}", amount=eur("1.00")) for number in range(13)]

        found = best_combination([assess(one, basket()) for one in many], basket(), refusals=free)

        assert (found.discount, found.is_exact) == (eur("13.00"), False)

    def test_of_twelve_coupons_is_exact(self) -> None:
        many = [coupon(id=f"cpn_{number:02}", percent=Decimal(number + 1)) for number in range(12)]

        found = best(many, basket())

        assert (found.discount, found.is_exact) == (eur("33.00"), True)

    def test_takes_each_coupon_once(self) -> None:
        twice = [assess(coupon(id="cpn_1"), basket())] * 2

        with pytest.raises(ValueError, match="once"):
            best_combination(twice, basket(), refusals=free)

    @given(coupons=several(), data=st.data())
    def test_does_not_depend_on_the_order_of_the_codes(self, coupons: list[Coupon], data: Any) -> None:
        shuffled = data.draw(st.permutations(coupons))

        assert best(shuffled, HELD) == best(coupons, HELD)

    @given(coupons=several(6))
    def test_is_what_looking_at_every_combination_finds(self, coupons: list[Coupon]) -> None:
        refusals = stacking_refusals(RULES, HELD)
        useful = [one for one in coupons if assess(one, HELD).discount]
        every = [some for size in range(1, len(useful) + 1) for some in combinations(useful, size)]
        plain = min((rank(together(some, HELD)) for some in every if not refusals(some)), default=(0, 0, []))

        found = best(coupons, HELD)

        assert rank(found.applied) == plain
        assert found.discount.minor == -plain[0]
