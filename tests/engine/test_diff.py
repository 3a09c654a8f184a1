"""The difference of two rulebooks, said as staff would say it."""

import pytest

from backend.config import ROOT
from backend.engine.diff import compare
from backend.infra.rule_files import folder_sources, read_sources

SHIPPED = folder_sources(ROOT / "rules")
PEAK = "rules/peak_hours.yaml"
NEW_RULE = """
  - id: sunday-morning
    about: Sunday mornings are quiet.
    from: 2026-02-01
    when:
      weekday: sun
      start_time: "[08:30..12:00)"
    then:
      discount: 10%
"""


def without_scenarios(text: str) -> str:
    return text.partition("scenarios:")[0] + "scenarios: []\n"


def said(*replacements: tuple[str, str], file: str = PEAK) -> list[str]:
    """The changes of the shipped rules when texts of one file are replaced, scenarios left aside."""
    plain = {**SHIPPED, file: without_scenarios(SHIPPED[file])}
    text = plain[file]
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return list(map(str, compare(read_sources(plain), read_sources({**plain, file: text})).changes))


class TestCompare:
    def test_says_nothing_of_layout_and_comments(self) -> None:
        assert said(("decision: peak_hours", "# a remark\ndecision:   peak_hours")) == []

    def test_says_how_an_amount_changed_and_where(self) -> None:
        assert said(("surcharge: 25%", "surcharge: 30%")) == [
            "peak_hours / weekday-evening: surcharge 25% → 30%  (rules/peak_hours.yaml:7)"
        ]

    def test_says_that_a_surcharge_became_a_fixed_amount_without_its_currency_test(self) -> None:
        (change,) = said(("surcharge: 25%", "surcharge: 15.00 EUR"))

        assert "surcharge 25% → 15.00 EUR  (" in change

    def test_says_that_a_surcharge_became_a_discount(self) -> None:
        assert "surcharge 25% → discount 5%" in said(("surcharge: 25%", "discount: 5%"))[0]

    def test_says_which_flag_was_added(self) -> None:
        changed = said(("surcharge: 25%", "surcharge: 25%\n      label: Peak"))

        assert "label Peak added" in changed[0]

    @pytest.mark.parametrize(
        ("old", "new", "phrase"),
        [
            ('"[17:00..20:00)"', '"[16:00..20:00)"', "when: start_time [17:00..20:00) → [16:00..20:00)"),
            ("      loyalty_tier: not(platinum)\n", "", "when: loyalty_tier not(platinum) removed"),
            ("weekday: sat", "weekday: sat\n      party: 2", "when: party 2 added"),
            (
                '- lead_days: ">= 14"',
                '- lead_days: ">= 7"',
                (
                    "when: any of (weekday mon, tue, wed, thu, fri or lead_days >= 14) → "
                    "(weekday mon, tue, wed, thu, fri or lead_days >= 7)"
                ),
            ),
            ("from: 2026-01-01", "from: 2026-02-01", "from 2026-01-01 → 2026-02-01"),
            ("Saturdays are in demand.", "Busy.", "about Saturdays are in demand. → Busy."),
        ],
    )
    def test_says_how_a_rule_asks_for_something_else(self, old: str, new: str, phrase: str) -> None:
        (change,) = said((old, new))

        assert phrase in change

    def test_tells_an_added_rule_with_all_that_it_says(self) -> None:
        changed = said(("scenarios: []", f"{NEW_RULE}\nscenarios: []"))

        assert len(changed) == 1
        assert changed[0].startswith(
            "peak_hours / sunday-morning: rule added: discount 10%; "
            "when weekday sun, start_time [08:30..12:00); from 2026-02-01  (rules/peak_hours.yaml:"
        )

    def test_tells_that_the_order_is_another(self) -> None:
        swapped = said(
            ("id: weekday-evening", "id: x"), ("id: saturday-daytime", "id: weekday-evening"),
            ("id: x", "id: saturday-daytime"),
        )  # fmt: skip

        assert "order of the rules weekday-evening, saturday-daytime" in swapped[0]

    def test_sums_up_scenarios_and_the_hit_policy(self) -> None:
        text = SHIPPED[PEAK].replace("hit_policy: collect", "hit_policy: first")
        after = {**SHIPPED, PEAK: without_scenarios(text)}
        scenarios = SHIPPED[PEAK].count("  - name:")

        diff = compare(read_sources(SHIPPED), read_sources(after))

        assert diff.changes[0].what == ("hit policy collect → first", f"scenarios: {scenarios} removed")
        assert diff.summary == "other changes: 1"

    def test_the_way_back_removes_what_the_way_there_added(self) -> None:
        plain = {**SHIPPED, PEAK: without_scenarios(SHIPPED[PEAK])}
        more = {**plain, PEAK: plain[PEAK].replace("scenarios: []", f"{NEW_RULE}\nscenarios: []")}

        there = compare(read_sources(plain), read_sources(more))
        back = compare(read_sources(more), read_sources(plain))

        assert [there.summary, back.summary] == ["rules: 1 added", "rules: 1 removed"]
        assert there.changes[0].what == back.changes[0].what

    def test_tells_a_changed_vocabulary(self) -> None:
        file = "rules/vocabulary.yaml"
        before = read_sources(SHIPPED)
        text = SHIPPED[file].replace("  party:", "  mood: {type: text, about: How it feels.}\n  party:", 1)

        diff = compare(before, read_sources({**SHIPPED, file: text}))

        assert diff.changes[0].what == ("fact 'mood' added",)
