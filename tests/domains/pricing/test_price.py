"""The pricing function on the shipped rules and on generated ones."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.config import ROOT
from backend.domains.pricing.entities import Case
from backend.domains.pricing.price import price, price_many
from backend.domains.pricing.records import case_document, price_document, read_case, read_price
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import folder_sources, read_sources
from backend.kernel.money import Money, total

AT = datetime(2026, 12, 7, 9, tzinfo=UTC)
SHIPPED = read_sources(folder_sources(ROOT / "rules"))


def facts(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "slot",
        "category": "tax",
        "weekday": "mon",
        "start_time": time(18, 0),
        "start_date": date(2026, 12, 14),
        "month": 12,
        "timezone": "Europe/Paris",
        "lead_hours": Decimal(170),
        "lead_days": 7,
        "experience_years": 12,
        "party": 1,
        "seats_total": 1,
        "seats_taken": 0,
        "occupancy": Decimal(0),
        "duration_minutes": 60,
        "price_per": "booking",
        "currency": "EUR",
    } | changes


HUNDRED = Money(10000, "EUR")


def case(base: Money = HUNDRED, cost: Money | None = None, **changes: Any) -> Case:
    return Case(facts=facts(**changes), label="Consultation, 60 min", base=base, cost=cost)


def with_rules(*files: tuple[str, str]) -> Rulebook:
    """The shipped rules with some files replaced."""
    return read_sources({**folder_sources(ROOT / "rules"), **dict(files)})


def pricing(decision: str, rule: str, effect: str) -> str:
    return f"""
decision: {decision}
owner: tests
about: For a test.
applies_to: {{kind: [slot]}}
hit_policy: collect
rules:
  - id: {rule}
    about: For a test.
    when: {{kind: slot}}
    then: {{{effect}}}
"""


cases = st.builds(
    case,
    base=st.builds(Money, st.integers(0, 10**9), st.sampled_from(["EUR", "JPY", "KWD", "USD"])),
    weekday=st.sampled_from(["mon", "fri", "sat", "sun"]),
    start_time=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    lead_days=st.integers(0, 400),
    experience_years=st.integers(0, 50),
    party=st.integers(1, 60),
    seats_total=st.integers(1, 20),
    occupancy=st.decimals(0, 100, places=2),
    price_per=st.sampled_from(["booking", "person"]),
).flatmap(
    lambda made: st.one_of(st.none(), st.integers(0, 10**9)).map(
        lambda minor: Case(
            facts=made.facts | {"currency": made.base.currency},
            label=made.label,
            base=made.base,
            cost=None if minor is None else Money(minor, made.base.currency),
        )
    )
)


class TestStages:
    def test_follow_one_another_and_compound(self) -> None:
        priced = price(SHIPPED, case(), at=AT)

        assert [(line.stage, line.amount.minor) for line in priced.lines] == [
            ("base", 10000),
            ("experience", 1500),
            ("peak_hours", 2875),
        ]
        assert priced.total == Money(14375, "EUR")

    def test_each_line_but_the_first_names_the_rule_behind_it(self) -> None:
        priced = price(SHIPPED, case(), at=AT)

        first, *others = priced.lines
        assert first.rule is None
        assert [(line.rule.decision, line.rule.id) for line in others if line.rule] == [
            ("experience", "senior"),
            ("peak_hours", "weekday-evening"),
        ]
        assert priced.reasons == [line.label for line in others]

    def test_says_which_rules_nearly_fired_and_why_not(self) -> None:
        priced = price(SHIPPED, case(party=2), at=AT)

        misses = {miss.rule: (miss.fact, miss.wanted, miss.got) for miss in priced.near_misses}
        assert misses["group-of-four"] == ("party", ">= 4", 2)


class TestFloor:
    def test_raises_a_price_that_would_not_keep_cost_and_margin(self) -> None:
        priced = price(SHIPPED, case(Money(1000, "EUR"), Money(2000, "EUR")), at=AT)

        assert priced.total == Money(2200, "EUR")
        assert priced.lines[-1].stage == "floor"
        assert priced.lines[-1].rule.id == "everything-else"

    def test_may_be_passed_by_a_rule_that_says_so_and_then_the_price_says_which(self) -> None:
        effect = "discount: 90%, may_go_below_floor: true"
        rulebook = with_rules(("rules/peak_hours.yaml", pricing("peak_hours", "clearance", effect)))

        priced = price(rulebook, case(cost=Money(9000, "EUR"), experience_years=5), at=AT)

        assert priced.total == Money(1000, "EUR")
        assert priced.below_floor_by.id == "clearance"

    def test_is_kept_against_every_other_discount(self) -> None:
        rulebook = with_rules(("rules/peak_hours.yaml", pricing("peak_hours", "cheap", "discount: 90%")))

        priced = price(rulebook, case(cost=Money(9000, "EUR"), experience_years=5), at=AT)

        assert priced.total == Money(9900, "EUR")
        assert priced.below_floor_by is None


class TestPermission:
    def test_a_refusal_carries_the_words_of_the_rule(self) -> None:
        priced = price(SHIPPED, case(party=60, seats_total=100), at=AT)

        assert [refusal.rule.id for refusal in priced.refusals] == ["largest-party"]
        assert "telephone" in priced.refusals[0].reason

    def test_a_large_party_waits_for_approval(self) -> None:
        assert price(SHIPPED, case(party=9, seats_total=20), at=AT).requires_approval
        assert not price(SHIPPED, case(party=8, seats_total=20), at=AT).requires_approval


class TestProperties:
    @given(cases)
    def test_lines_sum_exactly_to_the_total(self, some: Case) -> None:
        priced = price(SHIPPED, some, at=AT)

        assert total((line.amount for line in priced.lines), some.base.currency) == priced.total

    @given(cases)
    def test_no_total_is_below_the_floor_or_zero(self, some: Case) -> None:
        priced = price(SHIPPED, some, at=AT)

        margin = Decimal("1.08") if some.facts["duration_minutes"] >= 180 else Decimal("1.10")
        floor = (some.cost or Money.zero(some.base.currency)) * margin
        assert priced.total >= floor

    @given(st.lists(cases, max_size=20))
    def test_many_at_once_cost_what_each_costs_alone(self, some: list[Case]) -> None:
        together = price_many(SHIPPED, some, at=AT, explain=True)

        assert together == [price(SHIPPED, one, at=AT) for one in some]

    @given(cases)
    def test_a_stored_case_is_priced_again_to_the_cent(self, some: Case) -> None:
        priced = price(SHIPPED, some, at=AT)

        again = read_case(case_document(some, SHIPPED.vocabulary), SHIPPED.vocabulary)

        assert price(SHIPPED, again, at=AT) == priced

    @given(cases)
    def test_a_stored_price_keeps_its_lines(self, some: Case) -> None:
        priced = price(SHIPPED, some, at=AT)

        read = read_price(price_document(priced, SHIPPED.vocabulary))

        assert (read.lines, read.total, read.refusals) == (priced.lines, priced.total, priced.refusals)


@pytest.mark.parametrize("minor", [0, 1, 333])
def test_small_prices_round_once_a_line(minor: int) -> None:
    priced = price(SHIPPED, case(Money(minor, "EUR")), at=AT)

    assert priced.total.minor == sum(line.amount.minor for line in priced.lines)
