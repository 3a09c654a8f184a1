"""What a coupon takes off a basket, and the words for what stands in its way."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.coupons.eligibility import Assessment, FailureCode, Shopper, assess
from backend.domains.coupons.entities import CouponKind, Usage
from backend.kernel.money import Money, total
from tests.conftest import NOW
from tests.factories.coupons import basket, coupon, eur, line

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD"])


def codes(assessment: Assessment) -> list[str]:
    return [failure.code.value for failure in assessment.failures]


class TestTheDiscount:
    def test_of_a_percentage_is_divided_among_the_lines(self) -> None:
        found = assess(coupon(percent=Decimal(10)), basket(line("30.00"), line("10.05")))

        assert found.discount == eur("4.01")
        assert found.relief.shares == (eur("3.00"), eur("1.01"))

    def test_of_a_percentage_stops_at_its_maximum(self) -> None:
        found = assess(coupon(percent=Decimal(50), maximum_discount=eur("20.00")), basket())

        assert found.discount == eur("20.00")

    def test_of_a_fixed_amount_is_never_more_than_what_is_eligible(self) -> None:
        found = assess(
            coupon(amount=eur("15.00"), product_kinds=("slot",)), basket(line("9.00", kind="slot"), line())
        )

        assert found.relief.shares == (eur("9.00"), eur("0.00"))

    def test_of_free_shipping_is_the_shipping(self) -> None:
        found = assess(coupon(kind=CouponKind.FREE_SHIPPING), basket(shipping="4.90"))

        assert (found.relief.shipping, found.discount) == (eur("4.90"), eur("4.90"))

    @pytest.mark.parametrize(
        ("limits", "eligible"),
        [
            ({}, [True, True]),
            ({"categories": ("shoes",)}, [True, False]),
            ({"categories": ("running-shoes",)}, [True, False]),
            ({"categories": ("books",)}, [False, True]),
            ({"products": ("prd_book",)}, [False, True]),
            ({"products": ("prd_book",), "categories": ("shoes",)}, [True, True]),
            ({"excluded_products": ("prd_book",)}, [True, False]),
            ({"categories": ("shoes",), "product_kinds": ("slot",)}, [False, False]),
        ],
    )
    def test_is_for_the_products_categories_and_kinds_of_the_coupon(self, limits, eligible) -> None:
        lines = line("100.00"), line("10.00", product_id="prd_book", categories=("books",))

        found = assess(coupon(**limits), basket(*lines))

        assert [bool(share) for share in found.relief.shares] == eligible

    @given(
        currency=CURRENCIES,
        amounts=st.lists(st.integers(0, 10**9), min_size=1, max_size=8),
        percent=st.decimals("0.01", 100, places=2),
        most=st.none() | st.integers(1, 10**9),
    )
    def test_is_divided_exactly_and_leaves_no_line_below_zero(self, currency, amounts, percent, most) -> None:
        lines = [line(Money(minor, currency)) for minor in amounts]
        maximum = None if most is None else Money(most, currency)
        priced = basket(*lines, shipping=Money.zero(currency))

        found = assess(coupon(percent=percent, maximum_discount=maximum), priced)

        assert total(found.relief.shares, currency) == found.discount
        assert found.discount <= priced.subtotal.percent(percent)
        assert all(
            0 <= share.minor <= part.amount.minor
            for share, part in zip(found.relief.shares, lines, strict=True)
        )


class TestFailures:
    def test_say_what_is_missing_of_the_minimum_order(self) -> None:
        found = assess(coupon(minimum_order=eur("50.00")), basket(line("37.50")))

        (failure,) = found.failures
        assert failure.message == "Spend 12.50 EUR more: the coupon needs an order of 50.00 EUR."
        assert failure.missing == eur("12.50")
        assert found.discount == eur("0.00")

    def test_are_all_told_at_once(self) -> None:
        wanting = coupon(
            minimum_order=eur("200.00"),
            valid_until=NOW,
            user_id="usr_other",
            first_order_only=True,
            product_kinds=("slot",),
            per_user_limit=1,
            global_limit=2,
            is_active=False,
        )

        found = assess(
            wanting, basket(shopper=Shopper("usr_me", orders=1)), usage=Usage(uses=2, by_customer=1)
        )

        assert codes(found) == [
            "retired", "ended", "not_yours", "first_order_only", "minimum_order", "nothing_eligible",
            "used_up", "used_by_you",
        ]  # fmt: skip

    def test_validity_begins_with_its_first_instant_and_ends_before_its_last(self) -> None:
        period = {"valid_from": NOW, "valid_until": NOW + timedelta(hours=1)}

        found = [
            codes(assess(coupon(**period), basket(now=NOW + shift)))
            for shift in (-timedelta(microseconds=1), timedelta(0), timedelta(hours=1))
        ]

        assert found == [["not_started"], [], ["ended"]]

    def test_amounts_in_another_currency_are_not_compared_but_percentages_hold(self) -> None:
        in_yen = basket(line(Money(5000, "JPY")), shipping=Money.zero("JPY"))

        fixed = assess(coupon(amount=eur("5.00"), budget=eur("9.00")), in_yen)
        percentage = assess(coupon(percent=Decimal(10)), in_yen)

        assert [failure.message for failure in fixed.failures] == [
            "The coupon is in EUR and the order in JPY: pay in EUR to use it."
        ]
        assert percentage.discount == Money(500, "JPY")

    def test_a_budget_is_never_given_in_part(self) -> None:
        found = assess(
            coupon(amount=eur("5.00"), budget=eur("100.00")), basket(), usage=Usage(spent_minor=9600)
        )

        (failure,) = found.failures
        assert failure.code is FailureCode.BUDGET_SPENT
        assert "Only 4.00 EUR is left" in failure.message
        assert found.discount == eur("0.00")

    def test_a_visitor_signs_in_for_a_first_order(self) -> None:
        found = assess(coupon(first_order_only=True), basket())

        assert "sign in" in found.failures[0].message

    def test_free_shipping_needs_something_to_ship(self) -> None:
        assert codes(assess(coupon(kind=CouponKind.FREE_SHIPPING), basket())) == ["no_shipping"]
