"""The rules that the product ships with."""

import json
import re
from pathlib import Path

import pytest

from backend.engine.effect_registry import EFFECTS
from backend.engine.hit_policies import HIT_POLICIES
from backend.engine.problems import RulebookError
from backend.engine.rulebook import Rulebook
from backend.engine.values import TYPES
from backend.infra.rule_files import folder_sources, read_folder, read_sources

# A list of facts rather than of decisions: one scenario speaks for all of its rows.
LISTS = {"rules/tables/vat.csv"}
FOLDER = Path(__file__).resolve().parents[2] / "rules"


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return read_folder(FOLDER)


class TestShippedRules:
    def test_every_rule_fires_in_a_scenario_and_nearly_fires_in_another(self, book):
        all_rules, fires, nearly = set(), set(), set()

        for table in book.decisions.values():
            all_rules |= {(table.name, rule.id) for rule in table.rules if rule.file not in LISTS}
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


class TestSchemas:
    """What editors complete is what the reader reads."""

    def test_name_every_effect_flag_and_hit_policy(self):
        schema = json.loads((FOLDER / "schema.json").read_text())["$defs"]
        flags = {flag for effect in EFFECTS.values() for flag in effect.flags}

        assert schema["effect"]["properties"].keys() == EFFECTS.keys() | flags
        assert set(schema["decision"]["properties"]["hit_policy"]["enum"]) == HIT_POLICIES.keys()

    def test_name_every_type_and_every_effect_of_a_vocabulary(self):
        schema = json.loads((FOLDER / "vocabulary.schema.json").read_text())["properties"]
        fact = schema["facts"]["additionalProperties"]["properties"]
        decision = schema["decisions"]["additionalProperties"]["properties"]

        assert fact["type"]["enum"] == list(TYPES)
        assert decision["effects"]["items"]["enum"] == list(EFFECTS)


class TestReadmeOfTheRules:
    def test_its_worked_change_is_told_as_it_happens(self):
        readme = (FOLDER / "README.md").read_text()
        file = folder_sources(FOLDER)["rules/peak_hours.yaml"]
        (told,) = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
        rule = re.sub(r" +# .*", "", told).rstrip()
        dearer = file.replace(rule, rule.replace("15%", "25%"))

        assert rule in file
        assert self.problem(dearer) in readme
        assert self.problem(file.replace(rule, rule.replace("15%", "25"))) in readme
        read_sources(self.sources(dearer.replace("price: 92.00 EUR", "price: 100.00 EUR")))

    def problem(self, file: str) -> str:
        with pytest.raises(RulebookError) as refused:
            read_sources(self.sources(file))
        (problem,) = refused.value.problems
        return str(problem)

    def sources(self, file: str) -> dict[str, str]:
        return {**folder_sources(FOLDER), "rules/peak_hours.yaml": file}


class TestTheLanguageOfTheRules:
    def test_it_names_every_hit_policy_and_effect(self):
        reference = (FOLDER.parent / "docs" / "rules.md").read_text()

        assert [name for name in [*HIT_POLICIES, *EFFECTS] if f"`{name}" not in reference] == []
