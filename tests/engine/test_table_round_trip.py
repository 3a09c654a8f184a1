"""Rules go from YAML to a table and back, and decide the same on the way."""

import csv
import io
import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.config import ROOT
from backend.engine.effect_registry import EFFECTS
from backend.engine.nodes import ListNode, MapNode, Node, Scalar, content
from backend.engine.problems import RulebookError
from backend.engine.rulebook import Rulebook
from backend.engine.table_format import TableFormat
from backend.engine.table_reader import read_table
from backend.engine.table_writer import write_table
from backend.engine.unary_tests import OneOf, UnaryTest
from backend.infra.rule_files import folder_sources, read_sources
from backend.infra.rule_yaml import parse_document
from backend.infra.rule_yaml_writer import write_rules
from tests.engine.cases import FACTS, VALUES, facts, unary_tests

SHIPPED = folder_sources(ROOT / "rules")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HEAD = "decision: all\nabout: A.\nhit_policy: collect\n"
VOCABULARY = "facts:\n" + "".join(
    f"  {fact.name}: {{type: {fact.type.name}, about: A."
    + (f", values: [{', '.join(fact.values)}]" if fact.values else "")
    + "}\n"
    for fact in FACTS.values()
)
VOCABULARY += f"decisions:\n  all: {{about: A., effects: [{', '.join(EFFECTS)}]}}\n"
AMOUNT = st.sampled_from(["25%", "2.5%", "15.00 EUR", "900 JPY"])
PROSE = (
    st.sampled_from(["A.", "=cmd()", "-5", "“Peak”", " x ", "a, b", '"', "true", "é\u2028"]) | VALUES["text"]
)
LABEL = st.sampled_from(["Peak", "@here", "a, b", '"quoted"'])
TRUTH = st.sampled_from(["true", "false"])
FLAGS = {
    "label": LABEL,
    "may_go_below_floor": TRUTH,
    "included": TRUTH,
    "combines_coupons": TRUTH,
    "words_may_propose": TRUTH,
    "zone": st.sampled_from(["3%", "12.5%"]),
    "curve": st.sampled_from(["1", "2.5"]),
    "paid_by": st.sampled_from(["customer", "provider"]),
    "days_before": st.sampled_from(["0", "14"]),
}
EARLY = st.dates(date(2026, 1, 1), date(2026, 6, 30)).map(str)
LATE = st.dates(date(2026, 7, 1), date(2026, 12, 31)).map(str)
VALUES_OF_EFFECTS = {
    "add": ["15.00 EUR", "-8.00 EUR", "900 JPY"],
    "set": ["15.00 EUR", "0.50 USD"],
    "require": ["approval"],
    "refund": ["0%", "100%"],
    "tax": ["0%", "20%"],
    "fee": ["12%", "3.00 EUR"],
    "deposit": ["30%", "50.00 EUR"],
    "reverse_charge": ["Article 196.", "=cmd()"],
    "strategy": ["moderate", "aggressive", "conservative"],
    "most_off": ["35%", "0%"],
    "softer": ["20%", "90%"],
    "firmer": ["20%", "100%"],
    "refuse": ["No.", "=cmd()", "-8.00 EUR", "a, b", "TRUE", "0.25"],
}


class TestRoundTrip:
    @settings(max_examples=60)
    @given(st.data())
    def test_from_yaml_to_a_table_and_back_is_the_identity(self, data):
        rules = data.draw(st.lists(rule_blocks(), min_size=1, max_size=4).map(numbered))
        yaml = write_rules(rules)

        table = write_table(from_yaml(yaml).decisions["all"].rules, vocabulary=from_yaml(yaml).vocabulary)
        again = write_rules(
            ListNode(tuple(rule.place for rule in from_table(table).decisions["all"].rules), 1, 1)
        )

        assert content(parse_document("rules/all.yaml", yaml).root) == {"rules": content(rules)}
        assert content(parse_document("rules/all.yaml", again).root) == {"rules": content(rules)}

    @settings(max_examples=60)
    @given(st.data())
    def test_a_table_decides_as_the_yaml_that_it_came_from(self, data):
        rules = data.draw(st.lists(rule_blocks(), min_size=1, max_size=4).map(numbered))
        book = from_yaml(write_rules(rules))
        table = from_table(write_table(book.decisions["all"].rules, vocabulary=book.vocabulary))
        case = data.draw(facts())

        one, other = book.decide("all", case, at=NOON), table.decide("all", case, at=NOON)

        assert [(rule.rule, rule.effect, rule.label) for rule in other.fired] == [
            (rule.rule, rule.effect, rule.label) for rule in one.fired
        ]

    @settings(max_examples=60)
    @given(st.text(st.sampled_from(" =+-@\"',;[]()\n\t\rx5%\u201c\xa0"), min_size=1, max_size=6))
    def test_any_text_comes_back_and_none_is_a_formula(self, text):
        rule = block(
            id="a",
            about=text,
            when=block(text=json.dumps(text)),
            then=block(refuse=text),
        )
        book = from_yaml(write_rules(ListNode((rule,), 1, 1)))

        table = write_table(book.decisions["all"].rules, vocabulary=book.vocabulary)

        assert [content(one.place) for one in from_table(table).decisions["all"].rules] == [content(rule)]
        assert [
            cell for row in csv.reader(io.StringIO(table, newline="")) for cell in row if is_formula(cell)
        ] == []

    def test_a_text_without_quotation_marks_that_looks_like_a_formula_stays_the_same_test(self):
        rule = block(id="a", about="A.", when=block(text="@home"), then=block(refuse="No."))
        book = from_yaml(write_rules(ListNode((rule,), 1, 1)))

        again = from_table(write_table(book.decisions["all"].rules, vocabulary=book.vocabulary))

        assert again.decisions["all"].rules[0].condition == book.decisions["all"].rules[0].condition

    @pytest.mark.parametrize(
        "decision", ["cancellation", "experience", "floor", "group_discount", "validation"]
    )
    def test_the_shipped_rules_survive_it(self, decision):
        book = read_sources(SHIPPED)
        rules = book.decisions[decision].rules

        table = write_table(rules, vocabulary=book.vocabulary)

        rows, report = read_table(
            table,
            name="rules/tables/x.csv",
            form=TableFormat(),
            spec=book.vocabulary.decisions[decision],
            vocabulary=book.vocabulary,
        )
        assert report.found == []
        assert [content(row.node) for row in rows] == [content(rule.place) for rule in rules]

    def test_blocks_are_refused_with_their_place(self):
        text = "rules:\n  - id: a\n    about: A.\n    when:\n      any: [{party: 1}, {party: 3}]\n    then: {refund: 5%}\n"
        book = from_yaml(text)

        with pytest.raises(RulebookError) as refused:
            write_table(book.decisions["all"].rules, vocabulary=book.vocabulary)

        assert str(refused.value) == (
            "rules/all.yaml:8:7: rule 'a' has 'any:', for which a table has no column; leave the rule in YAML, or "
            "write a rule for each alternative"
        )


def is_formula(cell: str) -> bool:
    return cell.startswith(("=", "+", "@", "\t", "\r")) or (cell.startswith("-") and cell != "-")


def from_yaml(rules: str) -> Rulebook:
    return read_sources({"rules/vocabulary.yaml": VOCABULARY, "rules/all.yaml": HEAD + rules})


def from_table(table: str) -> Rulebook:
    return read_sources(
        {
            "rules/vocabulary.yaml": VOCABULARY,
            "rules/all.yaml": f"{HEAD}table: tables/all.csv\n",
            "rules/tables/all.csv": table,
        }
    )


def block(**parts: str | Node) -> MapNode:
    """A block whose texts are quoted as they need to be."""
    nodes = {
        key: Scalar(part, 1, 1, quoted=True) if isinstance(part, str) else part for key, part in parts.items()
    }
    return MapNode(tuple((Scalar(key, 1, 1), node) for key, node in nodes.items()), 1, 1)


def node_of(name: str, unary: UnaryTest) -> Node:
    """The test as staff write it: several values as a list."""
    write = FACTS[name].type.write
    if isinstance(unary, OneOf):
        return ListNode(tuple(Scalar(write(value), 1, 1) for value in unary.values), 1, 1)
    return Scalar(unary.text(write), 1, 1)


@st.composite
def rule_blocks(draw: st.DrawFn) -> MapNode:
    """Any rule that a table can say, but for its id."""
    names = draw(st.lists(st.sampled_from(sorted(FACTS)), unique=True, max_size=4))
    when = block(**{name: node_of(name, draw(unary_tests(name))) for name in names})
    keyword = draw(st.sampled_from(sorted(EFFECTS)))
    then = {
        keyword: draw(st.sampled_from(VALUES_OF_EFFECTS[keyword]) if keyword in VALUES_OF_EFFECTS else AMOUNT)
    }
    flags = {name: FLAGS[name] for name in EFFECTS[keyword].flags if name in FLAGS}
    then |= draw(st.fixed_dictionaries({}, optional=flags))
    days = draw(st.fixed_dictionaries({}, optional={"from": EARLY, "until": LATE}))
    return block(about=draw(PROSE), **days, when=when if names else "always", then=block(**then))


def numbered(rules: list[MapNode]) -> ListNode:
    """The rules with ids."""
    named = [(*block(id=f"rule-{at}").entries, *rule.entries) for at, rule in enumerate(rules)]
    return ListNode(tuple(MapNode(entries, 1, 1) for entries in named), 1, 1)
