"""The answers of the negotiator: what holds for every session."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kernel.money import Money
from backend.negotiator.bargaining import Bargain, Outcome, Reply, Turn, respond
from backend.negotiator.demand import ANCHORS, CELLS, PHASES, RATIOS, DemandModel
from backend.negotiator.terms import Terms

CURRENCIES = ["EUR", "JPY", "KWD"]


def bargain(**changes) -> Bargain:
    usual = Bargain(
        list_price=Money(10000, "EUR"),
        floor=Money(6000, "EUR"),
        terms=Terms(),
        demand=DemandModel.prior(),
        attempts=3,
        seed=b"seed",
        jitter_key=b"key",
    )
    return replace(usual, **changes)


@st.composite
def models(draw) -> DemandModel:
    """Any model, with cells and bins of no chance at all."""
    rng = draw(st.randoms(use_true_random=False))
    gaps = draw(st.floats(0, 0.99))

    def chances(count: int) -> tuple[float, ...]:
        weights = [rng.random() if rng.random() > gaps else 0.0 for _ in range(count)]
        weights[rng.randrange(count)] += 0.1
        return tuple(weight / sum(weights) for weight in weights)

    return DemandModel(
        value=chances(CELLS + 1),
        shading=tuple(chances(RATIOS) for _ in range(PHASES)),
        anchored=draw(st.floats(0, 1)),
        anchors=tuple(chances(ANCHORS) for _ in range(PHASES)),
    )


SHARES = st.floats(0, 1)
POWERS = st.floats(0.05, 10)
ANY_TERMS = st.builds(
    Terms,
    most_off=SHARES, zone=SHARES, patience=SHARES, jitter=SHARES, serious=SHARES, curve=POWERS, firmness=POWERS,
)  # fmt: skip


@st.composite
def sessions(draw) -> tuple[Bargain, list[int]]:
    """A bargain of any terms, and rising offers below the list price."""
    currency = draw(st.sampled_from(CURRENCIES))
    whole = draw(st.integers(1, 10**9))
    earlier = draw(st.none() | st.integers(0, 2 * whole))
    attempts = draw(st.integers(1, 5))
    one = Bargain(
        list_price=Money(whole, currency),
        floor=Money(draw(st.integers(0, whole)), currency),
        terms=draw(ANY_TERMS),
        demand=draw(models() | st.just(DemandModel.prior())),
        attempts=attempts,
        seed=draw(st.binary(max_size=4)),
        jitter_key=draw(st.binary(max_size=4)),
        earlier_best=None if earlier is None else Money(earlier, currency),
    )
    offers = draw(st.lists(st.integers(0, whole), min_size=1, max_size=attempts, unique=True))
    return one, sorted(offers)


def played(one: Bargain, offers: list[int]) -> list[tuple[int, Reply]]:
    """The offers that were made before an agreement, with their answers."""
    turns: list[Turn] = []
    replies: list[tuple[int, Reply]] = []
    for minor in offers:
        offer = Money(minor, one.list_price.currency)
        reply = respond(one, turns, offer)
        replies.append((minor, reply))
        if reply.outcome is Outcome.ACCEPTED:
            break
        turns.append(Turn(offer, reply.price))
    return replies


class TestEverySession:
    @given(sessions())
    @settings(max_examples=150)
    def test_keeps_every_price_between_floor_and_list(self, session):
        one, offers = session

        for _, reply in played(one, offers):
            prices = [price for price in (reply.price, reply.lowest, reply.highest) if price is not None]
            assert all(one.floor <= price <= one.list_price for price in prices)
            assert all(one.lowest <= price.minor for price in prices)
            assert reply.lowest <= reply.highest
            assert 0 <= reply.probability <= 1 + 1e-9

    @given(sessions())
    @settings(max_examples=150)
    def test_never_raises_a_counter_and_never_asks_less_than_is_offered(self, session):
        one, offers = session
        standing = one.list_price.minor

        for offer, reply in played(one, offers):
            if reply.outcome is Outcome.COUNTERED:
                assert offer < reply.price.minor <= standing
                assert offer < reply.lowest.minor <= reply.price.minor <= reply.highest.minor
                assert reply.highest.minor <= standing
                standing = reply.price.minor
            elif reply.outcome is Outcome.ACCEPTED:
                assert reply.price.minor == min(offer, standing)

    @given(sessions())
    @settings(max_examples=80)
    def test_is_told_the_same_again_when_replayed(self, session):
        one, offers = session

        first, again = played(one, offers), played(one, offers)

        assert first == again

    @given(sessions())
    @settings(max_examples=80)
    def test_answers_the_last_attempt_with_a_price(self, session):
        one, offers = session

        replies = played(replace(one, attempts=len(offers)), offers)

        assert len(replies) < len(offers) or replies[-1][1].price is not None


def last_ask(one: Bargain, minor: int) -> int:
    """What is asked of who offers this once and for all."""
    reply = respond(replace(one, attempts=1), [], Money(minor, "EUR"))
    assert reply.outcome is Outcome.COUNTERED
    return reply.price.minor


class TestLastAsk:
    @given(models(), st.integers(0, 9999), st.binary(max_size=4))
    @settings(max_examples=80)
    def test_is_never_lower_for_who_offers_less(self, demand, minor, key):
        one = bargain(demand=demand, jitter_key=key, terms=Terms(zone=0.0, patience=1.0))

        reply = respond(replace(one, attempts=1), [], Money(minor, "EUR"))

        if reply.outcome is Outcome.COUNTERED:
            assert reply.price.minor >= last_ask(one, 0)

    def test_is_no_fixed_part_of_the_way_to_the_floor(self):
        floors = [2000, 4000, 6000, 8000]

        parts = [
            (10000 - last_ask(bargain(floor=Money(floor, "EUR")), 0)) / (10000 - floor) for floor in floors
        ]

        assert max(parts) - min(parts) > 0.15

    def test_follows_demand(self):
        cheap, dear = (
            replace(DemandModel.prior(), value=tuple(float(cell == at) for cell in range(CELLS + 1)))
            for at in (70, 90)
        )

        assert last_ask(bargain(demand=cheap), 0) == pytest.approx(7000, abs=200)
        assert last_ask(bargain(demand=dear), 0) == pytest.approx(9000, abs=200)

    def test_is_the_earlier_best_of_this_customer(self):
        assert last_ask(bargain(earlier_best=Money(8765, "EUR")), 0) == 8765
        assert last_ask(bargain(earlier_best=Money(5000, "EUR")), 0) == 6000
        assert last_ask(bargain(earlier_best=Money(12000, "EUR")), 0) == 10000

    def test_gives_away_no_more_than_the_terms_allow(self):
        worthless = replace(DemandModel.prior(), value=(1.0, *[0.0] * CELLS))

        assert last_ask(bargain(demand=worthless, terms=Terms(most_off=0.1, jitter=0.0)), 0) >= 9000

    def test_is_firmer_or_softer_by_the_terms(self):
        asks = [last_ask(bargain(terms=Terms(firmness=firmness)), 0) for firmness in (0.4, 1.0, 3.0)]

        assert asks == sorted(asks)
        assert asks[0] < asks[2]


def first_ask(one: Bargain, minor: int) -> int:
    """What is asked of who offers this as the first of three offers."""
    reply = respond(one, [], Money(minor, "EUR"))
    assert reply.outcome is Outcome.COUNTERED
    return reply.price.minor


class TestCounterBeforeTheLast:
    def test_asks_for_no_more_than_somebody_would_pay(self):
        alike = replace(DemandModel.prior(), value=tuple(float(cell == 85) for cell in range(CELLS + 1)))

        assert 8300 <= first_ask(bargain(demand=alike), 7000) <= 8500

    def test_is_dearer_than_the_last_where_some_would_pay_it(self):
        cells = [0.02 if 50 <= cell < CELLS else 0.0 for cell in range(CELLS + 1)]
        one = bargain(demand=replace(DemandModel.prior(), value=tuple(cells)))

        assert first_ask(one, 3000) > last_ask(one, 3000) + 300

    def test_is_no_dearer_than_the_curve(self):
        asks = [first_ask(bargain(terms=Terms(curve=curve, jitter=0.0)), 3000) for curve in (0.1, 1.0, 5.0)]

        assert asks == sorted(asks)
        assert asks[0] < asks[2]


class TestNoise:
    def test_never_lifts_an_ask_above_the_price_that_is_best(self):
        best = last_ask(bargain(terms=Terms(jitter=0.0)), 1000)

        assert max(last_ask(bargain(jitter_key=bytes([key])), 1000) for key in range(60)) <= best

    def test_is_the_same_for_the_same_key_however_often_it_is_asked(self):
        seeds = [bytes([seed]) for seed in range(30)]

        assert len({last_ask(bargain(seed=seed), 1000) for seed in seeds}) == 1

    def test_differs_from_key_to_key_by_no_more_than_the_jitter(self):
        asks = {last_ask(bargain(jitter_key=bytes([key])), 1000) for key in range(60)}

        assert len(asks) > 40
        assert max(asks) - min(asks) <= 2 * 0.01 * 10000 + 1


class TestOffer:
    def test_near_the_next_ask_is_taken(self):
        one = bargain(terms=Terms(zone=0.1, patience=0.0, jitter=0.0))
        near = last_ask(replace(one, terms=Terms(jitter=0.0)), 0) - 500

        reply = respond(one, [], Money(near, "EUR"))

        assert (reply.outcome, reply.price) == (Outcome.ACCEPTED, Money(near, "EUR"))

    def test_that_is_worth_taking_is_now_and_then_countered_to_learn(self):
        one = bargain(terms=Terms(zone=0.1, patience=0.0, jitter=0.0))
        near = Money(last_ask(replace(one, terms=Terms(jitter=0.0)), 0) - 500, "EUR")

        outcomes = [respond(replace(one, seed=bytes([seed])), [], near).outcome for seed in range(200)]

        assert 1 <= outcomes.count(Outcome.COUNTERED) <= 20

    def test_that_is_not_serious_gets_no_counter_before_the_last_attempt(self):
        one = bargain(terms=Terms(serious=0.5))

        first = respond(one, [], Money(1000, "EUR"))
        last = respond(
            one, [Turn(Money(900, "EUR"), None), Turn(Money(950, "EUR"), None)], Money(1000, "EUR")
        )

        assert (first.outcome, first.price) == (Outcome.REJECTED, None)
        assert last.outcome is Outcome.COUNTERED

    def test_at_an_earlier_counter_is_agreed_to_at_that_counter(self):
        turns = [Turn(Money(5000, "EUR"), Money(9000, "EUR")), Turn(Money(6000, "EUR"), None)]

        reply = respond(bargain(), turns, Money(9500, "EUR"))

        assert (reply.outcome, reply.price) == (Outcome.ACCEPTED, Money(9000, "EUR"))


class TestImpossible:
    @pytest.mark.parametrize(
        "changes",
        [
            {"floor": Money(10001, "EUR")},
            {"floor": Money(-1, "EUR")},
            {"list_price": Money(0, "EUR"), "floor": Money(0, "EUR")},
            {"attempts": 0},
            {"floor": Money(6000, "USD")},
            {"earlier_best": Money(6000, "USD")},
        ],
    )
    def test_bargains_are_refused(self, changes):
        with pytest.raises(ValueError, match=r"floor|bargain|attempt|do not add up"):
            bargain(**changes)

    def test_terms_are_refused(self):
        with pytest.raises(ValueError, match="zone is a share"):
            Terms(zone=1.1)
        with pytest.raises(ValueError, match="curve is from"):
            Terms(curve=0.0)

    def test_models_of_another_shape_are_refused(self):
        document = DemandModel.prior().document()

        with pytest.raises(ValueError, match="another shape"):
            DemandModel.of_document({**document, "value": [1.0]})


class TestTerms:
    def test_are_read_as_they_were_written(self):
        terms = Terms(strategy="aggressive", curve=2.0)

        assert Terms.of_document({**terms.document(), "of_a_later_time": 1}) == terms
        assert Terms.of_document({}) == Terms()
