"""The analysis of a whole price against the real price of every case of a small world."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domains.pricing.entities import FLOOR, Case
from backend.domains.pricing.price import price
from backend.domains.pricing.price_analysis import price_findings
from backend.engine.hit_policies import SeveralRulesError
from backend.engine.rulebook import Rulebook
from backend.kernel.money import Money
from tests.factories.pipelines import pipeline, rule

TODAY = date(2026, 6, 1)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
BASE = Money(1_000_000, "EUR")
POLICIES = ("collect", "first", "unique", "best", "priority")

WHEN = st.lists(
    st.sampled_from(
        (
            "weekday: mon",
            "weekday: not(mon)",
            'party: "> 2"',
            'party: "[2..4)"',
            "party: missing",
            "loyalty_tier: gold",
            "payment_method: not(card)",
        )
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda test: test.split(":")[0],
).map(", ".join)
THEN = st.tuples(
    st.sampled_from(("discount", "discount", "surcharge", "at_most", "at_least")),
    st.sampled_from((10, 20, 30, 50)),
).map(lambda effect: f"{effect[0]}: {effect[1]}%")


@st.composite
def books(draw: st.DrawFn) -> Rulebook:
    """Up to three rules in each of two stages, and perhaps one that refuses."""
    policy = draw(st.sampled_from(POLICIES))
    stages = {}
    for stage in ("base", "occupancy"):
        some = draw(st.lists(st.tuples(WHEN, THEN, st.integers(1, 3)), min_size=1, max_size=3))
        stages[stage] = "".join(
            rule(
                f"{stage}-{number}", when, then, more=f"priority: {priority}" if policy == "priority" else ""
            )
            for number, (when, then, priority) in enumerate(some)
        )
    if draw(st.booleans()):
        stages["validation"] = rule("refused", draw(WHEN), "refuse: No.")
    return pipeline(stages, cost=draw(st.sampled_from(("30%", "50%", "60%", "80%"))), policy=policy)


def every_case(book: Rulebook) -> Iterator[Case]:
    """All sorts of cases that the rules can tell apart, for the dearest product."""
    cost = BASE.percent(book.decisions[FLOOR].premises.cost_at_most)
    for day, party, tier, pays in product(
        (None, "mon", "tue"), (None, 1, 2, 3, 4), ("none", "gold"), (None, "card", "on_site")
    ):
        facts = {"kind": "slot", "weekday": day, "party": party, "loyalty_tier": tier, "payment_method": pays}
        yield Case({**facts, "currency": "EUR"}, "", BASE, cost)


def is_cut(book: Rulebook, case: Case) -> bool:
    """Whether the floor raises the price of a case that is sold."""
    try:
        found = price(book, case, at=NOON)
    except SeveralRulesError:
        return False
    return not found.refusals and any(line.stage == FLOOR for line in found.lines)


class TestCuts:
    @given(books())
    @settings(max_examples=40, deadline=None)
    def test_one_is_told_exactly_when_some_case_is_cut(self, book: Rulebook) -> None:
        really = any(is_cut(book, case) for case in every_case(book))

        told = {finding.kind for finding in price_findings(book, on=TODAY)}

        assert ("cut" in told) == really
        assert told <= {"cut", "refused"}
