"""Fees, taxes and deposits as rules write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engine.effect_registry import EFFECTS
from backend.engine.problems import RulebookError
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import read_sources
from backend.kernel.money import Money

HUNDRED = Money(10000, "EUR")
amounts = st.integers(0, 10**6).map(lambda minor: Money(minor, "EUR"))
LIMITED = """
facts:
  kind: {type: enum, values: [stay], about: What.}
decisions:
  markup: {about: A., effects: [surcharge], lowest: 5%, highest: 20%}
"""


def effect(keyword: str, text: str, **flags):
    return EFFECTS[keyword].parse(text, flags)


def markup(*percents: str, policy: str = "first") -> str:
    rules = "".join(
        f"  - {{id: rule-{number}, about: A., when: {{kind: stay}}, then: {{surcharge: {percent}}}}}\n"
        for number, percent in enumerate(percents)
    )
    return f"decision: markup\nabout: A.\nhit_policy: {policy}\nrules:\n{rules}"


def read(rules: str, vocabulary: str = LIMITED) -> Rulebook:
    return read_sources({"rules/vocabulary.yaml": vocabulary, "rules/markup.yaml": rules})


class TestFee:
    @pytest.mark.parametrize(
        ("text", "flags", "fee"),
        [
            ("12%", {}, 1200),
            ("3.00 EUR", {}, 300),
            ("12%", {"minimum": Money(1500, "EUR")}, 1500),
            ("12%", {"maximum": Money(900, "EUR")}, 900),
            ("12%", {"minimum": Money(100, "EUR"), "maximum": Money(9000, "EUR")}, 1200),
            ("0%", {}, 0),
            ("120.00 EUR", {"paid_by": "provider"}, 10000),
        ],
    )
    def test_of_a_hundred(self, text, flags, fee):
        assert effect("fee", text, **flags).of(HUNDRED) == Money(fee, "EUR")

    @pytest.mark.parametrize(
        ("text", "flags", "said"),
        [
            ("-1%", {}, "nothing or more"),
            ("101%", {}, "at most 100%"),
            ("5", {}, "no unit"),
            ("5%", {"paid_by": "nobody"}, "paid_by: customer or provider"),
            ("5%", {"minimum": Money(200, "EUR"), "maximum": Money(100, "EUR")}, "is below"),
            ("5.00 EUR", {"maximum": Money(100, "USD")}, "EUR and USD"),
        ],
    )
    def test_that_makes_no_sense_is_refused_in_words(self, text, flags, said):
        with pytest.raises(ValueError, match=said):
            effect("fee", text, **flags)

    def test_with_an_amount_holds_in_its_currency_only(self):
        assert effect("fee", "5%").currency is None
        assert effect("fee", "5%", minimum=Money(100, "EUR")).currency == "EUR"

    @given(amounts, st.decimals(0, 100, places=2))
    def test_of_the_provider_is_never_more_than_the_price(self, price, percent):
        fee = effect("fee", f"{percent}%", paid_by="provider", minimum=Money(500, "EUR"))

        assert Money(0, "EUR") <= fee.of(price) <= price


class TestTax:
    @pytest.mark.parametrize("text", ["20%", "5.5%", "0%", "100%"])
    def test_is_a_percentage(self, text):
        assert effect("tax", text).percent == Decimal(text[:-1])

    @pytest.mark.parametrize("text", ["-1%", "101%", "20", "3.00 EUR"])
    def test_that_is_none_is_refused(self, text):
        with pytest.raises(ValueError, match=r"tax|percent"):
            effect("tax", text)


class TestDeposit:
    @pytest.mark.parametrize(("text", "now"), [("30%", 3000), ("50.00 EUR", 5000), ("500.00 EUR", 10000)])
    def test_of_a_hundred(self, text, now):
        assert effect("deposit", text).of(HUNDRED) == Money(now, "EUR")

    @pytest.mark.parametrize(("text", "days"), [("101%", 0), ("-1%", 0), ("30%", -1)])
    def test_that_makes_no_sense_is_refused(self, text, days):
        with pytest.raises(ValueError, match=r"deposit|before"):
            effect("deposit", text, days_before=days)


class TestLimits:
    def test_let_rules_within_them_pass(self):
        assert read(markup("5%", "20%")).decisions["markup"].rules

    @pytest.mark.parametrize("amount", ["4.9%", "20.1%", "15.00 EUR"])
    def test_refuse_what_is_outside_of_them(self, amount):
        with pytest.raises(RulebookError, match="at least 5%, at most 20%"):
            read(markup(amount))

    def test_want_one_rule_to_count(self):
        with pytest.raises(RulebookError, match="hit policy by which one rule counts"):
            read(markup("10%", "15%", policy="collect"))

    def test_that_leave_nothing_are_refused(self):
        with pytest.raises(RulebookError, match="'highest' is below 'lowest'"):
            read(markup("10%"), LIMITED.replace("highest: 20%", "highest: 1%"))
