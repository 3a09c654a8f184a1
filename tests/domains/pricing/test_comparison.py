"""Two prices of one case, side by side."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from backend.config import ROOT
from backend.domains.pricing.comparison import PriceComparison, compare_decisions, compare_prices
from backend.domains.pricing.entities import Case, Line, Price, RuleRef
from backend.domains.pricing.price import price
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import folder_sources, read_sources
from backend.kernel.money import Money, total
from tests.domains.pricing.test_price import case, cases

AT = datetime(2026, 12, 7, 9, tzinfo=UTC)
SOURCES = folder_sources(ROOT / "rules")
SHIPPED = read_sources(SOURCES)


def draft(file: str, *changes: tuple[str, str]) -> Rulebook:
    """The shipped rules with some texts of a file replaced, and without its scenarios."""
    name = f"rules/{file}"
    rules, _, _ = SOURCES[name].partition("\nscenarios:")
    for old, new in changes:
        assert old in rules
        rules = rules.replace(old, new)
    return read_sources({**SOURCES, name: f"{rules}\nscenarios: []\n"})


DEARER = draft("peak_hours.yaml", ("surcharge: 25%", "surcharge: 30%"))
RENAMED = draft("peak_hours.yaml", ("id: weekday-evening", "id: evening"))


def compared(other: Rulebook, some: Case) -> PriceComparison:
    return compare_prices(price(SHIPPED, some, at=AT), price(other, some, at=AT))


stages = st.sampled_from(["experience", "peak_hours", "floor"])
rules = st.none() | st.builds(RuleRef, st.just("d"), st.sampled_from("ab"), st.just("f"), st.integers(1, 3))
amounts = st.builds(Money, st.integers(-(10**6), 10**6), st.just("EUR"))
lines = st.lists(st.builds(Line, stages, st.sampled_from("xy"), amounts, rules), max_size=6)
prices = lines.map(lambda some: Price(lines=tuple(some), total=total((line.amount for line in some), "EUR")))


class TestComparison:
    def test_puts_the_lines_of_a_rule_side_by_side(self) -> None:
        found = compared(DEARER, case())

        assert [(line.stage, line.difference.minor, line.differs) for line in found.lines] == [
            ("base", 0, False),
            ("experience", 0, False),
            ("peak_hours", 575, True),
        ]
        assert found.difference == Money(575, "EUR")

    def test_shows_a_rule_that_fires_on_one_side_only_in_its_stage(self) -> None:
        found = compared(RENAMED, case())

        evening = [line for line in found.lines if line.stage == "peak_hours"]
        assert [(line.today is None, line.draft is None) for line in evening] == [
            (False, True),
            (True, False),
        ]
        assert not found.difference
        assert not found.is_same

    def test_names_refusals_of_one_side(self) -> None:
        crowd = case(party=60, seats_total=100)
        larger = draft("validation.yaml", ('party: "> 50"', 'party: "> 70"'))

        found = compared(larger, crowd)

        assert [refusal.rule.id for refusal in found.refusals_gone] == ["largest-party"]
        assert found.refusals_new == ()
        assert not found.is_same

    def test_names_the_tests_by_which_a_rule_fails_on_one_side_only(self) -> None:
        later = draft("peak_hours.yaml", ('"[17:00..20:00)"', '"[19:00..20:00)"'))

        found = compared(later, case())

        assert [
            (miss.rule, miss.fact) for miss in found.near_misses_new if miss.rule == "weekday-evening"
        ] == [("weekday-evening", "start_time")]
        assert all(miss.rule != "weekday-evening" for miss in found.near_misses_gone)

    def test_of_decisions_beside_the_price_lists_those_that_differ(self) -> None:
        milder = draft("cancellation.yaml", ("refund: 50%", "refund: 60%"))
        some = case(cancelled_by="customer", hours_before_start=Decimal(25))

        found = compare_decisions(SHIPPED, milder, some, at=AT)

        assert [one.decision for one in found] == ["cancellation"]
        assert found[0].today != found[0].draft
        assert compare_decisions(SHIPPED, SHIPPED, some, at=AT) == ()


class TestProperties:
    @given(prices, prices)
    def test_the_differences_of_the_lines_sum_to_that_of_the_totals(self, one: Price, other: Price) -> None:
        found = compare_prices(one, other)

        assert total((line.difference for line in found.lines), "EUR") == found.difference

    @given(prices, prices)
    def test_every_line_stands_once(self, one: Price, other: Price) -> None:
        found = compare_prices(one, other)

        shown = [line.today for line in found.lines if line.today]
        assert sorted(map(str, shown)) == sorted(map(str, one.lines))
        shown = [line.draft for line in found.lines if line.draft]
        assert sorted(map(str, shown)) == sorted(map(str, other.lines))

    @given(prices)
    def test_a_price_compared_with_itself_differs_in_nothing(self, one: Price) -> None:
        found = compare_prices(one, one)

        assert found.is_same
        assert found.changed == ()
        assert not found.difference

    @given(prices, prices)
    def test_the_other_way_round_it_is_the_opposite(self, one: Price, other: Price) -> None:
        there, back = compare_prices(one, other), compare_prices(other, one)

        assert there.difference == -back.difference
        assert there.is_same == back.is_same

    @given(cases)
    def test_the_shipped_rules_compared_with_themselves_change_nothing(self, some: Case) -> None:
        assert compared(SHIPPED, some).is_same
