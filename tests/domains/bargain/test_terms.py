"""What the shipped rules say of bargains."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.domains.bargain.terms import Chosen, Refused, strategy_of, terms_of
from backend.engine.bargain_effects import STRATEGIES
from backend.infra.rule_files import folder_sources, read_folder, read_sources
from backend.kernel.money import Money

FOLDER = Path(__file__).resolve().parents[3] / "rules"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
PRODUCT = {"strategy": "moderate", "product_id": "prd_1"}
ROOM = {"cost": Money(6000, "EUR"), "kind": "stay", "base": Money(24000, "EUR")}


@pytest.fixture(scope="module")
def book():
    return read_folder(FOLDER)


def with_terms(*rules: str):
    """The shipped rules with more of `bargain_terms` for one product."""
    sources = folder_sources(FOLDER)
    text = "".join(
        f"  - {{id: more-{number}, about: A., when: {{product_id: prd_1}}, then: {{{then}}}}}\n"
        for number, then in enumerate(rules)
    )
    more = f"decision: bargain_terms\nabout: A.\nhit_policy: collect\nrules:\n{text}"
    return read_sources({**sources, "rules/more.yaml": more})


class TestStrategy:
    def test_is_that_of_the_first_rule_that_holds(self, book):
        chosen = strategy_of(book, ROOM, NOW)

        assert chosen == Chosen(
            "moderate", combines_coupons=False, words_may_propose=True, rule="slots-and-travel"
        )

    def test_may_be_chosen_by_staff(self, book):
        chosen = strategy_of(book, ROOM, NOW, "conservative")

        assert (chosen.strategy, chosen.rule) == ("conservative", "")

    def test_that_staff_choose_does_not_open_what_a_rule_refuses(self, book):
        refused = strategy_of(book, {**ROOM, "tags": ("fixed-price",)}, NOW, "conservative")

        assert refused == Refused("This has a fixed price.", "fixed-price")

    def test_is_none_where_no_rule_allows_one(self, book):
        refused = strategy_of(book, {**ROOM, "kind": "external"}, NOW)

        assert refused == Refused("This is not bargained over.", "")

    def test_is_none_by_rules_that_are_older_than_bargains(self):
        book = read_sources(
            {"rules/vocabulary.yaml": "facts: {kind: {type: text, about: A.}}\ndecisions: {}\n"}
        )

        refused = strategy_of(book, ROOM, NOW)

        assert isinstance(refused, Refused)
        assert terms_of(book, {**ROOM, "strategy": "moderate"}, NOW).strategy == "moderate"


class TestTerms:
    def test_aggressive_gives_least_and_conservative_most(self, book):
        terms = {name: terms_of(book, {**ROOM, "strategy": name}, NOW) for name in STRATEGIES}
        hard, usual, soft = (terms[name] for name in ("aggressive", "moderate", "conservative"))

        assert hard.most_off < usual.most_off < soft.most_off
        assert hard.zone < usual.zone < soft.zone
        assert hard.firmness > usual.firmness > soft.firmness
        assert hard.curve > usual.curve > soft.curve

    def test_give_little_where_no_cost_is_known(self, book):
        unknown = {name: value for name, value in ROOM.items() if name != "cost"}

        terms = terms_of(book, {**unknown, "strategy": "conservative"}, NOW)

        assert terms.most_off == 0.15

    def test_of_an_effect_are_shares_and_powers(self):
        book = with_terms("most_off: 35%, curve: 0.5, zone: 4%")

        terms = terms_of(book, PRODUCT, NOW)

        assert (terms.most_off, terms.curve, terms.zone, terms.firmness) == (0.35, 0.5, 0.04, 1.0)

    def test_are_changed_by_every_rule_that_makes_them_softer_or_firmer(self):
        book = with_terms("softer: 20%", "softer: 50%", "firmer: 10%")
        before = terms_of(read_folder(FOLDER), {"strategy": "moderate"}, NOW)

        terms = terms_of(book, PRODUCT, NOW)

        assert terms.firmness == pytest.approx(before.firmness * 0.8 * 0.5 * 1.1)
        assert terms.zone == pytest.approx(before.zone * 1.2 * 1.5 * 0.9)
        assert terms.most_off == before.most_off

    def test_stay_within_their_bounds_however_many_rules_hold(self):
        book = with_terms(*["firmer: 100%"] * 9)

        terms = terms_of(book, PRODUCT, NOW)

        assert (terms.zone, terms.patience, terms.firmness) == (0.0, 1.0, 10.0)
