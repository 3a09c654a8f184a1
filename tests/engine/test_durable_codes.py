import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engine.conditions import FactTest
from backend.engine.durable_codebook import Codebook
from backend.engine.durable_codes import (
    ELSEWHERE,
    MISSING,
    codes_passing,
    complement,
    holding,
    listed,
    ranked,
    ranked_money,
)
from backend.engine.durable_nodes import FALSE, TRUE, Group, Leaf, Node
from backend.engine.unary_tests import Compare, Equals, Interval, Missing, Not, OneOf, Present
from backend.engine.vocabulary import Facts
from backend.kernel.money import Money
from tests.engine.strategies import VOCABULARY, conditions, fact_tests, facts


def holds(node: Node, codes: dict[str, int]) -> bool:
    """What the C module ought to answer."""
    if isinstance(node, Group):
        return (all if node.operator == "$and" else any)(holds(part, codes) for part in node.parts)
    code = codes[node.field]
    return {
        "$eq": code == node.code,
        "$neq": code != node.code,
        "$gte": code >= node.code,
        "$lte": code <= node.code,
    }[node.operator]


def encoded(book: Codebook, given_facts: Facts) -> dict[str, int]:
    return {name: field.encode(given_facts) for name, field in book.fields.items()}


class TestFields:
    def test_an_ordered_value_is_coded_by_its_place_among_the_constants(self) -> None:
        field = ranked("party", [10, 20])

        codes = [field.encode({"party": value}) for value in (9, 10, 15, 20, 21, 2**64)]

        assert codes == [0, 1, 2, 3, 4, 4]

    def test_a_listed_value_is_coded_by_its_number_and_any_other_by_zero(self) -> None:
        field = listed("town", ["Paris", "Rome"])

        codes = [field.encode({"town": value}) for value in ("Paris", "Rome", "Oslo")]

        assert codes == [1, 2, 0]

    @pytest.mark.parametrize("field", [ranked("a", [1]), listed("a", [1]), holding("a", "spa")])
    def test_an_absent_fact_and_none_are_both_missing(self, field) -> None:
        assert field.encode({}) == field.encode({"a": None}) == MISSING

    def test_money_of_another_currency_lies_elsewhere(self) -> None:
        field = ranked_money("base", "EUR", [Money(100, "EUR")])

        codes = [field.encode({"base": Money(100, currency)}) for currency in ("EUR", "JPY")]

        assert codes == [1, ELSEWHERE]

    def test_text_that_looks_like_a_number_is_not_that_number(self) -> None:
        field = listed("town", ["5"])

        assert field.encode({"town": "5"}) == 1
        assert field.encode({"town": 5}) == 0


class TestCodesPassing:
    @pytest.mark.parametrize(
        ("test", "passing"),
        [
            (Equals(10), ((1, 1),)),
            (OneOf((10, 20)), ((1, 1), (3, 3))),
            (Compare("<", 10), ((0, 0),)),
            (Compare(">", 20), ((4, 4),)),
            (Interval(10, 20), ((1, 2),)),
            (Interval(10, 10), ()),
            (Missing(), ((MISSING, MISSING),)),
            (Present(), ((0, 4),)),
            (Not(Equals(10)), ((ELSEWHERE, 0), (2, 4))),
            (Not(Interval(10, 20)), ((ELSEWHERE, 0), (3, 4))),
        ],
    )
    def test_a_test_is_a_set_of_codes(self, test, passing) -> None:
        field = ranked("party", [10, 20])

        assert codes_passing(test, field) == passing

    @given(st.sets(st.integers(ELSEWHERE, 8)))
    def test_the_complement_of_the_complement_is_the_set(self, codes) -> None:
        ranges = complement(tuple((code, code) for code in sorted(codes)), 8)

        members = {code for low, high in ranges for code in range(low, high + 1)}

        assert members == set(range(ELSEWHERE, 9)) - codes


class TestCodebook:
    @given(fact_tests(), facts())
    def test_a_test_in_codes_answers_as_its_predicate(self, test, given_facts) -> None:
        book = Codebook([test], vocabulary=VOCABULARY)

        answer = holds(book.nodes[0], encoded(book, given_facts))

        assert answer == test.unary.predicate()(given_facts.get(test.fact))

    @given(st.lists(conditions(), max_size=5), facts())
    def test_conditions_that_share_fields_do_not_disturb_each_other(self, several, given_facts) -> None:
        together = Codebook(several, vocabulary=VOCABULARY)
        alone = [Codebook([condition], vocabulary=VOCABULARY) for condition in several]

        answers = [holds(node, encoded(together, given_facts)) for node in together.nodes]

        assert answers == [holds(book.nodes[0], encoded(book, given_facts)) for book in alone]

    def test_neighbours_in_the_order_of_the_vocabulary_are_one_range(self) -> None:
        tests = [FactTest("tier", OneOf(("stay", "slot"))), FactTest("tier", Equals("flight"))]

        book = Codebook(tests, vocabulary=VOCABULARY)

        assert book.nodes[0] == Group("$and", (Leaf("f0", "$gte", 1), Leaf("f0", "$lte", 2)))

    def test_what_is_scattered_over_many_codes_is_answered_by_python(self) -> None:
        scattered = OneOf(tuple(range(0, 40, 2)))
        others = [FactTest("party", Compare("<", number)) for number in range(1, 40, 2)]

        book = Codebook([FactTest("party", scattered), *others], vocabulary=VOCABULARY)

        assert book.nodes[0] == Leaf("f1", "$eq", 1)
        assert [book.fields["f1"].encode({"party": party}) for party in (4, 5)] == [1, 0]

    def test_a_test_of_everything_and_one_of_nothing_need_no_field(self) -> None:
        always = FactTest("party", Not(Interval(5, 5)))
        never = FactTest("party", Interval(5, 5))

        book = Codebook([always, never], vocabulary=VOCABULARY)

        assert book.nodes == (TRUE, FALSE)
