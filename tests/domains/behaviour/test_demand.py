import random
from decimal import Decimal
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.behaviour.demand import DAYS, LATELY_DAYS, demand

ROUNDS = 400


def poisson(one: random.Random, mean: float) -> int:
    """How many of something that happens by itself, on average `mean` times."""
    count, passed = 0, one.expovariate(1)
    while passed < mean:
        count, passed = count + 1, passed + one.expovariate(1)
    return count


def product(one: random.Random, *, usual: float, times: float, bursts: bool = False) -> dict[int, int]:
    """People a day: `usual` ones on average, in the last seven days `times` as many.

    With `bursts` some days have ten times as many as others.
    """
    people = {}
    for day in range(DAYS):
        mean = usual * (times if day < LATELY_DAYS else 1)
        people[day] = poisson(one, mean * one.gammavariate(0.5, 2) if bursts else mean)
    return {day: count for day, count in people.items() if count}


def told(*, usual: float, times: float, bursts: bool = False) -> list[float]:
    one = random.Random(f"{usual} {times}")
    return [float(demand(product(one, usual=usual, times=times, bursts=bursts))) for _ in range(ROUNDS)]


class TestDemand:
    @pytest.mark.parametrize("usual", [0.05, 0.3, 1, 5, 20])
    def test_is_one_on_average_while_all_is_as_usual(self, usual: float) -> None:
        assert fmean(told(usual=usual, times=1)) == pytest.approx(1, abs=0.04)

    @pytest.mark.parametrize("times", [0.5, 2, 3])
    def test_is_the_true_multiple_where_many_people_look(self, times: float) -> None:
        assert fmean(told(usual=40, times=times)) == pytest.approx(times, rel=0.05)

    def test_moves_less_the_fewer_people_look(self) -> None:
        means = [fmean(told(usual=usual, times=2)) for usual in (0.05, 0.5, 5, 40)]

        assert means == sorted(means)
        assert means[0] < 1.1

    def test_errs_less_than_the_plain_ratio_does(self) -> None:
        one = random.Random(5)
        errors, plain_errors = [], []
        for _ in range(ROUNDS):
            true = one.gammavariate(8, 1 / 8)
            people = product(one, usual=1, times=true)
            lately = sum(count for day, count in people.items() if day < LATELY_DAYS)
            usual = max(sum(people.values()) - lately, 1) / (DAYS - LATELY_DAYS)
            errors.append((float(demand(people)) - true) ** 2)
            plain_errors.append((lately / (usual * LATELY_DAYS) - true) ** 2)

        assert fmean(errors) < 0.6 * fmean(plain_errors)

    def test_does_not_take_the_bursts_of_an_uneven_product_for_demand(self) -> None:
        loud = [abs(one - 1) > 0.5 for one in told(usual=5, times=1, bursts=True)]

        assert fmean(loud) < 0.1

    def test_says_what_the_formula_says(self) -> None:
        # Every day two, on the oldest three; in the last week three a day: (8 + 21) / (8 + 14).
        people = {day: 3 if day < LATELY_DAYS else 2 for day in range(DAYS)}

        assert demand(people) == Decimal("1.32")

    def test_of_what_nobody_ever_looked_at_is_usual(self) -> None:
        assert demand({}) == 1

    def test_of_a_new_product_is_usual(self) -> None:
        assert demand({0: 500, 1: 300, 8: 1}) == 1

    @given(st.dictionaries(st.integers(0, DAYS - 1), st.integers(1, 10_000)), st.integers(0, LATELY_DAYS - 1))
    def test_is_above_zero_and_rises_with_those_who_look_now(self, people: dict[int, int], day: int) -> None:
        more = people | {day: people.get(day, 0) + 5}

        assert 0 < demand(people) <= demand(more)
