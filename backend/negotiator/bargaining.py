"""What is answered to an offer. A pure function of the session, so that a session can be replayed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Final

from backend.kernel.money import Money
from backend.negotiator.demand import DemandModel, best_price, chance_of, phase, survival
from backend.negotiator.noise import swing
from backend.negotiator.terms import Terms

# A float such as 1 - 0.4 must not raise a price by a unit.
_HAIR: Final = 1e-9
# As a share of the list price.
_LEAST_STEP: Final = 0.0015
# How often an offer that is worth taking is countered all the same, to learn what else would be paid.
_CURIOSITY: Final = 0.03
# How often somebody who does not take what is asked is there for the next answer.
_STAYS: Final = 0.8


class Outcome(StrEnum):
    """What became of an offer."""

    ACCEPTED = "accepted"
    COUNTERED = "countered"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bargain:
    """All that is fixed when a session starts.

    `earlier_best` is the lowest counter-offer that this user met for this item before. `jitter_key` is fixed
    for user, item and day, `seed` for the session; both are secret. Raises ValueError where no price is
    possible (a floor above the list price), CurrencyError for mixed currencies.
    """

    list_price: Money
    floor: Money
    terms: Terms
    demand: DemandModel
    attempts: int
    seed: bytes
    jitter_key: bytes
    earlier_best: Money | None = None

    def __post_init__(self) -> None:
        if self.list_price <= Money.zero(self.list_price.currency):
            raise ValueError(f"there is nothing to bargain over at a list price of {self.list_price}")
        if not Money.zero(self.floor.currency) <= self.floor <= self.list_price:
            raise ValueError(
                f"the floor {self.floor} is not between nothing and the list price {self.list_price}"
            )
        if self.attempts < 1:
            raise ValueError(f"a bargain has at least one attempt, not {self.attempts}")
        if self.earlier_best is not None:
            self.list_price - self.earlier_best

    @property
    def lowest(self) -> int:
        """The lowest price that may be agreed or asked for, in minor units; at most the list price."""
        most_off = ceil(self.list_price.minor * (1 - self.terms.most_off) - _HAIR)
        earlier = 0 if self.earlier_best is None else self.earlier_best.minor
        return min(max(self.floor.minor, most_off, earlier), self.list_price.minor)


@dataclass(frozen=True, slots=True)
class Turn:
    """An offer that did not end the session, and our counter-offer; None when it was refused without one."""

    offer: Money
    counter: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to an offer.

    * `price`: what is agreed, or the counter-offer; None where the offer is refused without a new one.
    * `lowest` … `highest`: where a counter-offer may be moved for the sake of words.
    * `probability`: the chance that the customer takes what we ask now (1 when agreed).
    """

    outcome: Outcome
    price: Money | None
    lowest: Money
    highest: Money
    probability: float


@dataclass(frozen=True, slots=True)
class _Moment:
    """A session at an offer, as ratios to the list price, with the asks that are possible.

    `standing` is what we asked for last (the list price at first), in minor units; `lowest` the lowest price
    that may be answered now.
    """

    bargain: Bargain
    attempt: int
    offer: int
    standing: int
    lowest: int

    @property
    def is_last(self) -> bool:
        return self.attempt >= self.bargain.attempts

    @property
    def stage(self) -> int:
        return phase(self.attempt, self.bargain.attempts)

    @property
    def is_curious(self) -> bool:
        return swing(self.bargain.seed, "curious", str(self.attempt)) > 1 - 2 * _CURIOSITY

    def ratio(self, minor: float) -> float:
        return minor / self.bargain.list_price.minor

    def minor(self, ratio: float) -> int:
        """An ask of this ratio in minor units, within what may be answered."""
        exact = ceil(ratio * self.bargain.list_price.minor - _HAIR)
        return min(max(exact, self.lowest), self.standing)

    @property
    def a_step_down(self) -> int:
        """How far a serious offer is met at least, where there is room: the same price again offends."""
        step = max(1, int(self.bargain.list_price.minor * _LEAST_STEP))
        return max(self.standing - step, self.lowest)

    def noise(self, *words: str) -> float:
        return self.bargain.terms.jitter * swing(self.bargain.jitter_key, *words)

    def rebate(self, *words: str) -> float:
        """Chance only lowers an ask: just above the best price may be more than anybody pays."""
        return (self.bargain.terms.jitter + self.noise(*words)) / 2


def respond(bargain: Bargain, turns: Sequence[Turn], offer: Money) -> Reply:
    """The answer to `offer`, which is higher than those before (`turns`, oldest first).

    An offer at or above an earlier counter-offer is accepted at that counter-offer. Otherwise the price is
    never below `Bargain.lowest`, never above the list price, and no counter-offer is above an earlier one.
    """
    counters = [turn.counter.minor for turn in turns if turn.counter is not None]
    standing = min([*counters, bargain.list_price.minor])
    offered = (offer - Money.zero(bargain.list_price.currency)).minor
    if offered >= standing:
        return _agreed(bargain, standing)
    moment = _Moment(bargain, len(turns) + 1, offered, standing, min(bargain.lowest, standing))
    return _answer(moment)


def _answer(moment: _Moment) -> Reply:
    terms = moment.bargain.terms
    posted, last, reached = _last_ask(moment)
    ask = last if moment.is_last else _ask_between(moment, last, reached)
    is_serious = moment.is_last or moment.offer >= terms.serious * posted
    if is_serious:
        ask = min(ask, moment.a_step_down)
    if moment.offer >= ask or _is_worth_taking(moment, reached=reached, last=last):
        return _agreed(moment.bargain, moment.offer)
    chance = chance_of(reached, moment.ratio(ask))
    if moment.is_last:
        return _countered(moment, ask, last, chance)
    if not is_serious or ask >= moment.standing:
        return _rejected(moment, chance_of(reached, moment.ratio(moment.standing)))
    return _countered(moment, ask, last, chance)


def _last_ask(moment: _Moment) -> tuple[int, int, list[float]]:
    """The lowest ask to anybody, the last ask to who offered this, and the chances that prices are reached.

    An offer may raise the last ask above what everybody is asked for, never lower it.
    """
    bargain, terms = moment.bargain, moment.bargain.terms
    floor, lowest = moment.ratio(bargain.floor.minor), moment.ratio(moment.lowest)
    highest = moment.ratio(moment.standing)
    posted = best_price(
        survival(bargain.demand.value), floor=floor, lowest=lowest, highest=highest, firmness=terms.firmness
    )
    reached = survival(bargain.demand.after_offer(moment.ratio(moment.offer), moment.stage))
    known = max(posted, moment.ratio(moment.offer))
    last = best_price(
        reached, floor=floor, lowest=known, highest=max(highest, known), firmness=terms.firmness
    )
    moved = max(last, posted) - moment.rebate("last")
    if bargain.earlier_best is not None:
        moved = moment.ratio(bargain.earlier_best.minor)
    return moment.minor(posted), moment.minor(moved), reached


def _ask_between(moment: _Moment, last: int, reached: Sequence[float]) -> int:
    """The counter-offer of an attempt before the last: the best price for what is given up by a sale now.

    That is the last ask, which who stays may pay later; nearer to the list price than the curve it is never.
    """
    bargain, terms = moment.bargain, moment.bargain.terms
    whole, left = bargain.list_price.minor, bargain.attempts - moment.attempt
    floor, lowest = bargain.floor.minor, moment.ratio(last)
    later = moment.ratio(floor + (last - floor) * _STAYS**left)
    best = best_price(
        reached, floor=later, lowest=lowest, highest=moment.ratio(moment.standing), firmness=terms.firmness
    )
    curve = moment.ratio(whole - (whole - last) * (moment.attempt / bargain.attempts) ** terms.curve)
    ask = min(best, curve) - moment.rebate("ask", str(moment.attempt))
    return max(moment.minor(ask), last)


def _is_worth_taking(moment: _Moment, *, reached: Sequence[float], last: int) -> bool:
    """Whether the offer in hand is worth at least what the next ask is expected to bring."""
    bargain, terms = moment.bargain, moment.bargain.terms
    if moment.offer < moment.lowest or moment.is_curious:
        return False
    zone = terms.zone + moment.noise("zone", str(moment.attempt))
    if moment.ratio(last - moment.offer) > zone:
        return False
    worth = (last - bargain.floor.minor) * chance_of(reached, moment.ratio(last)) * terms.patience
    return moment.offer - bargain.floor.minor >= worth


def _agreed(bargain: Bargain, minor: int) -> Reply:
    price = Money(minor, bargain.list_price.currency)
    return Reply(outcome=Outcome.ACCEPTED, price=price, lowest=price, highest=price, probability=1.0)


def _rejected(moment: _Moment, chance: float) -> Reply:
    stands = Money(moment.standing, moment.bargain.list_price.currency)
    return Reply(outcome=Outcome.REJECTED, price=None, lowest=stands, highest=stands, probability=chance)


def _countered(moment: _Moment, ask: int, last: int, chance: float) -> Reply:
    """A counter-offer; words may move it by the jitter, not below the last ask, and not to the offer."""
    currency = moment.bargain.list_price.currency
    room = int(moment.bargain.terms.jitter * moment.bargain.list_price.minor)
    return Reply(
        outcome=Outcome.COUNTERED,
        price=Money(ask, currency),
        lowest=Money(max(ask - room, min(last, ask), moment.offer + 1), currency),
        highest=Money(min(ask + room, moment.standing), currency),
        probability=chance,
    )
