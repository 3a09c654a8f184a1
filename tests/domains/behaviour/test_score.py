from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from backend.domains.behaviour.score import HALF_LIFE, behaviour_score
from backend.domains.behaviour.steps import NAMES
from backend.infra.events import Touch
from tests.domains.behaviour.population import DAY, auc, lives

NOW = datetime(2026, 12, 7, 9, tzinfo=UTC)

touches = st.lists(
    st.builds(
        Touch,
        st.sampled_from(NAMES),
        st.timedeltas(timedelta(0), timedelta(days=90)).map(lambda age: NOW - age),
    ),
    max_size=300,
)


class TestBehaviourScore:
    def test_of_somebody_who_did_nothing_is_zero(self) -> None:
        assert behaviour_score([], now=NOW) == 0

    def test_says_what_the_formula_says(self) -> None:
        # 5 points for the cart, and half of 8 for the order a half-life ago: 1 - exp(-9/15).
        done = [Touch("cart.added", NOW), Touch("order.placed", NOW - HALF_LIFE)]

        score = behaviour_score(done, now=NOW)

        assert score == Decimal("0.451")

    @given(touches)
    def test_lies_between_zero_and_one(self, done: list[Touch]) -> None:
        assert 0 <= behaviour_score(done, now=NOW) <= 1

    @given(touches, st.sampled_from(NAMES))
    def test_never_falls_by_doing_more(self, done: list[Touch], name: str) -> None:
        assert behaviour_score([*done, Touch(name, NOW)], now=NOW) >= behaviour_score(done, now=NOW)

    @given(touches, st.timedeltas(timedelta(0), timedelta(days=90)))
    def test_never_rises_by_waiting(self, done: list[Touch], wait: timedelta) -> None:
        assert behaviour_score(done, now=NOW + wait) <= behaviour_score(done, now=NOW)

    def test_orders_customers_by_whether_they_are_interested_now(self) -> None:
        now = NOW + 150 * DAY

        scored = [
            (
                float(behaviour_score((t for t in life.touches if t.at <= now), now=now)),
                life.is_interested(now),
            )
            for life in lives(7, customers=1000, start=NOW, days=150)
        ]

        # 0.5 would be chance. The events of an interested customer are often days apart.
        assert auc(scored) >= 0.75
