"""What the bench of bargains measures with."""

from random import Random

import pytest

from bench.bargain import sellers
from bench.bargain_buyers import FRESH_KINDS, KINDS
from bench.bargain_population import items, population, sell
from bench.bargain_probe import ESTIMATES, distance, probe
from bench.bargain_sellers import (
    Answer,
    Item,
    Session,
    Simple,
    Visit,
    list_price_only,
    split_the_difference,
    three_steps,
)
from bench.bargain_values import FRESH, TUNED, Values, uniform

ITEM = Item("prd", "rooms", "EUR", 1000, 580, 600)


class TestValues:
    @pytest.mark.parametrize("values", [*TUNED, *FRESH], ids=lambda values: values.name)
    def test_are_drawn_by_the_chances_that_they_tell(self, values):
        drawn = [values.draw((place + 0.5) / 2000) for place in range(2000)]

        for price in (0.6, 0.8, 1.0):
            reached = sum(value >= price for value in drawn) / 2000
            assert reached == pytest.approx(values.reaches(price), abs=0.01)

    def test_have_a_best_posted_price(self):
        price, profit = Values("even", uniform(0, 1)).best(0.5)

        assert (price, profit) == pytest.approx((0.75, 0.0625), abs=0.001)

    def test_are_not_offered_above_the_list_price(self):
        price, profit = Values("rich", uniform(2, 3)).best(0.5)

        assert (price, profit) == pytest.approx((1.0, 0.5))


class TestReferences:
    @pytest.mark.parametrize(
        ("answers", "offers", "asked"),
        [
            (list_price_only, [100, 200, 300], [1000, 1000, 1000]),
            (three_steps, [100, 200, 300], [900, 800, 700]),
            (split_the_difference, [500, 600, 640], [750, 675, 658]),
            (split_the_difference, [100, 200, 300], [600, 600, 600]),
        ],
    )
    def test_answer_by_their_rule(self, answers, offers, asked):
        session = Session(ITEM, answers(ITEM))

        told = [(session.offer(offer), session.asked) for offer in offers]

        assert told == [(False, ask) for ask in asked]
        assert session.violations == 0


class TestSession:
    @pytest.mark.parametrize(
        "answer", [Answer(None, 599), Answer(None, 1001), Answer(599, 599), Answer(801, 801)]
    )
    def test_counts_what_must_never_happen(self, answer):
        session = Session(ITEM, lambda _turns, _offer: answer)

        session.offer(800)

        assert session.violations == 1

    def test_lets_nobody_offer_less_or_too_often(self):
        session = Session(ITEM, list_price_only(ITEM))

        made = [session.offer(offer) for offer in (300, 300, 200, 400, 500, 1000)]

        assert made == [False] * 6
        assert [offer for offer, _ in session.turns] == [300, 400, 500]


class TestCustomers:
    @pytest.mark.parametrize(
        "kind", {kind.name: kind for kind in (*KINDS, *FRESH_KINDS)}.values(), ids=lambda kind: kind.name
    )
    @pytest.mark.parametrize("answers", [list_price_only, three_steps, split_the_difference])
    def test_never_pay_more_than_it_is_worth_to_them(self, kind, answers):
        rng = Random(5)

        for _ in range(200):
            value = rng.randrange(100, 1500)
            session = Session(ITEM, answers(ITEM))
            kind.buyer(session, value, rng)
            assert session.taken_at is None or session.taken_at <= value


class TestProber:
    def test_finds_the_floor_of_who_splits_the_difference(self):
        seller = Simple(split_the_difference)

        seen = probe(seller, ITEM, is_patient=True)

        assert distance(seen, ESTIMATES["lowest price seen"]) == pytest.approx(0, abs=0.02)

    def test_finds_the_floor_of_who_goes_by_equal_steps(self):
        seen = probe(Simple(three_steps), ITEM, is_patient=True)

        assert distance(seen, ESTIMATES["next of a line"]) == pytest.approx(0, abs=0.02)


class TestSelling:
    def test_comes_to_the_same_again_and_breaks_no_rule(self):
        everybody = population(TUNED[:1], KINDS, seed=1, customers=20)
        make = sellers()["moderate"]

        one, again = (sell(make(), everybody, seed=1) for _ in range(2))

        assert one.all == again.all
        assert one.all.sessions == len(everybody) == 20 * len(list(items(TUNED[:1])))
        assert one.violations == 0

    def test_visits_of_one_user_meet_the_earlier_best(self):
        seller = sellers()["moderate"]()
        lowest = []

        for number in range(3):
            visit = Visit(ITEM, "somebody", number, number)
            session = seller.open(visit)
            for offer in (100, 101, 102):
                session.offer(offer)
            seller.close(visit, session)
            lowest.append(session.asked)

        assert len(set(lowest)) == 1
