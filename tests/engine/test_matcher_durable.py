from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.engine.conditions import ALWAYS, AllOf, AnyOf, FactTest
from backend.engine.durable_ruleset import DurableError
from backend.engine.matcher import Candidate
from backend.engine.matcher_compiled import compiled
from backend.engine.matcher_durable import durable
from backend.engine.unary_tests import Compare, Equals, Interval, OneOf
from backend.kernel.money import Money
from bench.cases import VOCABULARY as MANY_TYPES
from bench.cases import random_facts, random_rules
from tests.engine.durable import needs_durable
from tests.engine.strategies import VOCABULARY, candidates, facts

pytestmark = needs_durable


def party_from(number: int) -> FactTest:
    return FactTest("party", Compare(">=", number))


def for_kinds(condition, *kinds: str) -> Candidate:
    return Candidate(condition, {"kind": frozenset(kinds)} if kinds else {})


class TestAgreement:
    @given(candidates(), st.lists(facts(), min_size=1, max_size=10))
    @settings(max_examples=60)
    def test_it_answers_as_the_compiled_matcher(self, rules, cases) -> None:
        expected, actual = compiled(rules, vocabulary=VOCABULARY), durable(rules, vocabulary=VOCABULARY)

        answers = [actual.match(case) for case in cases]

        assert answers == [expected.match(case) for case in cases]

    @pytest.mark.parametrize("seed", range(5))
    def test_it_answers_as_the_compiled_matcher_over_large_rulebooks(self, seed: int) -> None:
        random = Random(seed)
        rules = random_rules(random)
        expected, actual = compiled(rules, vocabulary=MANY_TYPES), durable(rules, vocabulary=MANY_TYPES)

        cases = [random_facts(random) for _ in range(300)]

        assert [actual.match(case) for case in cases] == [expected.match(case) for case in cases]


class TestPartitions:
    def test_only_rules_of_the_kind_and_rules_of_every_kind_are_found(self) -> None:
        rules = [
            for_kinds(party_from(1), "stay"),
            for_kinds(party_from(1)),
            for_kinds(party_from(2), "slot", "stay"),
            for_kinds(ALWAYS, "slot"),
        ]
        matcher = durable(rules, vocabulary=VOCABULARY)

        found = [matcher.match({"kind": kind, "party": 2}) for kind in ("slot", "stay", "flight", None)]

        assert found == [(1, 2, 3), (0, 1, 2), (1,), (1,)]

    def test_rules_of_other_kinds_are_in_other_rulesets(self) -> None:
        rules = [*(for_kinds(party_from(i), "stay") for i in range(300)), for_kinds(party_from(1), "slot")]

        matcher = durable(rules, vocabulary=VOCABULARY)

        assert {value: len(own.rulesets) for value, own in matcher.by_value.items()} == {"stay": 5, "slot": 1}

    def test_no_rules_match_nothing(self) -> None:
        assert durable([], vocabulary=VOCABULARY).match({"kind": "slot"}) == ()


class TestSharding:
    def test_hundreds_of_rules_at_once_are_all_found_in_file_order(self) -> None:
        rules = [for_kinds(party_from(i)) for i in range(700)]
        matcher = durable(rules, vocabulary=VOCABULARY)

        assert matcher.match({"party": 700}) == tuple(range(700))
        assert len(matcher.common.rulesets) == 12

    def test_alternatives_that_would_overflow_one_handle_are_spread(self) -> None:
        scattered = [FactTest("party", OneOf((i, i + 10, i + 20))) for i in range(9)]
        rules = [for_kinds(AllOf((test, FactTest("score", Equals(Decimal(1)))))) for test in scattered]
        never = for_kinds(party_from(1000))
        matcher = durable([*rules, *rules, *rules, never], vocabulary=VOCABULARY)

        found = [matcher.match({"party": party, "score": Decimal(1)}) for party in (3, 13, 24, 29)]

        assert found == [(3, 12, 21), (3, 12, 21), (4, 13, 22), ()]
        assert len(matcher.common.rulesets) == 2

    def test_a_rule_too_large_for_the_c_module_is_answered_all_the_same(self) -> None:
        wide = AnyOf(tuple(FactTest("party", Interval(i * 10, i * 10 + 5)) for i in range(100)))
        matcher = durable([for_kinds(wide)], vocabulary=VOCABULARY)

        assert [matcher.match({"party": party}) for party in (3, 7, 994)] == [(0,), (), (0,)]

    def test_money_of_several_currencies_in_one_test_is_answered_all_the_same(self) -> None:
        prices = FactTest("base", OneOf((Money(100, "EUR"), Money(100, "JPY"))))
        matcher = durable([for_kinds(prices)], vocabulary=VOCABULARY)

        found = [matcher.match({"base": Money(100, currency)}) for currency in ("EUR", "JPY", "KWD")]

        assert found == [(0,), (0,), ()]


class TestLifetime:
    def test_a_closed_matcher_answers_with_an_error(self) -> None:
        matcher = durable([for_kinds(party_from(1), "slot"), for_kinds(party_from(1))], vocabulary=VOCABULARY)
        matcher.close()

        with pytest.raises(DurableError, match="closed"):
            matcher.match({"kind": "slot", "party": 1})

    def test_threads_that_share_a_matcher_do_not_mix_their_answers(self) -> None:
        rules = [for_kinds(FactTest("party", Equals(i))) for i in range(150)]
        matcher = durable(rules, vocabulary=VOCABULARY)

        def wrong(seed: int) -> int:
            parties = [Random(seed).randrange(150) for _ in range(300)]
            return sum(matcher.match({"party": party}) != (party,) for party in parties)

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(wrong, range(4)))

        assert answers == [0, 0, 0, 0]
