"""What a shadow found: sums of bounded size that add up in any order."""

import json
from collections.abc import Callable
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.pricing.comparison import PriceComparison, compare_prices
from backend.domains.pricing.entities import Line, Price, Refusal, RuleRef
from backend.domains.shadow.tally import (
    MOST_MOVERS,
    MOST_REASONS,
    Mover,
    RuleKey,
    Tally,
    read_tally,
    sum_of,
    tally_document,
)
from backend.kernel.money import Money

RULE = RuleRef("peak_hours", "evening", "rules/peak_hours.yaml", 7)


def price(minor: int, currency: str = "EUR", *, refused: bool = False) -> Price:
    """A list price of 100 minor units, and a rule that brings it to `minor`."""
    base, rest = Money(100, currency), Money(minor - 100, currency)
    lines = (Line("base", "It", base), Line("peak_hours", "Evening", rest, RULE))
    refusals = (
        (Refusal("No.", RuleRef("validation", "never", "rules/validation.yaml", 3)),) if refused else ()
    )
    return Price(lines, base + rest, refusals=refusals)


def compared(today: int, draft: int, currency: str = "EUR") -> PriceComparison:
    return compare_prices(price(today, currency), price(draft, currency))


Step = Callable[[Tally], object]
quote_ids = st.integers(0, 50).map(lambda number: f"quo_{number}")
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(
        lambda today, draft, currency, quote: (
            lambda tally: tally.add(compared(today, draft, currency), quote_id=quote)
        ),
        st.integers(0, 1000),
        st.integers(0, 1000),
        st.sampled_from(["EUR", "JPY"]),
        quote_ids,
    ),
    st.sampled_from("abc").map(lambda reason: lambda tally: tally.add_failure(reason)),
    st.just(Tally.add_dropped),
)


def tally_of(some: list[Step]) -> Tally:
    made = Tally()
    for step in some:
        step(made)
    return made


class TestAdd:
    @pytest.mark.parametrize(
        ("today", "draft", "result"),
        [
            (price(120), price(120), "equal"),
            (price(120), price(130), "dearer"),
            (price(120), price(90), "cheaper"),
            (price(120), price(130, refused=True), "refused"),
            (price(120, refused=True), price(130), "sold"),
            (price(120, refused=True), price(130, refused=True), "equal"),
        ],
    )
    def test_counts_a_quote_by_what_would_change(self, today: Price, draft: Price, result: str) -> None:
        tally = Tally()

        counted = tally.add(compare_prices(today, draft), quote_id="quo_1")

        assert counted == result
        assert dict(tally.results) == {result: 1}

    def test_sums_what_both_sides_sell_by_currency_and_rule(self) -> None:
        tally = Tally()

        tally.add(compared(120, 130), quote_id="quo_1")
        tally.add(compared(120, 100), quote_id="quo_2")
        tally.add(compared(500, 510, "JPY"), quote_id="quo_3")
        tally.add(compare_prices(price(120), price(999, refused=True)), quote_id="quo_4")

        assert (tally.today, tally.draft) == ({"EUR": 240, "JPY": 500}, {"EUR": 230, "JPY": 510})
        assert tally.compared == {"EUR": 2, "JPY": 1}
        assert tally.rule_differences[RuleKey("EUR", "peak_hours", "evening")] == -10
        assert tally.rule_quotes[RuleKey("EUR", "peak_hours", "evening")] == 2
        assert tally.rule_quotes[RuleKey("EUR", "validation", "never")] == 1

    def test_keeps_the_biggest_movers_whatever_their_currency(self) -> None:
        tally = Tally()

        for number in range(100):
            tally.add(compared(100, 101 + number, "EUR"), quote_id=f"quo_{number}")
        tally.add(compared(100_000, 300_000, "JPY"), quote_id="quo_yen")

        assert len(tally.movers) == MOST_MOVERS
        assert tally.movers[0] == Mover("quo_yen", Money(100_000, "JPY"), Money(300_000, "JPY"))
        assert tally.movers[1].quote_id == "quo_99"

    def test_keeps_so_many_reasons_of_failures_and_counts_the_others_together(self) -> None:
        tally = Tally()

        for number in range(3 * MOST_REASONS):
            tally.add_failure(f"reason {number}")

        assert len(tally.failures) == MOST_REASONS + 1
        assert tally.failures.total() == tally.results["failed"] == 3 * MOST_REASONS


class TestSum:
    @given(st.lists(st.lists(steps, max_size=30), max_size=4))
    def test_of_what_processes_found_is_what_one_would_have_found(self, parts: list[list[Step]]) -> None:
        apart = sum_of(tally_of(part) for part in parts)

        together = tally_of([step for part in parts for step in part])
        assert tally_document(apart) == tally_document(together)

    @given(st.lists(st.lists(steps, max_size=30), max_size=4))
    def test_does_not_depend_on_the_order(self, parts: list[list[Step]]) -> None:
        tallies = [tally_of(part) for part in parts]

        forth, back = sum_of(tallies), sum_of(reversed(tallies))

        assert tally_document(forth) == tally_document(back)

    @given(st.lists(steps, max_size=30))
    def test_results_count_every_quote_once(self, some: list[Step]) -> None:
        assert tally_of(some).results.total() == len(some)

    @given(st.lists(steps, max_size=30))
    def test_differences_by_rule_add_up_to_those_of_the_totals(self, some: list[Step]) -> None:
        tally = tally_of(some)

        for currency in tally.compared:
            by_rule = [d for key, d in tally.rule_differences.items() if key.currency == currency]
            assert sum(by_rule) == tally.draft[currency] - tally.today[currency]

    @given(st.lists(steps, max_size=30))
    def test_a_document_holds_all_of_it(self, some: list[Step]) -> None:
        tally = tally_of(some)

        read = read_tally(json.loads(json.dumps(tally_document(tally))))

        assert read == tally

    @given(st.lists(steps, max_size=30))
    def test_a_copy_stays_as_it_was(self, some: list[Step]) -> None:
        tally = tally_of(some)
        copy = tally.copy()
        before = tally_document(copy)

        reduce(lambda _, step: step(tally), some, None)

        assert tally_document(copy) == before
