"""What rules do when they fire."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engine.effect_registry import EFFECTS
from backend.engine.effects import AtLeast, AtMost, Discount, MinimumMargin, PriceEffect, Refund
from backend.kernel.money import CurrencyError, Money, total
from tests.engine.books import MONDAY, book

amounts = st.integers(0, 10**6).map(lambda minor: Money(minor, "EUR"))
percents = st.decimals(min_value=Decimal("0.1"), max_value=100, places=1)
HUNDRED = Money(10000, "EUR")


def effect(keyword: str, text: str, **flags):
    return EFFECTS[keyword].parse(text, flags)


class TestPriceEffects:
    @pytest.mark.parametrize(
        ("keyword", "text", "subtotal", "line"),
        [
            ("surcharge", "25%", 12000, 2500),
            ("surcharge", "15.00 EUR", 12000, 1500),
            ("discount", "10%", 12000, -1000),
            ("discount", "5.00 EUR", 12000, -500),
            ("discount", "100%", 4000, -4000),
            ("discount", "50.00 EUR", -100, 0),
            ("add", "8.00 EUR", 12000, 800),
            ("add", "-8.00 EUR", 12000, -800),
            ("set", "90.00 EUR", 12000, -3000),
            ("at_least", "130.00 EUR", 12000, 1000),
            ("at_least", "90%", 12000, 0),
            ("at_most", "110%", 12000, -1000),
            ("at_most", "130.00 EUR", 12000, 0),
        ],
    )
    def test_turn_into_one_signed_line_on_a_base_of_a_hundred(self, keyword, text, subtotal, line):
        price_effect = effect(keyword, text)

        assert price_effect.apply(HUNDRED, Money(subtotal, "EUR")) == Money(line, "EUR")

    @given(amounts, amounts, percents)
    def test_a_discount_never_makes_a_price_negative(self, base, subtotal, percent):
        assert subtotal + Discount(percent).apply(base, subtotal) >= Money(0, "EUR")

    @given(amounts, amounts, amounts)
    def test_limits_hold_afterwards(self, base, subtotal, limit):
        assert subtotal + AtLeast(limit).apply(base, subtotal) >= limit
        assert subtotal + AtMost(limit).apply(base, subtotal) <= limit

    def test_in_another_currency_do_not_add_up(self):
        with pytest.raises(CurrencyError):
            effect("set", "90.00 USD").apply(HUNDRED, HUNDRED)

    def test_carry_their_flags(self):
        marked = effect("discount", "5%", label="Neighbours", may_go_below_floor=True)

        assert marked == Discount(Decimal(5), label="Neighbours", may_go_below_floor=True)

    def test_are_registered_by_their_keyword(self):
        assert all(kind.keyword == keyword for keyword, kind in EFFECTS.items())
        assert sum(issubclass(kind, PriceEffect) for kind in EFFECTS.values()) == 6


class TestPercentagesOfOneStage:
    def test_add_up_and_do_not_compound(self):
        rules = book(
            """\
            - {id: a, about: A., when: always, then: {surcharge: 10%}}
            - {id: b, about: B., when: always, then: {surcharge: 10%}}
            """
        )
        outcome = rules.decide("price", {}, at=MONDAY).outcome

        assert [one.apply(HUNDRED, HUNDRED).minor for one in outcome] == [1000, 1000]


class TestFixedAmounts:
    def test_hold_for_prices_in_their_own_currency_only(self):
        rules = book("- {id: a, about: A., when: always, then: {add: 5.00 EUR}}")

        in_euros = rules.decide("price", {"currency": "EUR"}, at=MONDAY)
        in_dollars = rules.decide("price", {"currency": "USD"}, at=MONDAY)

        assert total([one.apply(HUNDRED, HUNDRED) for one in in_euros.outcome], "EUR") == Money(500, "EUR")
        assert in_dollars.outcome == ()


class TestMinimumMargin:
    @pytest.mark.parametrize(("text", "floor"), [("10%", 11000), ("5.00 EUR", 10500), ("0%", 10000)])
    def test_gives_the_lowest_price_that_keeps_it(self, text, floor):
        assert effect("minimum_margin", text).floor(HUNDRED) == Money(floor, "EUR")

    def test_is_not_negative(self):
        with pytest.raises(ValueError, match="nothing or more"):
            effect("minimum_margin", "-1%")

    def test_the_smaller_is_better_for_the_customer(self):
        smaller, larger = MinimumMargin(Decimal(5)), MinimumMargin(Decimal(10))

        assert smaller.cost_to_customer(HUNDRED) < larger.cost_to_customer(HUNDRED)
        assert MinimumMargin(HUNDRED).currency == "EUR"


class TestRefund:
    @given(amounts, percents)
    def test_lies_between_nothing_and_what_was_paid(self, paid, percent):
        assert Money(0, "EUR") <= Refund(percent).apply(paid) <= paid

    @pytest.mark.parametrize("text", ["101%", "-1%"])
    def test_outside_of_that_is_refused(self, text):
        with pytest.raises(ValueError, match="between 0% and 100%"):
            effect("refund", text)


class TestRefusals:
    def test_carry_the_reason(self):
        assert effect("refuse", "Too late.").reason == "Too late."

    def test_an_approval_is_required_by_its_name(self):
        assert effect("require", "approval").approval

    def test_have_no_currency(self):
        assert effect("refuse", "Too late.").currency is None
