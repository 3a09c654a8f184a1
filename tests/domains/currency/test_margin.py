"""What the rules say about the margin of a conversion."""

from decimal import Decimal

import pytest

from backend.infra.rule_files import read_sources
from backend.wiring.currency import margin_by_rules
from tests.conftest import NOW
from tests.factories.rules import SHIPPED

CURRENCY = "rules/currency.yaml"
VOCABULARY = "rules/vocabulary.yaml"


def margin(source: str, target: str, changes: dict[str, str | None] | None = None) -> Decimal:
    """By the shipped rules with some files replaced, or taken out (None)."""
    files = {name: text for name, text in {**SHIPPED, **(changes or {})}.items() if text is not None}
    book = read_sources(files)
    return margin_by_rules(lambda: book)(source=source, target=target, at=NOW)


def rewritten(policy: str, effect: str) -> dict[str, str | None]:
    """The shipped rules of currencies under another policy, the general one with another effect."""
    text, _, _ = SHIPPED[CURRENCY].partition("scenarios:")
    return {CURRENCY: text.replace("hit_policy: first", policy).replace("surcharge: 0.5%", effect)}


class TestMarginByRules:
    @pytest.mark.parametrize(
        ("source", "target", "percent"),
        [("EUR", "USD", "0.5"), ("EUR", "DKK", "0.1"), ("DKK", "EUR", "0.1"), ("DKK", "USD", "0.5")],
    )
    def test_is_that_of_the_pair(self, source: str, target: str, percent: str) -> None:
        assert margin(source, target) == Decimal(percent)

    def test_adds_up_where_several_rules_count(self) -> None:
        changes = rewritten("hit_policy: collect", "surcharge: 0.5%")

        assert margin("EUR", "DKK", changes) == Decimal("0.6")

    def test_has_no_use_for_fixed_amounts(self) -> None:
        changes = rewritten("hit_policy: collect", "surcharge: 1.00 EUR")

        assert margin("EUR", "DKK", changes) == Decimal("0.1")

    def test_is_nothing_in_rules_that_do_not_know_it(self) -> None:
        vocabulary = SHIPPED[VOCABULARY].partition("  currency_margin:")
        _, _, after = vocabulary[2].partition("effects: [surcharge]\n")
        without = {VOCABULARY: vocabulary[0] + after, CURRENCY: None}

        assert margin("EUR", "USD", without) == 0
