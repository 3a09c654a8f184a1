"""What a customer reads beside the answer to an offer. Words decide nothing: prices are decided before."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from backend.infra.wording import Wording
from backend.kernel.money import Money
from backend.negotiator.bargaining import Outcome

_A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Situation:
    """What there is to say something about: an offer, and what was decided on it.

    `counter` is what the item can be had for now: the price
    agreed on, the new counter-offer, or the one that still stands; None when there is none. If `may_propose`,
    words may bring another counter-offer from `lowest` to `highest`. `language` is a BCP 47 tag. `said` is
    what the customer wrote, at most 500 characters that nobody vouches for.
    """

    outcome: Outcome
    name: str
    list_price: Money
    offer: Money
    counter: Money | None
    lowest: Money
    highest: Money
    may_propose: bool
    attempts_left: int
    seconds_left: int
    language: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A message, and the counter-offer that it names in place of the situation's; None to leave that."""

    message: str
    counter: Money | None = None


class Words(Protocol):
    """Who puts answers into words."""

    def say(self, situation: Situation) -> Said:
        """A message in the customer's language. It never raises, and is never later than its deadline."""


@dataclass(frozen=True, slots=True)
class PlainWords:
    """Implements `Words` by sentences that we wrote, the same for the same situation."""

    def say(self, situation: Situation) -> Said:
        """Two or three short sentences, at once."""
        wording = Wording.of(situation.language)
        return Said(" ".join(_sentences(situation, wording)))


def _sentences(situation: Situation, wording: Wording) -> Iterator[str]:
    yield _answer(situation, wording)
    if situation.outcome is Outcome.ACCEPTED:
        return
    if situation.attempts_left > 0:
        yield wording.count(
            "You can make one more offer.", "You can make %(num)d more offers.", situation.attempts_left
        )
    if situation.seconds_left < _A_MINUTE:
        yield wording.say("Less than a minute is left.")


def _answer(situation: Situation, wording: Wording) -> str:
    if situation.counter is None:
        return _refused(situation, wording)
    price = wording.money(situation.counter)
    if situation.outcome is Outcome.ACCEPTED:
        return wording.say("It is a deal: %(name)s for %(price)s.", name=situation.name, price=price)
    if situation.outcome is Outcome.COUNTERED:
        return _countered(situation, wording, price)
    return wording.say(
        "%(offer)s is too little for %(name)s. Our price of %(price)s still stands.",
        offer=wording.money(situation.offer),
        name=situation.name,
        price=price,
    )


def _countered(situation: Situation, wording: Wording, price: str) -> str:
    if situation.attempts_left > 0:
        return wording.say(
            "We cannot do %(offer)s, but we can meet you: %(name)s for %(price)s.",
            offer=wording.money(situation.offer),
            name=situation.name,
            price=price,
        )
    return wording.say(
        "This is our last word: %(name)s for %(price)s. You need only accept.",
        name=situation.name,
        price=price,
    )


def _refused(situation: Situation, wording: Wording) -> str:
    return wording.say(
        "%(offer)s is too little for %(name)s. Its price is %(list_price)s.",
        offer=wording.money(situation.offer),
        name=situation.name,
        list_price=wording.money(situation.list_price),
    )
