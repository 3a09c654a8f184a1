"""What analysis reports is compared with what trying every case of a small world shows."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import compress, product
from operator import itemgetter

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.engine.analysis import analyse
from backend.engine.conditions import AllOf, AnyOf, FactTest
from backend.engine.decision_table import DecisionTable
from backend.engine.effects import Refund
from backend.engine.findings import Finding
from backend.engine.hit_policies import HIT_POLICIES
from backend.engine.matcher_compiled import compile_condition, compiled, full_condition
from backend.engine.nodes import Place, Scalar
from backend.engine.rulebook import Rulebook
from backend.engine.rules import Rule
from backend.engine.unary_tests import Compare, Equals, Has, Interval, Missing, Not, OneOf, Present
from backend.engine.values import TYPES
from backend.engine.vocabulary import Fact, Vocabulary
from backend.kernel.money import Money
from tests.engine import cases

TODAY = date(2026, 6, 1)
DAYS = (TODAY, date(2026, 6, 2), date(2026, 6, 3), date(2026, 6, 4), date(2026, 7, 1))
VOCABULARY = Vocabulary(
    {
        "kind": Fact("kind", TYPES["enum"], values=("slot", "stay")),
        "party": Fact("party", TYPES["integer"]),
        "tier": Fact("tier", TYPES["enum"], values=("none", "gold"), default="none"),
        "is_new": Fact("is_new", TYPES["boolean"]),
        "tags": Fact("tags", TYPES["list"]),
        "base": Fact("base", TYPES["money"]),
        "currency": Fact("currency", TYPES["text"]),
    }
)
EUR = [Money(minor, "EUR") for minor in range(-1, 4)]
PRICES = [
    *[{"base": money, "currency": money.currency} for money in (*EUR, Money(1, "USD"), Money(1, "GBP"))],
    *[{"currency": code} for code in (None, "EUR", "USD", "GBP")],
]
WORLD = [
    {"kind": kind, "party": party, "tier": tier, "is_new": is_new, "tags": tags, **price}
    for kind, party, tier, is_new, tags, price in product(
        ("slot", "stay", None),
        (None, -1, 0, 1, 2, 3, 4),
        ("none", "gold"),
        (None, True, False),
        (None, (), ("a",), ("b",), ("a", "b")),
        PRICES,
    )
]
FACTS = sorted(VOCABULARY.facts)
ROWS = [tuple(facts.get(name) for name in FACTS) for facts in WORLD]
numbers = st.integers(0, 2)
amounts = st.builds(Money, st.integers(0, 2), st.sampled_from(["EUR"]))
POSITIVE = {
    "party": st.one_of(
        numbers.map(Equals),
        st.builds(Compare, st.sampled_from(["<", "<=", ">", ">="]), numbers),
        numbers.map(lambda low: Interval(low, low + 1, includes_low=True, includes_high=True)),
    ),
    "tier": st.sampled_from([Equals("none"), Equals("gold"), OneOf(("none", "gold"))]),
    "is_new": st.just(Equals(value=True)),
    "tags": st.sampled_from([Has("a"), Has("b")]),
    "base": st.one_of(amounts.map(Equals), st.builds(Compare, st.sampled_from(["<", ">="]), amounts)),
    "currency": st.sampled_from([Equals("EUR"), Equals("USD"), OneOf(("EUR", "USD"))]),
}  # fmt: skip


@st.composite
def small_tests(draw: st.DrawFn) -> FactTest:
    name = draw(st.sampled_from(sorted(POSITIVE)))
    some = POSITIVE[name]
    return FactTest(name, draw(st.one_of(some, some, some.map(Not), st.sampled_from([Missing(), Present()]))))


def small_conditions() -> st.SearchStrategy:
    either = st.lists(small_tests(), min_size=1, max_size=2).map(tuple).map(AnyOf)
    return st.lists(st.one_of(small_tests(), small_tests(), either), max_size=3).map(tuple).map(AllOf)


@st.composite
def rule_lists(draw: st.DrawFn, conditions: st.SearchStrategy, *, applies: bool = True) -> list[Rule]:
    rules = []
    for number in range(draw(st.integers(1, 5))):
        start, end = sorted(
            draw(st.tuples(*[st.sampled_from([date(2026, 5, 1), *DAYS, date(2026, 7, 1)])] * 2))
        )
        kinds = draw(st.sampled_from([{}, {"kind": frozenset({"slot"})}])) if applies else {}
        rules.append(
            Rule(
                id=f"rule-{number}",
                file="rules/small.yaml",
                place=Scalar("", number + 1, 1),
                about="",
                condition=draw(conditions),
                effect=Refund.parse(draw(st.sampled_from(["10%", "20%"])), {}),
                applies_to=kinds,
                effective_from=draw(st.sampled_from([None, None, start])),
                effective_until=draw(st.sampled_from([None, None, end])) if start < end else None,
                priority=draw(st.integers(1, 2)),
            )
        )
    return rules


def analysed(
    rules: Sequence[Rule], policy: str, vocabulary: Vocabulary = VOCABULARY
) -> tuple[Rulebook, tuple[Finding, ...]]:
    table = DecisionTable.of(
        name="small",
        hit_policy=HIT_POLICIES[policy],
        rules=rules,
        complete_at=Place("rules/small.yaml", 1, 1),
        vocabulary=vocabulary,
        matcher=compiled,
    )
    book = Rulebook("sha256:0", {}, vocabulary, {"small": table})
    return book, analyse(book, on=TODAY)


def found(findings: Sequence[Finding], *kinds: str) -> set[str]:
    return {finding.rules[0] for finding in findings if finding.kind in kinds}


def holding(rules: Sequence[Rule], facts: Mapping[str, object], day: date) -> list[Rule]:
    return [
        rule
        for rule in rules
        if rule.is_effective(day) and compile_condition(full_condition(rule.candidate))(facts)
    ]


def shown(book: Rulebook, finding: Finding) -> list[str]:
    """The rules that hold in the finding's case, as `flask rules try` would read it."""
    facts = book.vocabulary.check(book.vocabulary.parse_facts(finding.case or {}))
    return [rule.id for rule in holding(book.decisions["small"].rules, facts, finding.day or TODAY)]


def where(rule: Rule) -> list[bool]:
    """In which cases of the small world the rule holds; asked once for those that look the same to it."""
    holds = compile_condition(full_condition(rule.candidate))
    # Money is compared in a currency, and every rule may apply to one kind alone.
    names = {*rule.facts, "kind", "base", "currency"}
    looks = list(map(itemgetter(*[FACTS.index(name) for name in names]), ROWS))
    answers = {look: holds(facts) for look, facts in dict(zip(looks, WORLD, strict=True)).items()}
    return [answers[look] for look in looks]


def everything(rules: Sequence[Rule]) -> list[tuple[list[Mapping[str, object]], list[Rule]]]:
    """The cases of the small world in which the same rules hold, with those rules, on each day."""
    alike: dict[tuple[bool, ...], list[Mapping[str, object]]] = {}
    for facts, held in zip(WORLD, zip(*map(where, rules), strict=True), strict=True):
        alike.setdefault(held, []).append(facts)
    return [
        (some, [rule for rule in compress(rules, held) if rule.is_effective(day)])
        for day in (DAYS if any(rule.is_dated for rule in rules) else DAYS[:1])
        for held, some in alike.items()
    ]


class TestSmallWorlds:
    @settings(max_examples=25, deadline=None)
    @given(rule_lists(small_conditions()), st.sampled_from(["first", "priority", "best"]))
    def test_rules_that_never_count_are_those_that_no_case_chooses(self, rules, policy):
        chosen = set()
        for _, held in everything(rules):
            chosen |= {rule.id for rule in HIT_POLICIES[policy].choose(held, {"base": Money(10_000, "EUR")})}

        _, findings = analysed(rules, policy)

        never = found(findings, "past", "never", "shadowed", "pointless")
        assert never == {rule.id for rule in rules} - chosen

    @settings(max_examples=25, deadline=None)
    @given(rule_lists(small_conditions()))
    def test_overlaps_are_those_that_some_case_shows(self, rules):
        pairs = {(two.id, one.id) for _, held in everything(rules) for two in held for one in held}

        _, findings = analysed(rules, "unique")

        told = {
            (finding.rules[0], other)
            for finding in findings
            if finding.kind == "overlap"
            for other in finding.rules[1:]
        }
        assert told == {pair for pair in pairs if pair[0] > pair[1]}

    @settings(max_examples=25, deadline=None)
    @given(rule_lists(small_conditions()))
    def test_twins_are_those_that_hold_in_the_same_cases(self, rules):
        held = {rule.id: [] for rule in rules}
        for number, (_, some) in enumerate(everything(rules)):
            for rule in some:
                held[rule.id].append(number)

        _, findings = analysed(rules, "collect")

        twins = {
            two.id
            for index, two in enumerate(rules)
            for one in rules[:index]
            if held[two.id] and held[one.id] == held[two.id] and one.effect == two.effect
        }
        assert found(findings, "twin") == twins

    @settings(max_examples=25, deadline=None)
    @given(rule_lists(small_conditions()))
    def test_a_decision_has_gaps_when_some_known_case_has_no_rule(self, rules):
        asked = {test.fact for rule in rules for test in _tests(rule.condition) if test.unary == Missing()}
        tested = {name for rule in rules for name in rule.facts}
        scopes = [rule.applies_to for rule in rules]
        open_cases = [
            facts
            for some, held in everything(rules)
            if not held
            for facts in some
            if all(facts.get(name) is not None for name in tested - asked)
            and any(all(facts[name] in values for name, values in scope.items()) for scope in scopes)
        ]

        book, findings = analysed(rules, "collect")

        gaps = [finding for finding in findings if finding.kind == "gap"]
        assert bool(gaps) == bool(open_cases)
        assert [shown(book, gap) for gap in gaps] == [[] for _ in gaps]


def _tests(condition):
    if isinstance(condition, FactTest):
        return [condition]
    return [test for part in condition.parts for test in _tests(part)]


class TestCases:
    @settings(max_examples=40, deadline=None)
    @given(
        rule_lists(cases.conditions(), applies=False),
        st.sampled_from(sorted(HIT_POLICIES)),
    )
    def test_show_what_they_are_said_to_show(self, rules, policy):
        book, findings = analysed(rules, policy, cases.VOCABULARY)

        for finding in findings:
            if finding.kind in {"overlap", "twin"}:
                assert set(finding.rules[:2]) <= set(shown(book, finding))
            elif finding.kind in {"shadowed", "pointless"}:
                assert finding.rules[0] in shown(book, finding)
                assert set(finding.rules[1:]) & set(shown(book, finding))
            elif finding.kind == "gap":
                assert shown(book, finding) == []

    @settings(max_examples=40, deadline=None)
    @given(rule_lists(cases.conditions(), applies=False), st.lists(cases.facts(), min_size=20, max_size=20))
    def test_no_rule_that_fires_is_said_never_to(self, rules, many):
        book, findings = analysed(rules, "first", cases.VOCABULARY)
        noon = datetime.combine(TODAY, time(12), tzinfo=UTC)

        fired = {fired.rule for facts in many for fired in book.decide("small", facts, at=noon).fired}

        assert fired & found(findings, "past", "never", "shadowed") == set()
