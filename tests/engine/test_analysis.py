"""What staff get wrong in whole rules, each with the line and the sentence that it earns."""

import textwrap
from datetime import date
from pathlib import Path

import pytest

from backend.engine.analysis import analyse
from backend.engine.findings import Finding, Severity
from backend.infra.rule_files import read_folder, read_sources

TODAY = date(2026, 6, 1)
VOCABULARY = textwrap.dedent(
    """\
    facts:
      kind: {type: enum, values: [slot, stay], about: Kind.}
      weekday: {type: enum, values: [mon, tue, sat, sun], about: Day.}
      start_time: {type: time, about: Time.}
      party: {type: integer, about: Persons.}
      occupancy: {type: percent, about: Percent.}
      base: {type: money, about: Price.}
      currency: {type: text, about: Currency.}
      tier: {type: enum, values: [none, gold], default: none, about: Tier.}
      tags: {type: list, about: Tags.}
    decisions:
      price: {about: Price., effects: [surcharge, discount, add]}
    """
)
HEAD = "decision: price\nabout: A.\napplies_to: {kind: [slot]}\nhit_policy: "


def rules(policy: str, *written: str, more: str = "") -> str:
    """A file of these rules `id: when | then | other lines`, each on one line from line 6 (7 with `more`)."""
    lines = []
    for text in written:
        name, _, rest = text.partition(": ")
        when, then, *others = rest.split(" | ")
        extra = "".join(f", {other}" for other in others)
        lines.append(f"  - {{id: {name}, about: A., when: {when}, then: {{{then}}}{extra}}}\n")
    return f"{HEAD}{policy}\n{more}rules:\n{''.join(lines)}"


def findings_of(text: str, *, gaps: bool = False) -> tuple[Finding, ...]:
    book = read_sources({"rules/vocabulary.yaml": VOCABULARY, "rules/price.yaml": text})
    return analyse(book, on=TODAY, gaps=gaps)


RANGED = VOCABULARY.replace("party: {type: integer,", "party: {type: integer, min: 1, max: 9,")
FEW = '{party: "< 4"} | discount: 5%'
MANY = '{party: ">= 4"} | discount: 8%'
MISTAKES = [
    (
        "two conditions that exclude each other",
        rules("collect", 'a: {all: [{party: "< 4"}, {party: ">= 8"}]} | discount: 5%'),
        "6:5: rule 'a' can never fire: 'party' cannot be < 4 and >= 8 at once.",
        None,
    ),
    (
        "a kind that the file does not look at",
        rules("collect", "a: {kind: stay} | discount: 5%"),
        "6:5: rule 'a' can never fire: 'kind' cannot be slot and stay at once (applies_to names 'kind').",
        None,
    ),
    (
        "an amount in another currency than the price asked for",
        rules("collect", "a: {currency: USD} | discount: 5.00 EUR"),
        ("6:5: rule 'a' can never fire: 'currency' cannot be USD and EUR at once "
        "(an amount in EUR holds for prices in EUR only)."),
        None,
    ),
    (
        "an amount in another currency than the price is in",
        rules("collect", 'a: {base: ">= 50.00 USD"} | discount: 5.00 EUR'),
        ("6:5: rule 'a' can never fire: its tests contradict each other "
        "(an amount in EUR holds for prices in EUR only)."),
        None,
    ),
    (
        "waiting for a fact to be missing that has a default",
        rules("collect", "a: {tier: missing} | discount: 5%"),
        "6:5: rule 'a' can never fire: 'tier' is never missing, as the vocabulary gives it a default.",
        None,
    ),
    (
        "a time that no day has",
        rules("collect", 'a: {start_time: "> 23:59:59"} | discount: 5%'),
        "6:5: rule 'a' can never fire: no value of 'start_time' is > 23:59:59.",
        None,
    ),
    (
        "alternatives of which none is left",
        rules("collect", "a: {weekday: mon, any: [{weekday: tue}, {weekday: sat}]} | discount: 5%"),
        "6:5: rule 'a' can never fire: its tests contradict each other.",
        None,
    ),
    (
        "a rule of last year",
        rules("collect", "a: {party: 3} | discount: 5% | until: 2026-01-01"),
        "6:5: warning: rule 'a' is over since 2026-01-01. Delete it, or give it new dates.",
        None,
    ),
    (
        "intervals that share their end",
        rules("unique", 'a: {party: "[1..4]"} | discount: 5%', 'b: {party: "[4..8]"} | discount: 8%'),
        ("7:5: rule 'b' can hold together with 'a' (rules/price.yaml:6), and the decision allows one "
        "(hit_policy: unique). Narrow one of them."),
        {"kind": "slot", "party": 4},
    ),
    (
        "two rules about different facts",
        rules("unique", "a: {weekday: sat} | surcharge: 5%", 'b: {occupancy: ">= 75%"} | surcharge: 8%'),
        ("7:5: rule 'b' can hold together with 'a' (rules/price.yaml:6), and the decision allows one "
        "(hit_policy: unique). Narrow one of them."),
        {"kind": "slot", "weekday": "sat", "occupancy": "75%"},
    ),
    (
        "a season that begins before the last one ends",
        rules(
            "unique",
            "a: {party: 3} | discount: 5% | until: 2026-09-01",
            "b: {party: 3} | discount: 8% | from: 2026-08-01",
        ),
        ("7:5: rule 'b' can hold together with 'a' (rules/price.yaml:6), and the decision allows one "
        "(hit_policy: unique). Narrow one of them."),
        {"kind": "slot", "party": 3},
    ),
    (
        "two rules that both pass for a missing fact",
        rules("unique", "a: {party: not(< 4)} | discount: 5%", "b: {party: not(>= 4)} | discount: 8%"),
        ("7:5: rule 'b' can hold together with 'a' (rules/price.yaml:6), and the decision allows one "
        "(hit_policy: unique). Narrow one of them."),
        {"kind": "slot", "party": None},
    ),
    (
        "two tags that one case may have together",
        rules("unique", "a: {tags: has spa} | discount: 5%", "b: {tags: has pool} | discount: 8%"),
        ("7:5: rule 'b' can hold together with 'a' (rules/price.yaml:6), and the decision allows one "
        "(hit_policy: unique). Narrow one of them."),
        {"kind": "slot", "tags": ["spa", "pool"]},
    ),
    (
        "the general rule before the special one",
        rules("first", 'a: {party: ">= 4"} | discount: 5%', 'b: {party: ">= 8"} | discount: 8%'),
        ("7:5: rule 'b' can never fire: wherever it holds, 'a' (rules/price.yaml:6) stands before it "
        "(hit_policy: first). Put it first, narrow the others, or delete it."),
        {"kind": "slot", "party": 8},
    ),
    (
        "a rule after one that always holds",
        rules("first", "a: always | discount: 5%", "b: {weekday: sun} | discount: 8%"),
        ("7:5: rule 'b' can never fire: wherever it holds, 'a' (rules/price.yaml:6) stands before it "
        "(hit_policy: first). Put it first, narrow the others, or delete it."),
        {"kind": "slot", "weekday": "sun"},
    ),
    (
        "a rule between two that leave nothing over",
        rules("first", f"a: {FEW}", f"b: {MANY}", "c: {weekday: sun, party: present} | discount: 9%"),
        ("8:5: rule 'c' can never fire: wherever it holds, one of 'a' (rules/price.yaml:6) and "
        "'b' (rules/price.yaml:7) stands before it (hit_policy: first). "
        "Put it first, narrow the others, or delete it."),
        {"kind": "slot", "weekday": "sun", "party": 3},
    ),
    (
        "an exception with too low a priority",
        rules("priority", "a: {weekday: sun, party: 3} | discount: 9% | priority: 1", "b: {party: 3} | discount: 5% | priority: 2"),
        ("6:5: rule 'a' can never fire: wherever it holds, 'b' (rules/price.yaml:7) has a higher priority or "
        "stands first (hit_policy: priority). Put it first, narrow the others, or delete it."),
        {"kind": "slot", "weekday": "sun", "party": 3},
    ),
    (
        "a group discount below that of smaller groups",
        rules("best", 'a: {party: ">= 4"} | discount: 8%', 'b: {party: ">= 8"} | discount: 5%'),
        ("7:5: warning: rule 'b' makes no difference: wherever it holds, 'a' (rules/price.yaml:6) is at least "
        "as good for the customer (hit_policy: best). Make it better, or delete it."),
        {"base": "100.00 EUR", "kind": "slot", "party": 8},
    ),
    (
        "a rule copied under another name",
        rules("collect", "a: {weekday: [sat, sun]} | surcharge: 5%", 'b: {weekday: "not(mon, tue)", kind: slot} | surcharge: 5%', "c: {weekday: [sun, sat]} | surcharge: 5%"),
        "8:5: warning: rule 'c' differs from 'a' (rules/price.yaml:6) only in its name. Delete one of them.",
        {"kind": "slot", "weekday": "sat"},
    ),
    (
        "a party size that no rule decides",
        rules("collect", 'a: {party: "< 4"} | discount: 5%', 'b: {party: "> 4"} | discount: 8%', more="complete: true\n"),
        "5:11: no rule of 'price' decides this case. Add a rule for it, or take out 'complete: true'.",
        {"kind": "slot", "party": 4},
    ),
    (
        "a week that no season has",
        rules(
            "collect",
            "a: always | discount: 5% | until: 2026-08-01",
            "b: always | discount: 8% | from: 2026-08-08",
            more="complete: true\n",
        ),
        "5:11: no rule of 'price' decides this case. Add a rule for it, or take out 'complete: true'.",
        {"kind": "slot"},
    ),
]  # fmt: skip


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "told", "case"), [each[1:] for each in MISTAKES], ids=[each[0] for each in MISTAKES]
    )
    def test_are_told_once_with_place_and_case(self, text, told, case):
        findings = findings_of(text)

        assert [str(finding) for finding in findings] == [f"rules/price.yaml:{told}"]
        assert findings[0].case == case


class TestAnalyse:
    def test_finds_nothing_wrong_with_the_shipped_rules(self):
        shipped = read_folder(Path(__file__).resolve().parents[2] / "rules")

        assert analyse(shipped, on=TODAY) == ()

    def test_gives_the_day_on_which_a_case_shows(self):
        text = rules("unique", "a: always | discount: 5%", "b: {party: 3} | discount: 8% | from: 2026-08-01")

        [finding] = findings_of(text)

        assert finding.day == date(2026, 8, 1)

    def test_forgets_what_is_over(self):
        text = rules(
            "unique", "a: {party: 3} | discount: 5%", "b: {party: 3} | discount: 8% | until: 2026-05-01"
        )

        findings = findings_of(text)

        assert [finding.kind for finding in findings] == ["past"]

    def test_leaves_gaps_alone_where_not_every_case_must_be_decided(self):
        text = rules("collect", "a: {party: 3} | discount: 5%")

        findings = findings_of(text)

        assert findings == ()

    def test_notes_gaps_when_asked(self):
        text = rules("collect", "a: {party: 3} | discount: 5%")

        findings = findings_of(text, gaps=True)

        assert {finding.severity for finding in findings} == {Severity.NOTE}
        assert [finding.case for finding in findings] == [{"kind": "slot", "party": 2}]

    def test_takes_a_missing_fact_for_a_gap_only_where_a_rule_asks_for_it(self):
        text = rules(
            "collect",
            "a: {party: present} | discount: 5%",
            "b: {weekday: missing} | discount: 8%",
            more="complete: true\n",
        )

        findings = findings_of(text)

        assert findings == ()

    def test_names_three_of_many_rules_that_overlap(self):
        text = rules(
            "unique",
            *(f"r{number}: {{party: {number}}} | discount: 5%" for number in range(5)),
            'last: {party: "< 9"} | discount: 1%',
        )

        [finding] = findings_of(text)

        assert (
            "'r0' (rules/price.yaml:6), 'r1' (rules/price.yaml:7), 'r2' (rules/price.yaml:8) and 2 more"
            in str(finding)
        )
        assert finding.rules == ("last", "r0", "r1", "r2", "r3", "r4")

    def test_does_not_confuse_currencies(self):
        text = rules(
            "unique",
            "a: always | discount: 5.00 EUR",
            "b: always | discount: 5.00 USD",
            'c: {base: ">= 10.00 CHF"} | discount: 5%',
        )

        findings = findings_of(text)

        assert findings == ()

    def test_says_what_is_too_complex_to_decide(self):
        either = ", ".join(
            f"{{any: [{{tags: has t{number}, party: {number}}}, {{weekday: mon, tags: has t{number}}}]}}"
            for number in range(9)
        )
        text = rules("first", f"a: {{all: [{either}]}} | discount: 5%", "b: {party: 3} | discount: 8%")

        [finding] = findings_of(text)

        assert finding.kind == "undecided"
        assert str(finding).startswith(
            "rules/price.yaml:6:5: warning: 'a' (rules/price.yaml:6) is too complex"
        )

    def test_says_that_gaps_are_too_complex_to_tell(self):
        items = ", ".join(f"{{tags: has t{number}}}" for number in range(9))
        text = rules("collect", f"a: {{all: [{items}]}} | discount: 5%", more="complete: true\n")

        findings = findings_of(text)

        assert [finding.kind for finding in findings] == ["undecided", "undecided"]
        assert "whether 'price' decides every case is too complex to tell" in str(findings[0])

    def test_a_case_is_one_line_of_json_and_empty_without_one(self):
        both = findings_of(MISTAKES[8][1]) + findings_of(MISTAKES[0][1])

        assert [finding.case_json for finding in both] == ['{"kind": "slot", "party": 4}', ""]


class TestRangesOfTheVocabulary:
    def findings(self, *written: str, policy: str = "collect", more: str = "") -> list[str]:
        text = rules(policy, *written, more=more)
        book = read_sources({"rules/vocabulary.yaml": RANGED, "rules/price.yaml": text})
        return [finding.message for finding in analyse(book, on=TODAY)]

    def test_a_rule_for_what_lies_outside_can_never_fire(self) -> None:
        (told,) = self.findings('many: {party: "> 9"} | discount: 5%')

        assert "rule 'many' can never fire" in told

    def test_rules_for_all_that_lies_inside_leave_no_gap(self) -> None:
        written = ('few: {party: "< 4"} | discount: 5%', 'many: {party: "[4..9]"} | discount: 8%')

        assert self.findings(*written, policy="unique", more="complete: true\n") == []

    def test_what_is_left_inside_is_a_gap(self) -> None:
        written = ('few: {party: "< 4"} | discount: 5%', 'many: {party: "[4..8]"} | discount: 8%')

        (told,) = self.findings(*written, policy="unique", more="complete: true\n")

        assert "no rule of 'price' decides this case" in told
