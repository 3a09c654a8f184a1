"""Bargains as values: what a customer sees of one, and the events of its life, both JSON-able."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from backend.domains.pricing.records import money_document
from backend.kernel.money import Money
from backend.negotiator.bargaining import Outcome
from backend.web.fields import write_instant


class State(StrEnum):
    """The life of a session; all but `OPEN` are ends."""

    OPEN = "open"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    ABANDONED = "abandoned"


NOT_BARGAINED: Final = "none"
STARTED: Final = "started"


@dataclass(frozen=True, slots=True)
class Round:
    """An offer, and the answer: `counter` is a new counter-offer, None when it was accepted or refused."""

    number: int
    offer: Money
    answer: Outcome
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
        ended_by_offer = bool(self.rounds) and self.rounds[-1].answer is Outcome.ACCEPTED
        if self.state is State.ACCEPTED:
            deal = self._deal()
            if ended_by_offer:
                told[-1] = (told[-1][0], {**told[-1][1], **deal})
            else:
                told.append((self.state.value, deal))
        elif self.state is not State.OPEN:
            told.append((self.state.value, {"at": instant_or_none(self.ended_at)}))
        return tuple(BargainEvent(number, name, data) for number, (name, data) in enumerate(told, 1))

    def _started(self) -> dict[str, Any]:
        return {
            "list_price": money_or_none(self.list_price),
            "attempts_left": self.attempts_allowed,
            "expires_at": instant_or_none(self.expires_at),
        }

    def _deal(self) -> dict[str, Any]:
        return {
            "final_price": money_or_none(self.final_price),
            "quote_token": self.quote_token,
            "deal_expires_at": instant_or_none(self.deal_until),
            "at": instant_or_none(self.ended_at),
        }


def _round(one: Round) -> dict[str, Any]:
    return {
        "attempt": one.number,
        "offer": money_or_none(one.offer),
        "counter_price": money_or_none(one.counter),
        "message": one.message,
        "at": instant_or_none(one.at),
    }


def money_or_none(amount: Money | None) -> dict[str, Any] | None:
    """As `money_document`, for an amount that may not be there."""
    return None if amount is None else money_document(amount)


def instant_or_none(at: datetime | None) -> str | None:
    """As `write_instant`, for an instant that may not be there."""
    return None if at is None else write_instant(at)
