"""The rules that the product ships with."""

from pathlib import Path

import pytest

from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import read_folder, read_sources

FOLDER = Path(__file__).resolve().parents[2] / "rules"


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return read_folder(FOLDER)


class TestShippedRules:
    def test_every_rule_fires_in_a_scenario_and_nearly_fires_in_another(self, book):
        all_rules, fires, nearly = set(), set(), set()

        for table in book.decisions.values():
            all_rules |= {(table.name, rule.id) for rule in table.rules}
            for scenario in table.scenarios:
                decision = book.decide(table.name, scenario.given, at=scenario.at)
                fires |= {(table.name, fired.rule) for fired in decision.fired}
                nearly |= {(table.name, miss.rule) for miss in decision.near_misses}

        assert all_rules - fires == set()
        assert all_rules - nearly == set()

    def test_every_decision_of_the_vocabulary_has_rules(self, book):
        without = [name for name, table in book.decisions.items() if not table.rules]

        assert without == []

    def test_every_rule_and_every_fact_says_what_it_is_about(self, book):
        silent = [rule.id for table in book.decisions.values() for rule in table.rules if not rule.about]
        unexplained = [fact.name for fact in book.vocabulary.facts.values() if not fact.about]

        assert silent + unexplained == []

    def test_the_stored_texts_give_the_same_rulebook_again(self, book):
        again = read_sources(book.sources)

        assert again.version == book.version
