"""What the rules say about the margin of a conversion."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from backend.infra.rule_files import read_sources
from backend.wiring.currency import margin_by_rules
from tests.conftest import NOW
from tests.factories.rules import SHIPPED, without

CURRENCY = "rules/currency.yaml"


def margin(source: str, target: str, *, files: Mapping[str, str] = SHIPPED) -> Decimal:
    """By these rules."""
    book = read_sources(files)
    return margin_by_rules(lambda: book)(source=source, target=target, at=NOW)


def rewritten(policy: str, effect: str) -> dict[str, str]:
    """The shipped rules with those of currencies under another policy, the general one with another effect."""
    text, _, _ = SHIPPED[CURRENCY].partition("scenarios:")
    return SHIPPED | {CURRENCY: text.replace("hit_policy: first", policy).replace("surcharge: 0.5%", effect)}


class TestMarginByRules:
    @pytest.mark.parametrize(
        ("source", "target", "percent"),
        [("EUR", "USD", "0.5"), ("EUR", "DKK", "0.1"), ("DKK", "EUR", "0.1"), ("DKK", "USD", "0.5")],
    )
    def test_is_that_of_the_pair(self, source: str, target: str, percent: str) -> None:
        assert margin(source, target) == Decimal(percent)

    def test_adds_up_where_several_rules_count(self) -> None:
        files = rewritten("hit_policy: collect", "surcharge: 0.5%")

        assert margin("EUR", "DKK", files=files) == Decimal("0.6")

    def test_has_no_use_for_fixed_amounts(self) -> None:
        files = rewritten("hit_policy: collect", "surcharge: 1.00 EUR")

        assert margin("EUR", "DKK", files=files) == Decimal("0.1")

    def test_is_nothing_in_rules_that_do_not_know_it(self) -> None:
        assert margin("EUR", "USD", files=without("currency_margin", CURRENCY)) == 0
