"""The analysis of a whole price across files: cuts at the floor, negative prices, what is refused."""

import subprocess
import sys
from datetime import UTC, date, datetime, time

import pytest

from backend.config import ROOT
from backend.domains.pricing.entities import FLOOR, Case
from backend.domains.pricing.price import price
from backend.domains.pricing.price_analysis import price_findings
from backend.engine.findings import Finding, Severity
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import folder_sources, read_sources
from backend.infra.rule_trial import Analysis, try_rulebook
from backend.wiring.rules import WITH_PRICES
from tests.factories.pipelines import pipeline, rule

TODAY = date(2026, 6, 1)

THREE_FILES = {
    "base": rule("spring-sale", "month: [4, 5]", "discount: 15%"),
    "peak_hours": rule("quiet-hours", 'start_time: "[12:00..14:00)"', "discount: 15%"),
    "group_discount": rule("company-outing", 'party: ">= 20"', "discount: 20%"),
}
"""Together they leave 57.80 of 100; each two of them leave at least 68."""


CHANGES = {
    "rules/peak_hours.yaml": [("discount: 10%", "discount: 11.5%"), ("54.00 EUR", "53.10 EUR")],
    "rules/pricing.yaml": [("discount: 5%", "discount: 6.5%"), ("114.00 EUR", "112.20 EUR")],
    "rules/tables/group_discount.csv": [("12%", "13.5%")],
}
"""Small changes in three files, with the scenarios that state their prices."""


def found(rulebook: Rulebook, **options: int) -> list[Finding]:
    """What the analysis finds today."""
    return list(price_findings(rulebook, on=TODAY, **options))


def kinds(rulebook: Rulebook) -> list[tuple[str, tuple[str, ...]]]:
    """The kind and the rules of each finding."""
    return [(finding.kind, tuple(sorted(finding.rules))) for finding in found(rulebook)]


def is_cut(rulebook: Rulebook, finding: Finding) -> bool:
    """Whether the case of a finding, read as `flask rules try` reads it, is really cut by the floor."""
    facts = rulebook.vocabulary.parse_facts(finding.case)
    base, cost = facts.pop("base"), facts.pop("cost")
    at = datetime.combine(finding.day or TODAY, time(12), tzinfo=UTC)
    lines = price(rulebook, Case(facts, "", base, cost), at=at).lines
    return any(line.stage == FLOOR for line in lines)


class TestThePlantedCut:
    def test_three_files_together_are_found_with_a_case_that_the_floor_cuts(self) -> None:
        book = pipeline(THREE_FILES, cost="55%")

        (finding,) = found(book)

        assert (finding.kind, finding.severity) == ("cut", Severity.ERROR)
        assert set(finding.rules) == {"spring-sale", "quiet-hours", "company-outing"}
        assert is_cut(book, finding)

    def test_the_finding_tells_each_step_and_each_place(self) -> None:
        book = pipeline(THREE_FILES, cost="55%")

        (finding,) = found(book)

        assert "100.00 EUR, 'spring-sale' -15.00 EUR = 85.00 EUR" in finding.message
        assert "the floor is 60.50 EUR" in finding.message
        assert all(f"rules/{name}.yaml:6" in finding.message for name in THREE_FILES)

    @pytest.mark.parametrize("left_out", THREE_FILES)
    def test_any_two_of_the_files_are_in_order(self, left_out: str) -> None:
        two = {name: text for name, text in THREE_FILES.items() if name != left_out}

        assert found(pipeline(two, cost="55%")) == []

    def test_rules_that_never_hold_together_are_in_order(self) -> None:
        apart = THREE_FILES | {"peak_hours": rule("quiet-hours", "month: [1, 2]", "discount: 15%")}

        assert found(pipeline(apart, cost="55%")) == []


class TestIntendedCombinations:
    def test_a_mark_on_the_combination_silences_it(self) -> None:
        mark = "intended: [{rules: [spring-sale, quiet-hours, company-outing], because: Agreed.}]"

        assert found(pipeline(THREE_FILES, cost="55%", floor=mark)) == []

    def test_a_mark_that_no_case_needs_is_a_warning_at_its_place(self) -> None:
        mark = "intended: [{rules: [spring-sale, quiet-hours], because: Agreed.}]"

        (finding,) = found(pipeline({"base": THREE_FILES["base"]}, cost="55%", floor=mark))

        assert (finding.kind, finding.severity) == ("stale", Severity.WARNING)
        assert str(finding.place).startswith("rules/floor.yaml:5")

    def test_without_a_word_about_cost_a_note_says_so(self) -> None:
        (finding,) = found(pipeline(THREE_FILES, cost=""))

        assert (finding.kind, finding.severity) == ("unstated", Severity.NOTE)


class TestHitPolicies:
    TWO = rule("first-rule", "weekday: mon", "discount: 10%") + rule("second-rule", "-", "discount: 40%")

    @pytest.mark.parametrize(
        ("policy", "cut"),
        [
            ("collect", ("second-rule",)),
            ("first", ("second-rule",)),
            ("best", ("second-rule",)),
        ],
    )
    def test_the_rule_that_counts_is_the_one_that_cuts(self, policy: str, cut: tuple[str, ...]) -> None:
        book = pipeline({"base": self.TWO}, cost="60%", policy=policy)

        assert kinds(book) == [("cut", cut)]

    def test_first_lets_an_earlier_rule_keep_a_later_one_from_cutting(self) -> None:
        always = rule("earlier", "kind: slot", "discount: 10%") + rule("later", "kind: slot", "discount: 40%")

        assert found(pipeline({"base": always}, cost="60%", policy="first")) == []
        assert kinds(pipeline({"base": always}, cost="60%")) == [("cut", ("earlier", "later"))]

    def test_priority_lets_the_highest_count(self) -> None:
        low = rule("low", "kind: slot", "discount: 40%", more="priority: 1")
        high = rule("high", "kind: slot", "discount: 10%", more="priority: 2")

        assert found(pipeline({"base": low + high}, cost="60%", policy="priority")) == []

    def test_unique_never_adds_up_two_rules(self) -> None:
        two = rule("mornings", 'start_time: "< 10:00"', "discount: 20%")
        two += rule("evenings", 'start_time: ">= 10:00"', "discount: 20%")

        assert found(pipeline({"base": two}, cost="70%", policy="unique")) == []

    def test_effective_dates_that_do_not_meet_keep_rules_apart(self) -> None:
        june = rule("june", "kind: slot", "discount: 25%", more="until: 2026-07-01")
        july = rule("july", "kind: slot", "discount: 25%", more="from: 2026-07-01")

        assert found(pipeline({"base": june + july}, cost="60%")) == []
        assert kinds(pipeline({"base": june + july.replace("2026-07-01", "2026-06-30")}, cost="60%")) == [
            ("cut", ("july", "june"))
        ]


class TestFactsThatHangTogether:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ('start_date: "[2026-06-06..2026-06-08)"', "weekday: mon"),
            ('start_date: "[2026-07-01..2026-08-01)"', "month: 8"),
            ('lead_hours: "> 100"', "lead_days: 1"),
            ('seats_total: "<= 2"', 'occupancy: "(50%..100%)"'),
        ],
        ids=["weekday", "month", "lead", "occupancy"],
    )
    def test_no_impossible_case_is_told(self, one: str, other: str) -> None:
        apart = {
            "base": rule("one", one, "discount: 25%"),
            "occupancy": rule("other", other, "discount: 25%"),
        }

        assert found(pipeline(apart, cost="60%")) == []


class TestNegativePrices:
    def test_an_amount_taken_off_a_low_price_is_found(self) -> None:
        book = pipeline({"base": rule("voucher", "party: 2", "add: -8.00 EUR")}, cost="10%")

        assert ("negative", ("voucher",)) in kinds(book)

    def test_a_lowest_list_price_rules_it_out(self) -> None:
        taken = {"base": rule("voucher", "party: 2", "add: -8.00 EUR")}

        assert found(pipeline(taken, cost="10%", lowest="20.00 EUR")) == []


class TestWhatIsRefused:
    REFUSING = rule("no-crowds", 'party: "> 50"', "refuse: Too many.")

    def test_a_rule_for_what_is_never_sold_is_a_warning(self) -> None:
        crowd = rule("crowd", 'party: ">= 60"', "surcharge: 5%")

        (finding,) = found(pipeline({"base": crowd, "validation": self.REFUSING}, cost="50%"))

        assert (finding.kind, finding.severity) == ("refused", Severity.WARNING)
        assert finding.rules == ("crowd", "no-crowds")

    def test_a_rule_for_what_is_sometimes_sold_is_in_order(self) -> None:
        many = rule("many", 'party: ">= 40"', "surcharge: 5%")

        assert found(pipeline({"base": many, "validation": self.REFUSING}, cost="50%")) == []

    def test_a_cut_of_what_is_not_sold_is_none(self) -> None:
        crowd = rule("crowd", 'party: ">= 60"', "discount: 90%")

        assert [
            kind for kind, _ in kinds(pipeline({"base": crowd, "validation": self.REFUSING}, cost="50%"))
        ] == ["refused"]


class TestTime:
    def test_what_takes_too_long_is_told_as_undecided_and_never_as_in_order(self) -> None:
        findings = found(pipeline(THREE_FILES, cost="55%"), steps=1)

        assert {(finding.kind, finding.severity) for finding in findings} == {("undecided", Severity.WARNING)}


class TestTheTrial:
    DEARER = folder_sources(ROOT / "rules")
    DEARER["rules/pricing.yaml"] = DEARER["rules/pricing.yaml"].replace(
        "cost_at_most: 50%", "cost_at_most: 56%"
    )

    def test_a_draft_that_the_floor_would_cut_is_answered_with_the_same_finding_each_time(self) -> None:
        first, second = (
            try_rulebook(self.DEARER, analysis=Analysis(TODAY), child=WITH_PRICES) for _ in range(2)
        )

        assert [finding.kind for finding in first.findings] == ["cut"]
        assert first == second

    def test_starting_an_application_does_not_load_the_solver(self) -> None:
        code = "import sys, backend.factory; print('z3' in sys.modules)"

        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )

        assert done.stdout.strip() == "False"


class TestTheShippedRules:
    def changed(self, *files: str) -> Rulebook:
        """The shipped rules with the changes in these files."""
        sources = folder_sources(ROOT / "rules")
        for name in files:
            for old, new in CHANGES[name]:
                sources[name] = sources[name].replace(old, new)
        if "rules/tables/group_discount.csv" in files:
            sources["rules/pricing.yaml"] = sources["rules/pricing.yaml"].replace("88.00 EUR", "86.50 EUR")
        return read_sources(sources)

    def test_three_small_changes_in_three_files_are_found_together(self) -> None:
        book = self.changed(*CHANGES)

        (finding,) = found(book)

        assert {"price-per-person", "early-morning", "group-of-eight"} < set(finding.rules)
        assert is_cut(book, finding)

    @pytest.mark.parametrize("left_out", CHANGES)
    def test_any_two_of_the_changes_are_in_order(self, left_out: str) -> None:
        book = self.changed(*(name for name in CHANGES if name != left_out))

        assert found(book) == []

    def test_they_are_in_order(self) -> None:
        book = read_sources(folder_sources(ROOT / "rules"))

        assert found(book) == []

    def test_were_products_dearer_each_finding_would_be_a_real_cut(self) -> None:
        sources = folder_sources(ROOT / "rules")
        sources["rules/pricing.yaml"] = sources["rules/pricing.yaml"].replace(
            "cost_at_most: 50%", "cost_at_most: 65%"
        )
        book = read_sources(sources)

        findings = found(book)

        assert findings
        assert all(is_cut(book, finding) for finding in findings)
