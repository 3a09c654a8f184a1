"""What past sessions teach."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kernel.money import Money
from backend.negotiator.demand import CELLS, DemandModel, best_price, chance_of, survival
from backend.negotiator.learning import Observed, learn

AT = datetime(2026, 5, 4, tzinfo=UTC)


def observed(*, asks=(), offers=(), taken_at=None, **changes) -> Observed:
    """A session over a list price of 100.00 EUR, in hundredths of it."""
    usual = {"product_id": "prd_1", "category": "rooms", "was_last": True, "weight": 1.0}
    return Observed(
        list_price=Money(10000, "EUR"),
        floor=Money(5000, "EUR"),
        asks=[Money(ask * 100, "EUR") for ask in asks],
        offers=[Money(offer * 100, "EUR") for offer in offers],
        taken_at=None if taken_at is None else Money(taken_at * 100, "EUR"),
        at=AT,
        **{**usual, **changes},
    )


def answers(value: float, ask: int, **changes) -> Observed:
    """Somebody who waits for the last ask and takes it if it is worth that."""
    taken = ask if value >= ask / 100 else None
    return observed(asks=[ask], offers=[30], taken_at=taken, **changes)


def reached(model: DemandModel, price: float) -> float:
    return chance_of(survival(model.value), price)


class TestLearning:
    def test_of_nothing_is_the_prior_for_all(self):
        models = learn([])

        assert set(models) == {"all"}
        assert models["all"].sessions == 0
        assert reached(models["all"], 0.8) == pytest.approx(reached(DemandModel.prior(), 0.8), abs=0.02)

    def test_finds_out_how_many_would_pay_how_much(self):
        rng = Random(1)
        sessions = [answers(rng.uniform(0.4, 1.2), rng.randrange(50, 100)) for _ in range(1500)]

        model = learn(sessions)["product:prd_1"]

        for price in (0.6, 0.7, 0.8, 0.9):
            assert reached(model, price) == pytest.approx((1.2 - price) / 0.8, abs=0.08)

    def test_finds_the_price_that_brings_most(self):
        rng = Random(2)
        sessions = [answers(rng.gauss(0.75, 0.05), rng.randrange(60, 100)) for _ in range(400)]

        model = learn(sessions)["product:prd_1"]
        price = best_price(survival(model.value), floor=0.5, lowest=0.5, highest=1.0, firmness=1.0)

        assert price == pytest.approx(0.69, abs=0.04)

    def test_lends_a_product_the_belief_of_its_category_until_it_has_its_own(self):
        poor = [answers(0.6, 80, product_id=f"prd_{number % 9}") for number in range(90)]
        rich = [answers(1.2, 80, category="flights", product_id="prd_f") for _ in range(90)]

        models = learn([*poor, *rich, answers(0.6, 80, product_id="prd_new")])

        assert reached(models["product:prd_new"], 0.8) < 0.15
        assert reached(models["category:rooms"], 0.8) < reached(models["all"], 0.8) < 1
        assert reached(models["category:flights"], 0.8) > 0.85

    def test_is_not_told_that_nobody_pays_more_than_they_offered(self):
        accepted = [observed(offers=[80], taken_at=80) for _ in range(50)]

        model = learn(accepted)["product:prd_1"]

        assert reached(model, 0.79) > 0.9
        assert reached(model, 0.9) > 0.2

    def test_lets_a_session_of_little_weight_say_little(self):
        sessions = [answers(0.5, 80, weight=0.01) for _ in range(100)]

        light, heavy = (learn(many)["product:prd_1"] for many in (sessions, [answers(0.5, 80)] * 100))

        assert heavy.sessions == pytest.approx(100)
        assert light.sessions == pytest.approx(1)
        assert reached(heavy, 0.8) < reached(light, 0.8)

    def test_finds_how_far_offers_are_shaded(self):
        sessions = [
            observed(asks=[80], offers=[offer], taken_at=80 if value >= 80 else None)
            for value in range(60, 100)
            for offer in [round(value * 0.7)]
        ]

        model = learn(sessions * 5)["product:prd_1"]
        after = survival(model.after_offer(0.56, 2))

        assert chance_of(after, 0.75) > 0.6
        assert chance_of(after, 0.9) < 0.3

    @given(
        st.lists(
            st.builds(
                observed,
                asks=st.lists(st.integers(0, 100), max_size=3).map(lambda asks: sorted(asks, reverse=True)),
                offers=st.lists(st.integers(0, 100), max_size=3).map(sorted),
                taken_at=st.none() | st.integers(0, 100),
                was_last=st.booleans(),
                product_id=st.sampled_from(["prd_1", "prd_2"]),
                category=st.sampled_from(["rooms", "flights"]),
            ),
            max_size=6,
        )
    )
    @settings(max_examples=50, deadline=None)
    def test_always_comes_to_chances_that_can_be_stored(self, sessions):
        for model in learn(sessions).values():
            stored = DemandModel.of_document(model.document())

            assert sum(model.value) == pytest.approx(1)
            assert all(sum(row) == pytest.approx(1) for row in model.shading)
            assert 0 <= model.anchored <= 1
            assert min(model.value) >= 0
            assert stored.value == pytest.approx(model.value, abs=1e-6)
            assert len(stored.value) == CELLS + 1


class TestBestPrice:
    @pytest.mark.parametrize("error", [-1e-15, 0.0, 1e-15])
    def test_is_the_lowest_of_equally_good_ones_whatever_rounding_adds(self, error):
        # Three of ten would pay 80, two of them 90, so that above 60 either earns the same.
        chances = survival(
            [0.7 if cell == 0 else 0.1 if cell in {80, 90, 95} else 0.0 for cell in range(CELLS + 1)]
        )
        chances[90] += error

        price = best_price(chances, floor=0.6, lowest=0.6, highest=1.0, firmness=1.0)

        assert price == 0.8
