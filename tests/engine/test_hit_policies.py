"""Which of the rules that hold count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engine.hit_policies import SeveralRulesError
from backend.engine.vocabulary import FactError
from backend.kernel.money import Money
from tests.engine.books import MONDAY, book, fired

THREE = """\
- {id: a, about: A., when: {party: ">= 2"}, then: {discount: 5%}}
- {id: b, about: B., when: {party: ">= 4"}, then: {discount: 3.00 EUR}}
- {id: c, about: C., when: {party: ">= 6"}, then: {discount: 7%}}
"""
EUROS = {"currency": "EUR", "base": Money(10000, "EUR")}


class TestCollect:
    def test_takes_all_that_hold_in_file_order(self):
        assert fired(book(THREE), {**EUROS, "party": 6}) == ["a", "b", "c"]


class TestFirst:
    def test_takes_the_first_that_holds_in_file_order(self):
        assert fired(book(THREE, hit_policy="first"), {**EUROS, "party": 6}) == ["a"]


class TestUnique:
    def test_takes_the_one_that_holds(self):
        assert fired(book(THREE, hit_policy="unique"), {**EUROS, "party": 2}) == ["a"]

    def test_refuses_two_and_names_both(self):
        rules = book(THREE, hit_policy="unique")

        with pytest.raises(SeveralRulesError) as refused:
            rules.decide("price", {**EUROS, "party": 6}, at=MONDAY)

        assert refused.value.detail == (
            "Rules 'a' (rules/price.yaml:5) and 'b' (rules/price.yaml:6) both hold, "
            "and their decision allows one (hit_policy: unique). Narrow one of them."
        )


class TestPriority:
    PRIORITISED = """\
    - {id: a, priority: 1, about: A., when: always, then: {discount: 5%}}
    - {id: b, priority: 9, about: B., when: {party: ">= 4"}, then: {discount: 6%}}
    - {id: c, priority: 9, about: C., when: {party: ">= 4"}, then: {discount: 7%}}
    """

    def test_takes_the_highest_and_of_equal_ones_the_first(self):
        rules = book(self.PRIORITISED, hit_policy="priority")

        assert fired(rules, {"party": 4}) == ["b"]
        assert fired(rules, {"party": 1}) == ["a"]


class TestBest:
    @pytest.mark.parametrize(("base", "best"), [(Money(10000, "EUR"), "c"), (Money(1000, "EUR"), "b")])
    def test_takes_the_lowest_price_on_this_base(self, base, best):
        rules = book(THREE, hit_policy="best")

        assert fired(rules, {"party": 6, "currency": "EUR", "base": base}) == [best]

    @given(st.integers(1, 100_000))
    def test_no_other_rule_that_holds_would_be_cheaper(self, minor):
        base = Money(minor, "EUR")
        facts = {"party": 6, "currency": "EUR", "base": base}
        lines = [fired.effect.apply(base, base) for fired in ALL.decide("price", facts, at=MONDAY).fired]

        chosen = BEST.decide("price", facts, at=MONDAY).fired[0].effect.apply(base, base)

        assert chosen == min(lines)

    def test_needs_the_base_to_compare_two(self):
        with pytest.raises(FactError, match="'base' is missing"):
            BEST.decide("price", {"party": 6, "currency": "EUR"}, at=MONDAY)

    def test_needs_nothing_for_one(self):
        assert fired(BEST, {"party": 2}) == ["a"]

    def test_of_refunds_is_the_highest(self):
        refunds = """\
        - {id: half, about: H., when: always, then: {refund: 50%}}
        - {id: all, about: A., when: {party: 1}, then: {refund: 100%}}
        """
        rules = book(refunds, hit_policy="best", decision="refund")

        assert fired(rules, {"party": 1, **EUROS}, decision="refund") == ["all"]


ALL = book(THREE)
BEST = book(THREE, hit_policy="best")
