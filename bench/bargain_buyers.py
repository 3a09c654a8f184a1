"""Customers who bargain, each by a way of their own. Amounts are minor units.

A customer sees what is asked, makes up to `attempts` rising offers, and may take what is asked at any time.
None of them knows anything of the seller but the answers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol


class Talk(Protocol):
    """A session, as a customer sees it."""

    attempts: int
    list_price: int
    asked: int

    def offer(self, amount: int) -> bool:
        """Offer it; whether it is agreed. What is `asked` may have fallen."""
        ...

    def take(self) -> None:
        """Take what is asked."""
        ...


Buyer = Callable[[Talk, int, Random], None]


def by_offers(talk: Talk, value: int, plan: list[int], *, is_patient: bool) -> None:
    """Make these offers; take an ask that is no dearer than the next of them (the value, if impatient)."""
    for number, amount in enumerate(plan):
        if talk.offer(min(amount, value)):
            return
        following = plan[number + 1] if number + 1 < len(plan) else value
        if talk.asked <= (min(following, value) if is_patient else value):
            talk.take()
            return
    if talk.asked <= value:
        talk.take()


def truthful(talk: Talk, value: int, rng: Random) -> None:
    """Says what it is worth to them, and means it."""
    del rng
    if not talk.offer(min(value, talk.list_price)) and talk.asked <= value:
        talk.take()


def asking(talk: Talk, value: int, rng: Random) -> None:
    """Asks whether it can be had for less, and takes the first price that suits."""
    start = rng.uniform(0.3, 0.6)
    plan = [round(talk.list_price * (start + 0.03 * number)) for number in range(talk.attempts)]
    by_offers(talk, value, _rising([min(amount, value) for amount in plan]), is_patient=False)


def bluffing(talk: Talk, value: int, rng: Random) -> None:
    """Says that it is worth 10 to 40 percent less, and gives way by degrees."""
    shade = rng.uniform(0.1, 0.4)
    plan = [round(value * (1 - shade * (1 - number / talk.attempts))) for number in range(talk.attempts)]
    by_offers(talk, value, _rising(plan), is_patient=rng.random() < 0.5)


def bluffing_once(talk: Talk, value: int, rng: Random) -> None:
    """Offers 10 to 40 percent less than it is worth, once, and then takes it or leaves."""
    by_offers(talk, value, [round(value * (1 - rng.uniform(0.1, 0.4)))], is_patient=False)


def conceding(power: float) -> Buyer:
    """Gives way with time: 5 at first (conceder), 1 evenly (linear), 0.2 at last (Boulware)."""

    def buyer(talk: Talk, value: int, rng: Random) -> None:
        start = rng.uniform(0.4, 0.7)
        times = [(number + 1) / talk.attempts for number in range(talk.attempts)]
        plan = [round(value * (start + (1 - start) * time ** (1 / power))) for time in times]
        by_offers(talk, value, _rising(plan), is_patient=True)

    return buyer


def tit_for_tat(talk: Talk, value: int, rng: Random) -> None:
    """Gives way as much as the seller did."""
    offer = round(value * rng.uniform(0.5, 0.8))
    before = talk.asked
    for _ in range(talk.attempts):
        if talk.offer(offer):
            return
        gave, before = before - talk.asked, talk.asked
        following = min(max(offer + gave, offer + 1), value)
        if talk.asked <= following or following <= offer:
            break
        offer = following
    if talk.asked <= value:
        talk.take()


def strategic(talk: Talk, value: int, rng: Random) -> None:
    """Offers next to nothing, waits for the last price, and takes it if it is worth that."""
    start = rng.choice((0.05, 0.25, 0.5)) * talk.list_price
    for number in range(talk.attempts):
        if talk.offer(min(round(start + number), talk.list_price)):
            return
    if talk.asked <= value:
        talk.take()


def fishing(talk: Talk, value: int, rng: Random) -> None:
    """Waits for the last price too, with offers just as high as somebody would make who is worth winning."""
    start = rng.uniform(0.45, 0.75) * talk.list_price
    plan = [round(start * (1 + 0.06 * number)) for number in range(talk.attempts)]
    for amount in _rising([min(amount, value) for amount in plan]):
        if talk.offer(amount):
            return
    if talk.asked <= value:
        talk.take()


def _rising(plan: list[int]) -> list[int]:
    """Without offers that are not higher than the one before."""
    rising: list[int] = []
    for amount in plan:
        if not rising or amount > rising[-1]:
            rising.append(amount)
    return rising


@dataclass(frozen=True)
class Kind:
    """A way to buy, and how many of a hundred customers buy so."""

    name: str
    buyer: Buyer
    share: int
    is_strategic: bool = False


def hesitating(talk: Talk, value: int, rng: Random) -> None:
    """Bargains a little, and is gone at every answer with a chance of a quarter, or takes what suits."""
    offer = value * rng.uniform(0.6, 1.0)
    for _ in range(talk.attempts):
        if talk.offer(min(round(offer), value)):
            return
        if talk.asked <= value and rng.random() < 0.7:
            talk.take()
            return
        if rng.random() < 0.25:
            return
        offer += (value - offer) * rng.random()
    if talk.asked <= value:
        talk.take()


def by_round_numbers(talk: Talk, value: int, rng: Random) -> None:
    """Offers tenths of the list price, up from a half, and stops at what it is worth."""
    del rng
    tenths = [talk.list_price * part // 10 for part in (5, 7, 8)]
    by_offers(talk, value, _rising([min(amount, value) for amount in tenths]), is_patient=True)


def meeting_halfway(talk: Talk, value: int, rng: Random) -> None:
    """Offers the middle between the own last offer and what is asked, up to what it is worth."""
    offer = round(talk.list_price * rng.uniform(0.3, 0.6))
    for _ in range(talk.attempts):
        if talk.offer(min(offer, value)):
            return
        if talk.asked <= value and rng.random() < 0.3:
            break
        offer = (offer + talk.asked) // 2
    if talk.asked <= value:
        talk.take()


KINDS: Final = (
    Kind("truthful", truthful, 12),
    Kind("asking", asking, 12),
    Kind("bluffing", bluffing, 14),
    Kind("bluffing once", bluffing_once, 6),
    Kind("boulware", conceding(0.2), 9),
    Kind("linear", conceding(1.0), 9),
    Kind("conceder", conceding(5.0), 9),
    Kind("tit for tat", tit_for_tat, 9),
    Kind("strategic", strategic, 10, is_strategic=True),
    Kind("fishing", fishing, 10, is_strategic=True),
)
# Kinds, and shares of them, that were not looked at while the negotiator was made.
FRESH_KINDS: Final = (
    Kind("truthful", truthful, 8),
    Kind("asking", asking, 8),
    Kind("bluffing", bluffing, 10),
    Kind("late boulware", conceding(0.1), 8),
    Kind("conceder", conceding(2.0), 8),
    Kind("tit for tat", tit_for_tat, 8),
    Kind("hesitating", hesitating, 14),
    Kind("round numbers", by_round_numbers, 10),
    Kind("halfway", meeting_halfway, 10),
    Kind("strategic", strategic, 16, is_strategic=True),
)
