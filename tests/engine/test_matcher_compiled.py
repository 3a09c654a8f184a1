"""The compiled matcher, beside an evaluation that follows the definition word by word."""

from hypothesis import given
from hypothesis import strategies as st

from backend.engine.conditions import ALWAYS, AllOf, AnyOf, FactTest, facts_tested, leaves
from backend.engine.matcher import Candidate
from backend.engine.matcher_compiled import compiled
from backend.engine.unary_tests import Equals, OneOf
from tests.engine.cases import VOCABULARY, WEEKDAYS, conditions, facts

candidates = st.builds(
    Candidate,
    conditions(),
    st.fixed_dictionaries(
        {},
        optional={
            "weekday": st.frozensets(st.sampled_from(WEEKDAYS), min_size=1, max_size=3),
            "text": st.frozensets(st.sampled_from(["a", "b"]), min_size=1),
        },
    ),
)


def holds(condition, given_facts) -> bool:
    match condition:
        case FactTest():
            return condition.unary.predicate()(given_facts.get(condition.fact))
        case AllOf():
            return all(holds(part, given_facts) for part in condition.parts)
        case AnyOf():
            return any(holds(part, given_facts) for part in condition.parts)


def is_for(candidate, given_facts) -> bool:
    return all(given_facts.get(name) in values for name, values in candidate.applies_to.items())


class TestCompiledMatcher:
    @given(st.lists(candidates, max_size=8), facts())
    def test_finds_exactly_the_rules_that_hold_in_file_order(self, rules, given_facts):
        matcher = compiled(rules, vocabulary=VOCABULARY)

        found = matcher.match(given_facts)

        assert found == tuple(
            position
            for position, rule in enumerate(rules)
            if is_for(rule, given_facts) and holds(rule.condition, given_facts)
        )

    def test_a_condition_without_parts_always_holds(self):
        matcher = compiled([Candidate(ALWAYS)], vocabulary=VOCABULARY)

        assert matcher.match({}) == (0,)

    def test_a_missing_discriminator_finds_only_rules_for_everything(self):
        rules = [Candidate(ALWAYS, {"weekday": frozenset({"mon"})}), Candidate(ALWAYS)]
        matcher = compiled(rules, vocabulary=VOCABULARY)

        assert matcher.match({}) == (1,)
        assert matcher.match({"weekday": "tue"}) == (1,)
        assert matcher.match({"weekday": "mon"}) == (0, 1)

    def test_a_rule_that_asks_twice_for_values_of_one_fact_needs_both(self):
        both = AllOf((FactTest("party", OneOf((1, 2))), FactTest("party", OneOf((2, 3)))))
        matcher = compiled([Candidate(both)], vocabulary=VOCABULARY)

        assert [matcher.match({"party": party}) for party in (1, 2, 3)] == [(), (0,), ()]

    def test_does_not_look_at_rules_for_other_values_of_the_discriminator(self):
        rules = [
            Candidate(FactTest("party", Equals(n)), {"weekday": frozenset({day})})
            for day in WEEKDAYS
            for n in range(100)
        ]
        matcher = compiled(rules, vocabulary=VOCABULARY)

        assert len(matcher.by_value["mon"].positions) == 100

    def test_closing_it_gives_nothing_back_and_may_be_done_twice(self):
        matcher = compiled([], vocabulary=VOCABULARY)

        matcher.close()
        matcher.close()

        assert matcher.match({}) == ()


class TestConditions:
    def test_name_their_tests_in_order_and_the_facts_they_depend_on(self):
        one, two = FactTest("party", Equals(1)), FactTest("text", OneOf(("a", "b")))
        condition = AllOf((one, AnyOf((two, one))))

        assert list(leaves(condition)) == [one, two, one]
        assert facts_tested(condition) == {"party", "text"}
