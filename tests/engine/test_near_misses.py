"""Rules that failed by one test."""

import pytest

from backend.engine.decision import NearMiss
from tests.engine.books import MONDAY, book


def misses(rules: str, facts: dict[str, object], **more: str) -> list[NearMiss]:
    return list(book(rules, **more).decide("price", facts, at=MONDAY).near_misses)


EVENING = '- {id: r, about: R., when: {weekday: [mon, tue], party: ">= 4"}, then: {surcharge: 5%}}'
EITHER = """\
- id: r
  about: R.
  when:
    weekday: mon
    any:
      - {party: ">= 8", lead_hours: "< 2"}
      - party: "[4..6]"
  then: {surcharge: 5%}
"""


class TestNearMisses:
    def test_say_the_test_in_the_words_of_the_file_and_what_the_fact_was(self):
        assert misses(EVENING, {"weekday": "sat", "party": 4}) == [
            NearMiss("r", "weekday", "mon, tue", "sat")
        ]
        assert misses(EVENING, {"weekday": "mon", "party": 2}) == [NearMiss("r", "party", ">= 4", 2)]

    def test_say_that_a_fact_is_missing(self):
        assert misses(EVENING, {"weekday": "mon"}) == [NearMiss("r", "party", ">= 4", None)]

    @pytest.mark.parametrize("facts", [{"weekday": "mon", "party": 4}, {"weekday": "sat", "party": 2}, {}])
    def test_are_neither_rules_that_fired_nor_rules_that_failed_by_more(self, facts):
        assert misses(EVENING, facts) == []

    def test_count_an_any_block_as_one_test_and_name_its_nearest_alternative(self):
        assert misses(EITHER, {"weekday": "mon", "party": 3}) == [NearMiss("r", "party", "[4..6]", 3)]
        assert misses(EITHER, {"weekday": "mon", "party": 9}) == [NearMiss("r", "lead_hours", "< 2", None)]

    def test_do_not_count_a_failed_any_block_and_another_test(self):
        assert misses(EITHER, {"weekday": "sat", "party": 3}) == []

    def test_see_through_blocks_in_blocks(self):
        nested = """\
        - id: r
          about: R.
          when:
            all:
              - weekday: mon
              - all: [{party: 3}, {lead_hours: 2}]
          then: {surcharge: 5%}
        """

        assert misses(nested, {"weekday": "mon", "party": 4}) == []
        assert [miss.fact for miss in misses(nested, {"weekday": "mon", "party": 3})] == ["lead_hours"]

    def test_are_not_told_of_rules_for_other_kinds(self):
        more = {"more": "applies_to: {kind: [slot], weekday: [mon]}\n"}

        assert misses(EVENING, {"kind": "stay", "weekday": "mon", "party": 2}, **more) == []
        assert misses(EVENING, {"kind": "slot", "weekday": "tue", "party": 2}, **more) == []
        assert len(misses(EVENING, {"kind": "slot", "weekday": "mon", "party": 2}, **more)) == 1

    def test_are_not_told_of_rules_out_of_their_dates(self):
        late = "- {id: r, about: R., from: 2026-07-01, when: {party: 4}, then: {surcharge: 5%}}"

        assert misses(late, {"party": 3}) == []

    def test_tell_of_a_fixed_amount_in_another_currency(self):
        fixed = "- {id: r, about: R., when: {party: 4}, then: {surcharge: 5.00 EUR}}"

        assert misses(fixed, {"party": 4, "currency": "USD"}) == [NearMiss("r", "currency", "EUR", "USD")]
