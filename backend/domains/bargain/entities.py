"""Bargains as values: what a customer sees of one, and the events of its life, both JSON-able."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from backend.domains.pricing.records import money_document
from backend.kernel.money import Money
from backend.web.fields import write_instant


class State(StrEnum):
    """The life of a session; all but `OPEN` are ends."""

    OPEN = "open"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    ABANDONED = "abandoned"


class Answer(StrEnum):
    """What an offer was answered with."""

    ACCEPTED = "accepted"
    COUNTERED = "countered"
    REJECTED = "rejected"


NOT_BARGAINED: Final = "none"
STARTED: Final = "started"


@dataclass(frozen=True, slots=True)
class Round:
    """An offer, and the answer: `counter` is a new counter-offer, None when it was accepted or refused."""

    number: int
    offer: Money
    answer: Answer
    counter: Money | None
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BargainEvent:
    """Something that happened in a session, numbered from 1 without gaps."""

    number: int
    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A session as its customer may see it: neither floor nor terms are in it.

    `counter_price` is the standing counter-offer; it can be accepted until `expires_at`. Once accepted,
    `final_price` is honoured until `deal_until`, and `quote_token` is its quote.
    """

    id: str
    user_id: str
    version: int
    product_id: str
    slot_id: str | None
    quantity: int
    party: int
    name: str
    state: State
    list_price: Money
    counter_price: Money | None
    final_price: Money | None
    attempts_allowed: int
    attempts_used: int
    started_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    deal_until: datetime | None
    quote_token: str | None
    is_used: bool
    rounds: tuple[Round, ...] = ()

    def at(self, now: datetime) -> "SessionView":
        """The same at `now`: a session whose time is over has expired, whoever noticed."""
        if self.state is not State.OPEN or now < self.expires_at:
            return self
        return replace(self, state=State.EXPIRED, ended_at=self.expires_at)

    @property
    def attempts_left(self) -> int:
        """How many offers may still be made; none once it has ended."""
        return self.attempts_allowed - self.attempts_used if self.state is State.OPEN else 0

    @property
    def message(self) -> str:
        """The words of the last answer; empty before the first."""
        return self.rounds[-1].message if self.rounds else ""

    @property
    def events(self) -> tuple[BargainEvent, ...]:
        """All that happened so far; what is read later begins with the same events."""
        told = [(STARTED, self._started()), *((one.answer.value, _round(one)) for one in self.rounds)]
        ended_by_offer = bool(self.rounds) and self.rounds[-1].answer is Answer.ACCEPTED
        if self.state is State.ACCEPTED:
            deal = self._deal()
            if ended_by_offer:
                told[-1] = (told[-1][0], {**told[-1][1], **deal})
            else:
                told.append((self.state.value, deal))
        elif self.state is not State.OPEN:
            told.append((self.state.value, {"at": _instant(self.ended_at)}))
        return tuple(BargainEvent(number, name, data) for number, (name, data) in enumerate(told, 1))

    def _started(self) -> dict[str, Any]:
        return {
            "list_price": _money(self.list_price),
            "attempts_left": self.attempts_allowed,
            "expires_at": _instant(self.expires_at),
        }

    def _deal(self) -> dict[str, Any]:
        return {
            "final_price": _money(self.final_price),
            "quote_token": self.quote_token,
            "deal_expires_at": _instant(self.deal_until),
            "at": _instant(self.ended_at),
        }


def _round(one: Round) -> dict[str, Any]:
    return {
        "attempt": one.number,
        "offer": _money(one.offer),
        "counter_price": _money(one.counter),
        "message": one.message,
        "at": _instant(one.at),
    }


def _money(amount: Money | None) -> dict[str, Any] | None:
    return None if amount is None else money_document(amount)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else write_instant(at)
