"""What staff get wrong, and the sentence that each mistake earns, with its place."""

import textwrap

import pytest

from backend.engine.problems import RulebookError
from backend.infra.rule_files import read_sources

VOCABULARY = textwrap.dedent(
    """\
    facts:
      kind: {type: enum, values: [slot, stay], about: Kind.}
      weekday: {type: enum, values: [mon, tue, sat, sun], about: Day.}
      start_time: {type: time, about: Time.}
      start_date: {type: date, about: Day.}
      party: {type: integer, about: Persons.}
      lead_hours: {type: number, about: Hours.}
      occupancy: {type: percent, about: Percent.}
      base: {type: money, about: Price.}
      currency: {type: text, about: Currency.}
      city: {type: text, about: City.}
      length: {type: duration, about: Length.}
      is_new: {type: boolean, about: New.}
      tags: {type: list, values: [spa, pool], about: Tags.}
    decisions:
      peak: {about: Peak., effects: [surcharge, discount, add, set]}
      gate: {about: Gate., effects: [refuse, require]}
    """
)
HEAD = "decision: peak\nabout: Peak.\nhit_policy: collect\nrules:\n"


def problems_of(text: str, vocabulary: str = VOCABULARY) -> list[str]:
    with pytest.raises(RulebookError) as refused:
        read_sources({"rules/vocabulary.yaml": vocabulary, "rules/peak.yaml": text})
    return [str(problem) for problem in refused.value.problems]


def with_test(test: str) -> str:
    """A file whose only rule has this line as its `when`, at line 8, column 7."""
    return f"{HEAD}  - id: a-rule\n    about: A.\n    when:\n      {test}\n    then: {{surcharge: 5%}}\n"


def with_effect(effect: str) -> str:
    """A file whose only rule has this line as its `then`, at line 9, column 7."""
    return f"{HEAD}  - id: a-rule\n    about: A.\n    when:\n      party: 3\n    then:\n      {effect}\n"


class TestTestsOfFacts:
    @pytest.mark.parametrize(
        ("test", "column", "message"),
        [
            ("partysize: 3", 7, "'partysize' is not a known fact. Did you mean 'party'?"),
            ("weekday: monday", 16, "'monday' is not a value of 'weekday'. Did you mean 'mon'?"),
            ("weekday: [mon, tues]", 16, "'tues' is not a value of 'weekday'. Did you mean 'tue'?"),
            (
                'weekday: ">= mon"',
                16,
                "'weekday' is of type enum, which has no order, so '>= mon' means nothing",
            ),
            ("weekday: []", 16, "the list of 'weekday' is empty, so the rule could never fire"),
            ("weekday: [mon, mon]", 16, "the list of 'weekday' names a value twice"),
            ("weekday:", 7, "'weekday' has no test; write \"-\" (with the quotation marks) for anything"),
            ("weekday: {mon: tue}", 16, "the test of 'weekday' is a value or a list, not a block"),
            ("party: three", 14, "'three' is not a whole number; write one such as 3"),
            ("party: 2.5", 14, "'2.5' is not a whole number; write one such as 3"),
            ('party: "=> 4"', 14, "'=>' is not a comparison of 'party'; write '>= 4'"),
            ('party: "=< 4"', 14, "'=<' is not a comparison of 'party'; write '<= 4'"),
            ('party: "!= 4"', 14, "'!=' is not a comparison of 'party'; write 'not(4)'"),
            ('party: "= 4"', 14, "'=' is not a comparison of 'party'; write the value alone: 4"),
            ('party: ">="', 14, "'>=' has no value after it; write one such as '>= 3'"),
            ('party: "[1.."', 14, "'[1..' is not a whole number; write one such as 3"),
            ('party: "[1..]"', 14, "'[1..]' lacks one end; write a comparison such as '>= 3'"),
            (
                'party: "[20..17)"',
                14,
                "'[20..17)' is empty: nothing lies between its ends, so the rule could never fire",
            ),
            (
                'party: "(3..3]"',
                14,
                "'(3..3]' is empty: nothing lies between its ends, so the rule could never fire",
            ),
            ("party: not()", 14, "not() is empty; write what 'party' must not be"),
            (
                "party: not(missing)",
                14,
                "not(missing) is not a test; write 'present' or 'missing', or the test itself",
            ),
            (
                'party: [1, "> 3"]',
                14,
                "'> 3' stands in a list, which holds values only; put tests under 'any:'",
            ),
            ("party: [1..3]", 14, 'an interval stands in quotation marks: "[1..3]" or "[1..3)"'),
            ("party: 25%", 14, "'25%' is not a whole number; write one such as 3"),
            ("lead_hours: 2,5", 19, "'2,5' has a comma; write the decimals after a point, such as 2.5"),
            ("lead_hours: 25%", 19, "'25%' is a percentage, and a plain number is wanted; leave out the '%'"),
            ('occupancy: "> 25"', 18, "'25' is not a percentage: it needs a '%' at the end; write '25%'"),
            ('occupancy: "> 25 %"', 18, "'25 %' has a space before the '%'; write '25%'"),
            (
                'base: "< 100"',
                13,
                "'100' is not an amount of money; write amount, space, currency, such as 15.00 EUR",
            ),
            (
                'base: "< 100 EURO"',
                13,
                "'100 EURO' is not an amount of money; write amount, space, currency, such as 15.00 EUR",
            ),
            ('base: "< 100 EUX"', 13, "'EUX' is not a currency of ISO 4217; write one such as EUR"),
            ('base: "< 1.005 EUR"', 13, "1.005 has more decimals than EUR (2)"),
            ('base: "[1.00 EUR..2.00 USD]"', 13, "'[1.00 EUR..2.00 USD]' mixes EUR and USD"),
            ("start_date: 2026-02-30", 19, "'2026-02-30' is not a day of the calendar"),
            (
                "start_date: 24.12.2026",
                19,
                "'24.12.2026' is not a date; write year-month-day, such as 2026-12-24",
            ),
            (
                "start_time: 6pm",
                19,
                "'6pm' is not a time of day; write hours and minutes, such as 18:00 or 09:30",
            ),
            (
                'start_time: "[17:00..24:00)"',
                19,
                "'24:00' is not a time of day; the day runs from 00:00 to 23:59",
            ),
            (
                "length: 3",
                15,
                "'3' is not a length of time; write one such as '3 days' or '1 hour 30 minutes'",
            ),
            ("is_new: yes", 15, "'yes' is neither true nor false; write one of the two"),
            ("tags: spa", 13, "'tags' is a list; write 'has spa' to ask for an item"),
            ("tags: has sauna", 13, "'sauna' is not a value of 'tags'. Known: pool, spa."),
            ("tags: [spa]", 13, "'tags' is a list; write 'has …', several of them under 'any:' or 'all:'"),
            ("city: has Paris", 13, "'city' is of type text, not a list; 'has' asks for an item of a list"),
            (
                "city: Paris, Texas",
                13,
                "'Paris, Texas' has a comma; write a list ([a, b]), or '\"a, b\"' for one text with a comma",
            ),
            ("weekday: [[mon]]", 16, "the list of 'weekday' holds values, not lists or blocks"),
            ("occupancy: 2,5%", 18, "'2,5%' has a comma; write the decimals after a point, such as 2.5%"),
            ("any: []", 7, "'any' holds at least one test: a list of '- fact: test' lines"),
            ("any: [party]", 13, "each item of 'all' and 'any' is a block of 'fact: test' lines"),
            (
                "any: [{all: [{any: [{all: [{party: 1}]}]}]}]",
                28,
                "'all' and 'any' nest at most 3 deep; split the rule into several",
            ),
        ],
    )
    def test_is_told_with_its_place_and_a_remedy(self, test, column, message):
        problems = problems_of(with_test(test))

        assert problems == [f"rules/peak.yaml:8:{column}: {message}"]


class TestEffects:
    @pytest.mark.parametrize(
        ("effect", "column", "message"),
        [
            ("surchage: 5%", 7, "'surchage' is not a known effect. Did you mean 'surcharge'?"),
            (
                "refund: 5%",
                7,
                "'refund' is not an effect of the decision 'peak'. Known: add, discount, set, surcharge.",
            ),
            (
                "surcharge: 5",
                18,
                "'5' has no unit; write '5%' for a percentage, or an amount such as 15.00 EUR",
            ),
            ("surcharge: 5 %", 18, "'5 %' has a space before the '%'; write '5%'"),
            ("surcharge: -5%", 18, "surcharge takes more than nothing, and -5% is not"),
            ("surcharge: 0%", 18, "surcharge takes more than nothing, and 0% is not"),
            ("surcharge: 5000%", 18, "surcharge is at most 1000%; 5000% is more"),
            ("discount: 101%", 17, "discount is at most 100%; 101% is more"),
            ("set: 90%", 12, "set takes an amount of money such as 15.00 EUR, not 90%"),
            ("surcharge: [5%]", 18, "'surcharge' needs a value, and a single one"),
            ("surcharge:", 7, "'surcharge' needs a value, and a single one"),
            (
                "{surcharge: 5%, discount: 5%}",
                7,
                "a rule has one effect, and this has 2; write one rule for each",
            ),
            ("{surcharge: 5%, label: [a]}", 30, "a single value stands here, not a list or a block"),
            ("{surcharge: 5%, label: }", 23, "a value is missing here"),
            ("{label: Hello}", 7, "a rule has one effect, and this has 0; write one rule for each"),
            (
                "{add: 5.00 EUR, may_go_below_floor: yes}",
                43,
                "'yes' is neither true nor false; write one of the two",
            ),
        ],
    )
    def test_is_told_with_its_place_and_a_remedy(self, effect, column, message):
        problems = problems_of(with_effect(effect))

        assert problems == [f"rules/peak.yaml:10:{column}: {message}"]


RULE = "  - id: a-rule\n    about: A.\n    when: {party: 3}\n    then: {surcharge: 5%}\n"


class TestFiles:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (HEAD.replace("peak", "peek") + RULE, "1:11: 'peek' is not a decision of the vocabulary. Did you mean 'peak'?"),
            (HEAD.replace("collect", "colect") + RULE, "3:13: 'colect' is not a hit policy. Did you mean 'collect'?"),
            ("about: A.\nhit_policy: first\nrules: []\n", "1:1: a decision needs 'decision'"),
            (HEAD + RULE + "ownr: me\n", "9:1: 'ownr' is not a key of a decision. Did you mean 'owner'?"),
            (HEAD + RULE + RULE, "9:5: rule 'a-rule' stands twice in this decision; first at rules/peak.yaml:5"),
            (HEAD + RULE.replace("    about: A.\n", ""), "5:5: a rule needs 'about'"),
            (HEAD + RULE.replace("when:", "whn:"), "5:5: a rule needs 'when'"),
            (HEAD + RULE.replace("a-rule", "A rule"), "5:9: 'A rule' is not an id; write small letters, digits and hyphens: weekday-evening"),
            (HEAD + RULE + "    from: 2026-13-01\n", "9:11: '2026-13-01' is not a day of the calendar"),
            (
                HEAD + RULE + "    from: 2026-03-01\n    until: 2026-03-01\n",
                "10:12: 'until' 2026-03-01 is not after 'from' 2026-03-01; 'until' is the first day without the rule",
            ),
            (HEAD + RULE + "    priority: 3\n", "5:5: rule 'a-rule' has a 'priority', which hit policy 'collect' does not look at"),
            (HEAD.replace("collect", "priority") + RULE, "5:5: rule 'a-rule' needs a 'priority', which its hit policy goes by"),
            (HEAD + RULE + "applies_to: {knd: [slot]}\n", "9:14: 'knd' is not a fact of type enum. Did you mean 'kind'?"),
            (HEAD + RULE + "applies_to: {kind: [slots]}\n", "9:21: 'slots' is not a value of 'kind'. Did you mean 'slot'?"),
            (HEAD + RULE + "applies_to: slot\n", "9:13: 'applies_to' is a block such as {kind: [slot]}"),
            (HEAD.replace("rules:\n", "rules: none\n"), "4:8: 'rules' is a list: each item on a line of its own after '- '"),
            (HEAD + "  - just a text\n", "5:5: a rule is a block of 'key: value' lines"),
            (HEAD + RULE.replace("{party: 3}", "sometimes"), "7:11: 'when' is a block of 'fact: test' lines, or the word 'always'"),
            (HEAD + RULE.replace("{surcharge: 5%}", "5%"), "8:11: 'then' is a block with one effect, such as {surcharge: 25%}"),
            (
                HEAD.replace("peak", "gate") + RULE.replace("surcharge: 5%", "require: aproval"),
                "8:21: 'aproval' cannot be required; write 'approval'",
            ),
            (
                HEAD.replace("peak", "gate").replace("collect", "best") + RULE.replace("surcharge: 5%", "refuse: No."),
                "5:5: rule 'a-rule' has the effect 'refuse', which hit policy 'best' cannot compare with the others",
            ),
            (
                HEAD.replace("peak", "pek") + RULE.replace("surcharge: 5%", "refuse: No., label: X"),
                "8:25: 'label' does not go with 'refuse'",
            ),
            (HEAD + RULE + "applies_to: {kind: []}\n", "9:14: 'kind' names no value, so no rule could ever fire"),
            (HEAD + RULE + "applies_to: {kind: [[slot]]}\n", "9:21: 'kind' holds single texts"),
            (HEAD + RULE.replace("about: A.", "about: [A]"), "6:12: 'about' is a single text"),
            (HEAD + RULE.replace("about: A.", "about:"), "6:5: 'about' has no value"),
            (HEAD + RULE.replace("{party: 3}", "{any: {party: 3, lead: 2}}"), "7:28: 'lead' is not a known fact."),
            ("", "1:1: this file is empty"),
            ("just a text\n", "1:1: a decision is a block of 'key: value' lines"),
            ("decisions: 3\n", "1:12: 'decisions' is a list: each item on a line of its own after '- '"),
        ],
    )  # fmt: skip
    def test_are_told_with_their_place_and_a_remedy(self, text, message):
        problems = problems_of(text)

        assert f"rules/peak.yaml:{message}" in problems

    def test_all_mistakes_of_all_files_are_told_at_once(self):
        text = (
            with_test("partysize: 3")
            + "scenarios:\n  - name: S\n    given: {wekday: mon}\n    expect: {fired: [b-rule]}\n"
        )

        problems = problems_of(text, VOCABULARY.replace("type: duration", "type: durashun"))

        assert [problem.split(" ", 1)[0] for problem in problems] == [
            "rules/peak.yaml:8:7:",
            "rules/peak.yaml:12:13:",
            "rules/peak.yaml:13:22:",
            "rules/vocabulary.yaml:12:18:",
        ]

    def test_two_files_of_one_decision_agree_on_the_hit_policy(self):
        with pytest.raises(RulebookError) as refused:
            read_sources(
                {
                    "rules/vocabulary.yaml": VOCABULARY,
                    "rules/a.yaml": HEAD + RULE,
                    "rules/b.yaml": HEAD.replace("collect", "first") + RULE.replace("a-rule", "b-rule"),
                }
            )

        assert str(refused.value) == (
            "rules/b.yaml:1:1: decision 'peak' has hit policy 'collect' elsewhere; 'first' here contradicts it"
        )


class TestVocabularies:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("type: time,", "type: tme,", "4:22: 'tme' is not a type of facts. Did you mean 'time'?"),
            ("type: enum, values: [slot, stay], ", "type: enum, ", "2:3: the enum 'kind' needs 'values': the list of what it may be"),
            ("type: integer,", "type: integer, values: [1],", "6:34: 'values' belongs to an enum or a list, and 'party' is of type integer"),
            ("type: integer,", "type: integer, min: 3, max: 2,", "6:31: 'min' is above 'max', so 'party' could have no value"),
            ("type: integer,", "type: integer, min: x,", "6:31: 'x' is not a whole number; write one such as 3"),
            ("type: money,", "type: money, min: 1.00 EUR,", "9:28: 'min' and 'max' are for numbers, dates and times; 'base' is of type money"),
            ("type: integer,", "type: integer, min: 2, default: 1,", "6:43: 1 is not a value of 'party', which is at least 2"),
            ("type: integer,", "type: integer, default: x,", "6:35: 'x' is not a whole number; write one such as 3"),
            ("type: integer,", "typ: integer,", "6:11: 'typ' is not a key of the fact 'party'. Did you mean 'type'?"),
            ("  party:", "  any:", "6:3: 'any' has a meaning of its own in rules and cannot name a fact"),
            ("type: integer,", "type: integer, default: ,", "6:26: 'default' has no value"),
            ("[refuse, require]", "[refuse, requir]", "17:42: 'requir' is not an effect. Did you mean 'require'?"),
            ("facts:\n", "fact:\n", "1:1: 'fact' is not a key of the vocabulary. Did you mean 'facts'?"),
        ],
    )  # fmt: skip
    def test_are_told_with_their_place_and_a_remedy(self, old, new, message):
        problems = problems_of(HEAD + RULE, VOCABULARY.replace(old, new, 1))

        assert f"rules/vocabulary.yaml:{message}" in problems

    def test_a_rule_with_an_effect_that_the_vocabulary_misspells_is_told_too(self):
        problems = problems_of(
            HEAD + RULE.replace("surcharge", "surcharg"), VOCABULARY.replace("surcharge", "surcharg")
        )

        assert [problem.split(" is ")[0] for problem in problems] == [
            "rules/peak.yaml:8:12: 'surcharg'",
            "rules/vocabulary.yaml:16:34: 'surcharg'",
        ]

    def test_facts_are_a_block(self):
        assert "rules/vocabulary.yaml:1:8: 'facts' is a block of 'name:' entries" in problems_of(
            HEAD + RULE, "facts: none\ndecisions: {}\n"
        )

    def test_a_missing_vocabulary_is_said(self):
        with pytest.raises(RulebookError) as refused:
            read_sources({"rules/peak.yaml": HEAD + RULE})

        assert str(refused.value) == "rules/vocabulary.yaml:1:1: this file is missing: it names the facts"


class TestScenarios:
    @pytest.mark.parametrize(
        ("scenario", "message"),
        [
            (
                "{name: S, given: {party: 2, base: 10.00 EUR}, expect: {fired: [a-rule]}}",
                "10:59: scenario 'S': fired no rule, not 'a-rule'. 'a-rule' wants party 3, and it is 2.",
            ),
            (
                "{name: S, given: {base: 10.00 EUR}, expect: {fired: [a-rule]}}",
                "10:49: scenario 'S': fired no rule, not 'a-rule'. 'a-rule' wants party 3, and it is missing.",
            ),
            (
                "{name: S, given: {party: 3, base: 10.00 EUR}, expect: {fired: [a-rule], price: 11.00 EUR}}",
                "10:59: scenario 'S': the price is 10.50 EUR, not 11.00 EUR (base 10.00 EUR, a-rule 0.50 EUR)",
            ),
            (
                "{name: S, given: {party: 3}, expect: {fired: [a-rule], nearly: [a-rule]}}",
                "10:42: scenario 'S': 'a-rule' did not fail by exactly one test",
            ),
            (
                "{name: S, given: {party: 3}, expect: {fired: [a-rule], price: 1.00 EUR}}",
                "10:67: a price is worked out from 'base'; give 'base' an amount under 'given'",
            ),
            ("{name: S, given: {party: 3}}", "10:5: a scenario needs 'expect'"),
            ("{name: S, given: {party: x}, expect: {fired: []}}", "10:30: 'x' is not a whole number; write one such as 3"),
            ("{name: S, given: {party: 3}, expect: {fird: []}}", "10:43: 'fird' is not a key of 'expect'. Did you mean 'fired'?"),
            ("{name: S, given: {party: }, expect: {fired: []}}", "10:23: a value is missing here"),
            ("{name: S, given: {party: 3}, expect: 3}", "10:42: 'expect' is a block of 'key: value' lines"),
            ("{name: S, given: 3, expect: {fired: []}}", "10:22: 'given' is a block of 'fact: value' lines"),
        ],
    )  # fmt: skip
    def test_that_fail_or_make_no_sense_are_told(self, scenario, message):
        problems = problems_of(f"{HEAD}{RULE}scenarios:\n  - {scenario}\n")

        assert f"rules/peak.yaml:{message}" in problems

    def test_of_dated_rules_say_their_day(self):
        text = f"{HEAD}{RULE}    from: 2026-01-01\nscenarios:\n  - {{name: S, given: {{}}, expect: {{fired: []}}}}\n"

        problems = problems_of(text)

        assert problems == [
            "rules/peak.yaml:11:5: rules here have effective dates, so a scenario says its day: 'at: 2026-06-01'"
        ]
