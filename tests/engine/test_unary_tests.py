"""Unary tests: their text, and what they let pass."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backend.engine.unary_parser import parse_unary_test
from backend.engine.unary_tests import UNARY_TESTS, Compare, Equals, Has, Interval, Not, OneOf
from backend.kernel.money import Money
from tests.engine.cases import FACTS, VALUES, intervals, positive_tests, unary_tests

ORDERED = sorted(name for name, fact in FACTS.items() if fact.type.ordered)


def passes(test, value) -> bool:
    return test.predicate()(value)


class TestText:
    @given(st.data())
    def test_parses_to_an_equal_test(self, data):
        name = data.draw(st.sampled_from(sorted(FACTS)))
        test = data.draw(unary_tests(name))
        # A list of texts needs the brackets of a list, as a text may hold a comma.
        assume(not (name == "text" and isinstance(test, OneOf)))

        text = test.text(FACTS[name].type.write)

        assert parse_unary_test(text, FACTS[name]) == test

    @pytest.mark.parametrize("space", ["", " ", "  "])
    def test_allows_spaces_around_what_is_compared(self, space):
        party = FACTS["party"]

        assert parse_unary_test(f">={space}4", party) == Compare(">=", 4)
        assert parse_unary_test(f"[{space}1{space}..{space}4{space})", party) == Interval(1, 4)
        assert parse_unary_test(f"not({space}1, 2{space})", party) == Not(OneOf((1, 2)))

    def test_quotation_marks_keep_a_text_from_being_a_test(self):
        assert parse_unary_test('"missing"', FACTS["text"]) == Equals("missing")
        assert parse_unary_test('"not(x)"', FACTS["text"]) == Equals("not(x)")

    @pytest.mark.parametrize("text", ['"a" "b', 'a, "b', '"a, b'])
    def test_an_open_quotation_mark_is_refused(self, text):
        with pytest.raises(ValueError, match=r"quotation mark|not closed"):
            parse_unary_test(text, FACTS["text"])

    def test_has_asks_for_one_item(self):
        with pytest.raises(ValueError, match="asks for one item"):
            parse_unary_test("has spa, pool", FACTS["services"])


class TestMissingFacts:
    @given(st.data())
    def test_fail_every_positive_test_and_pass_its_negation(self, data):
        test = data.draw(positive_tests(data.draw(st.sampled_from(sorted(FACTS)))))

        assert not passes(test, None)
        assert passes(Not(test), None)

    @pytest.mark.parametrize(
        ("word", "missing", "present"), [("-", 1, 1), ("missing", 1, 0), ("present", 0, 1)]
    )
    def test_are_what_the_words_are_about(self, word, missing, present):
        test = parse_unary_test(word, FACTS["party"])

        assert passes(test, None) == bool(missing)
        assert passes(test, 3) == bool(present)


class TestNot:
    @given(st.data())
    def test_passes_exactly_what_its_test_does_not(self, data):
        name = data.draw(st.sampled_from(sorted(FACTS)))
        test, value = data.draw(positive_tests(name)), data.draw(VALUES[name])

        assert passes(Not(test), value) != passes(test, value)


class TestInterval:
    @given(st.data())
    def test_is_the_two_comparisons_of_its_ends(self, data):
        name = data.draw(st.sampled_from(ORDERED))
        test = data.draw(intervals(name))
        value = data.draw(st.one_of(VALUES[name], st.sampled_from([test.low, test.high])))
        low = Compare(">=" if test.includes_low else ">", test.low)
        high = Compare("<=" if test.includes_high else "<", test.high)

        assert passes(test, value) == (passes(low, value) and passes(high, value))

    @given(st.integers(-5, 5), st.integers(-5, 5), st.booleans(), st.booleans())
    def test_is_empty_when_no_number_of_a_fine_grid_lies_in_it(self, low, high, includes_low, includes_high):
        test = Interval(low, high, includes_low=includes_low, includes_high=includes_high)
        grid = [tenth / 10 for tenth in range(-60, 61)]

        assert test.is_empty == (not any(passes(test, value) for value in grid))


class TestMoney:
    @pytest.mark.parametrize("text", ["15.00 EUR", "<= 15.00 EUR", "[0.00 EUR..15.00 EUR]", ">= 15.00 EUR"])
    def test_of_another_currency_fails_the_test_and_passes_its_negation(self, text):
        test = parse_unary_test(text, FACTS["base"])

        assert passes(test, Money(1500, "EUR"))
        assert not passes(test, Money(1500, "USD"))
        assert passes(Not(test), Money(1500, "USD"))


class TestRegistry:
    def test_holds_every_test_by_its_name(self):
        assert sorted(UNARY_TESTS) == [
            "anything", "compare", "equals", "has", "interval", "missing", "not", "one of", "present",
        ]  # fmt: skip

    def test_has_is_true_of_lists_that_hold_the_item(self):
        assert passes(Has("spa"), ("pool", "spa"))
        assert not passes(Has("spa"), ("pool",))
