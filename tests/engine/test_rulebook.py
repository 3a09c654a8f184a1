"""A rulebook as a whole: dates, versions, many cases at once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engine.matcher_compiled import CompiledMatcher, compiled
from backend.engine.problems import RulebookError
from backend.engine.rulebook import UnknownDecisionError
from backend.engine.values import TEXT
from backend.engine.vocabulary import Fact, FactError, Vocabulary
from backend.infra.rule_files import read_sources
from backend.kernel.money import Money
from tests.engine.books import MONDAY, VOCABULARY, book, fired

DATED = "- {id: r, about: R., from: 2026-06-01, until: 2026-07-01, when: always, then: {surcharge: 5%}}"
MIXED = """\
- {id: a, about: A., when: {weekday: [mon, tue]}, then: {surcharge: 5%}}
- {id: b, about: B., until: 2026-07-01, when: {party: ">= 2", loyalty_tier: not(gold)}, then: {discount: 5%}}
- {id: c, about: C., when: {tags: has spa}, then: {set: 9.00 EUR}}
"""
BOOK = book(MIXED)
cases = st.fixed_dictionaries(
    {},
    optional={
        "weekday": st.sampled_from(["mon", "sat"]),
        "party": st.integers(1, 3),
        "loyalty_tier": st.sampled_from(["none", "gold"]),
        "currency": st.sampled_from(["EUR", "USD"]),
        "tags": st.sampled_from([(), ("spa",)]),
        "base": st.integers(1, 9).map(lambda minor: Money(minor, "EUR")),
        "timezone": st.sampled_from(["Asia/Tokyo", "America/Lima"]),
    },
)


class TestDecide:
    def test_says_which_rule_fired_where_it_stands_and_what_it_does(self):
        decision = BOOK.decide("price", {"weekday": "mon"}, at=MONDAY)

        (rule,) = decision.fired
        assert (rule.rule, rule.file, rule.line, rule.label) == ("a", "rules/price.yaml", 5, "A.")
        assert decision.outcome == (rule.effect,)
        assert (decision.decision, decision.version) == ("price", BOOK.version)

    def test_prefers_the_label_of_the_effect(self):
        rules = book("- {id: r, about: Why., when: always, then: {add: 5.00 EUR, label: Cleaning}}")

        (rule,) = rules.decide("price", {"currency": "EUR"}, at=MONDAY).fired

        assert rule.label == "Cleaning"

    def test_a_decision_without_rules_decides_nothing(self):
        decision = BOOK.decide("empty", {"party": 2}, at=MONDAY)

        assert (decision.outcome, decision.fired, decision.near_misses) == ((), (), ())

    def test_an_unknown_decision_is_an_error_with_a_suggestion(self):
        with pytest.raises(UnknownDecisionError, match="Did you mean 'price'"):
            BOOK.decide("prices", {}, at=MONDAY)

    def test_an_unknown_fact_is_an_error(self):
        with pytest.raises(FactError, match="Did you mean 'party'"):
            BOOK.decide("price", {"partie": 2}, at=MONDAY)


class TestEffectiveDates:
    @pytest.mark.parametrize(
        ("at", "zone", "fires"),
        [
            (datetime(2026, 5, 31, 23, 59, tzinfo=UTC), "UTC", False),
            (datetime(2026, 6, 1, 0, 0, tzinfo=UTC), "UTC", True),
            (datetime(2026, 6, 30, 23, 59, tzinfo=UTC), "UTC", True),
            (datetime(2026, 7, 1, 0, 0, tzinfo=UTC), "UTC", False),
            (datetime(2026, 5, 31, 15, 0, tzinfo=UTC), "Asia/Tokyo", True),
            (datetime(2026, 6, 30, 15, 0, tzinfo=UTC), "Asia/Tokyo", False),
            (datetime(2026, 6, 1, 4, 59, tzinfo=UTC), "America/Lima", False),
            (datetime(2026, 6, 1, 5, 0, tzinfo=UTC), "America/Lima", True),
        ],
    )
    def test_are_half_open_days_of_the_zone_of_the_facts(self, at, zone, fires):
        assert bool(fired(book(DATED), {"timezone": zone}, at=at)) == fires

    def test_are_days_of_utc_when_no_zone_is_given(self):
        assert fired(book(DATED), {}, at=datetime(2026, 6, 30, 23, tzinfo=UTC)) == ["r"]

    def test_an_unknown_zone_is_an_error_of_the_facts(self):
        with pytest.raises(FactError, match="IANA"):
            fired(book(DATED), {"timezone": "Mars/Base"})

    def test_do_not_hide_the_rule_of_another_file(self):
        head = "decision: price\nabout: A.\nhit_policy: collect\nrules:\n  "
        rules = read_sources(
            {
                "rules/vocabulary.yaml": VOCABULARY,
                "rules/a.yaml": head + DATED,
                "rules/b.yaml": head + DATED.replace("id: r", "id: s").replace("2026-07-01", "2027-01-01"),
            }
        )

        assert fired(rules, {}, at=datetime(2026, 8, 1, tzinfo=UTC)) == ["s"]
        assert fired(rules, {}) == ["r", "s"]


class TestDecideMany:
    @given(st.lists(cases, max_size=12))
    def test_decides_each_as_alone(self, many):
        assert BOOK.decide_many("price", many, at=MONDAY, explain=True) == [
            BOOK.decide("price", facts, at=MONDAY) for facts in many
        ]

    @given(st.lists(cases, max_size=12))
    def test_decides_the_same_on_facts_that_were_checked_before(self, many):
        checked = [BOOK.vocabulary.checked(facts) for facts in many]

        assert BOOK.decide_many("price", checked, at=MONDAY) == BOOK.decide_many("price", many, at=MONDAY)

    def test_checks_what_another_vocabulary_has_checked(self):
        lenient = Vocabulary({"party": Fact("party", TEXT)})

        with pytest.raises(FactError):
            BOOK.decide_many("price", [lenient.checked({"party": "2"})], at=MONDAY)

    @given(st.lists(cases, max_size=5))
    def test_leaves_out_near_misses_unless_asked(self, many):
        assert BOOK.decide_many("price", many, at=MONDAY) == [
            replace(BOOK.decide("price", facts, at=MONDAY), near_misses=()) for facts in many
        ]

    def test_decides_cases_once_that_are_equal_in_what_the_rules_test(self):
        many = [{"weekday": "mon", "lead_hours": None, "base": Money(minor, "EUR")} for minor in range(1, 50)]

        decided = BOOK.decide_many("price", many, at=MONDAY)

        assert len({id(decision) for decision in decided}) == 1

    def test_checks_every_case(self):
        with pytest.raises(FactError):
            BOOK.decide_many("price", [{"party": 1}, {"party": "2"}], at=MONDAY)


class TestVersion:
    @pytest.mark.parametrize(
        "rules",
        [
            MIXED + "\n# a comment\n",
            MIXED.replace("about: A., when", "about: 'A.',   when"),
            MIXED.replace("id: a, about: A.", "about: A., id: a"),
        ],
    )
    def test_is_the_same_whatever_the_layout(self, rules):
        assert book(rules).version == BOOK.version

    @pytest.mark.parametrize(
        "rules",
        [MIXED.replace("5%", "6%"), MIXED.replace("about: A.", "about: B."), MIXED.replace("id: a", "id: z")],
    )
    def test_is_another_when_the_files_say_something_else(self, rules):
        assert book(rules).version != BOOK.version

    def test_is_another_when_the_order_of_rules_is(self):
        lines = MIXED.splitlines(keepends=True)

        assert book("".join(reversed(lines))).version != BOOK.version

    def test_names_its_hash(self):
        assert BOOK.version.startswith("sha256:")
        assert len(BOOK.version) == len("sha256:") + 64


class TestSources:
    def test_give_the_same_rulebook_again(self):
        assert read_sources(BOOK.sources).version == BOOK.version


class TestMatchers:
    def test_are_closed_when_a_scenario_fails_and_with_the_rulebook(self):
        closed = []

        class Watched(CompiledMatcher):
            def close(self) -> None:
                closed.append(self)

        def watched(candidates, *, vocabulary):
            plain = compiled(candidates, vocabulary=vocabulary)
            return Watched(plain.fact, plain.by_value, plain.otherwise)

        good = read_sources(BOOK.sources, matcher=watched)
        good.close()
        wrong = BOOK.sources["rules/price.yaml"] + (
            "scenarios:\n  - {name: S, at: 2026-06-01, given: {weekday: sat}, expect: {fired: [a]}}\n"
        )
        with pytest.raises(RulebookError, match="scenario 'S'"):
            read_sources({**BOOK.sources, "rules/price.yaml": wrong}, matcher=watched)

        assert len(closed) == 2 * len(BOOK.decisions)


class TestScenarios:
    def test_a_scenario_that_meets_an_error_fails_with_its_words(self):
        text = BOOK.sources["rules/price.yaml"].replace("collect", "unique") + (
            "scenarios:\n  - {name: S, at: 2026-06-01, given: {weekday: mon, party: 2}, expect: {fired: [a]}}\n"
        )

        with pytest.raises(RulebookError, match=r"scenario 'S': Rules 'a' .* and 'b'"):
            read_sources({**BOOK.sources, "rules/price.yaml": text})

    def test_a_scenario_that_mixes_currencies_fails_with_the_reason(self):
        text = BOOK.sources["rules/price.yaml"] + (
            "scenarios:\n  - name: S\n    at: 2026-06-01\n    given: {tags: [spa], base: 10.00 USD, currency: EUR}\n"
            "    expect: {fired: [c], price: 9.00 EUR}\n"
        )

        with pytest.raises(RulebookError, match="scenario 'S': EUR and USD do not add up"):
            read_sources({**BOOK.sources, "rules/price.yaml": text})

    def test_facts_from_json_take_the_currency_of_their_base(self):
        assert BOOK.vocabulary.parse_facts({"base": "9.00 EUR"}) == {
            "base": Money(900, "EUR"),
            "currency": "EUR",
        }
        assert BOOK.vocabulary.parse_facts({"base": "9.00 EUR", "currency": "USD"})["currency"] == "USD"

    def test_the_currency_of_a_case_is_that_of_its_base(self):
        text = BOOK.sources["rules/price.yaml"] + (
            "scenarios:\n"
            "  - {name: S, at: 2026-06-01, given: {tags: [spa], base: 10.00 EUR}, expect: {fired: [c], price: 9.00 EUR}}\n"
        )

        again = read_sources({**BOOK.sources, "rules/price.yaml": text})

        assert len(again.decisions["price"].scenarios) == 1
