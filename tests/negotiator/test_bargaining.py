"""The answers of the negotiator: what holds for every session."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kernel.money import Money
from backend.negotiator.bargaining import Bargain, Outcome, Reply, Turn, respond
from backend.negotiator.demand import CELLS, PHASES, RATIOS, DemandModel
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
    weights = draw(st.lists(st.integers(0, 9), min_size=CELLS + 1, max_size=CELLS + 1))
    weights[draw(st.integers(0, CELLS))] += 1
    rows = [draw(st.lists(st.integers(1, 9), min_size=RATIOS, max_size=RATIOS)) for _ in range(PHASES)]
    return replace(
        DemandModel.prior(),
        value=tuple(weight / sum(weights) for weight in weights),
        shading=tuple(tuple(weight / sum(row) for weight in row) for row in rows),
        anchored=draw(st.floats(0, 1)),
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
    @settings(max_examples=300)
    def test_keeps_every_price_between_floor_and_list(self, session):
        one, offers = session

        for _, reply in played(one, offers):
            prices = [price for price in (reply.price, reply.lowest, reply.highest) if price is not None]
            assert all(one.floor <= price <= one.list_price for price in prices)
            assert all(one.lowest <= price.minor for price in prices)
            assert reply.lowest <= reply.highest
            assert 0 <= reply.probability <= 1 + 1e-9

    @given(sessions())
    @settings(max_examples=300)
    def test_never_raises_a_counter_and_never_asks_less_than_is_offered(self, session):
        one, offers = session
        standing = one.list_price.minor

        for offer, reply in played(one, offers):
            if reply.outcome is Outcome.COUNTERED:
                assert offer < reply.price.minor <= standing
                assert reply.lowest <= reply.price <= reply.highest
                assert reply.highest.minor <= standing
                standing = reply.price.minor
            elif reply.outcome is Outcome.ACCEPTED:
                assert reply.price.minor == min(offer, standing)

    @given(sessions())
    @settings(max_examples=200)
    def test_is_told_the_same_again_when_replayed(self, session):
        one, offers = session

        first, again = played(one, offers), played(one, offers)

        assert first == again

    @given(sessions())
    @settings(max_examples=200)
    def test_answers_the_last_attempt_with_a_price(self, session):
        one, offers = session

        replies = played(replace(one, attempts=len(offers)), offers)

        assert len(replies) < len(offers) or replies[-1][1].price is not None
