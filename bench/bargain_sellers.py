"""Sellers who bargain: ours by each strategy, and three simple ones. Amounts are minor units.

Each answers offers in a `Session`, which also counts what must never happen.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol

from backend.kernel.money import Money
from backend.negotiator.bargaining import Bargain, Outcome, Turn, respond
from backend.negotiator.demand import DemandModel
from backend.negotiator.learning import Observed, learn
from backend.negotiator.terms import Terms

ATTEMPTS: Final = 3
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Item:
    """What is sold: `floor` keeps a margin over `cost`."""

    product_id: str
    category: str
    currency: str
    list_price: int
    cost: int
    floor: int


@dataclass(frozen=True)
class Visit:
    """Who bargains over what, on which day."""

    item: Item
    user: str
    day: int
    number: int


@dataclass(frozen=True)
class Answer:
    """What a seller answers: the price agreed on, else what is asked now."""

    agreed: int | None
    asked: int


Answering = Callable[[list[tuple[int, int]], int], Answer]


@dataclass
class Session:
    """One session over an item; `answering` gets the offers so far with what was asked, and the new one."""

    item: Item
    answering: Answering
    attempts: int = ATTEMPTS
    turns: list[tuple[int, int]] = field(default_factory=list)
    taken_at: int | None = None
    took: bool = False
    violations: int = 0

    @property
    def list_price(self) -> int:
        """What it costs without a bargain."""
        return self.item.list_price

    @property
    def asked(self) -> int:
        """What is asked now."""
        return self.turns[-1][1] if self.turns else self.item.list_price

    def offer(self, amount: int) -> bool:
        """As the protocol has it: so many offers, each above the last, none above the list price."""
        amount = min(amount, self.list_price)
        best = self.turns[-1][0] if self.turns else -1
        if self.taken_at is not None or len(self.turns) >= self.attempts or amount <= best:
            return False
        before = self.asked
        answer = self.answering(self.turns, amount)
        price = answer.asked if answer.agreed is None else answer.agreed
        is_fair = price <= before if answer.agreed is None else price <= min(amount, before)
        self.violations += not (self.item.floor <= price <= self.list_price and is_fair)
        self.turns.append((amount, before if answer.agreed is not None else answer.asked))
        self.taken_at = answer.agreed
        return answer.agreed is not None

    def take(self) -> None:
        """Take what is asked."""
        if self.taken_at is None:
            self.taken_at, self.took = self.asked, True


class Seller(Protocol):
    """Opens sessions, and may learn from those that are over."""

    def open(self, visit: Visit) -> Session:
        """A new session."""
        ...

    def close(self, visit: Visit, session: Session) -> None:
        """It is over."""
        ...

    def learn(self) -> None:
        """Learn from all that is over."""
        ...


@dataclass
class Simple:
    """A seller without memory."""

    answers: Callable[[Item], Answering]

    def open(self, visit: Visit) -> Session:
        """A new session."""
        return Session(visit.item, self.answers(visit.item))

    def close(self, visit: Visit, session: Session) -> None:
        """Nothing is kept."""

    def learn(self) -> None:
        """Nothing is learned."""


def list_price_only(item: Item) -> Answering:
    """Sells at the list price alone."""
    return lambda _turns, offer: _answer(offer, item.list_price)


def three_steps(item: Item) -> Answering:
    """Comes down by a quarter of the way to the floor each time, and takes what is not below its next ask."""
    way = item.list_price - item.floor
    return lambda turns, offer: _answer(offer, item.list_price - way * (len(turns) + 1) // 4)


def split_the_difference(item: Item) -> Answering:
    """Asks for the middle between the offer and what it asked before, but not less than the floor."""

    def answer(turns: list[tuple[int, int]], offer: int) -> Answer:
        before = turns[-1][1] if turns else item.list_price
        return _answer(offer, max((offer + before + 1) // 2, item.floor) if offer < before else before)

    return answer


def _answer(offer: int, ask: int) -> Answer:
    return Answer(ask, ask) if offer >= ask else Answer(None, ask)


@dataclass
class Ours:
    """The negotiator, with what the protocol keeps around it: earlier asks, keys, learning in batches."""

    terms: Terms
    secret: bytes = b"bench"
    models: Mapping[str, DemandModel] = field(default_factory=dict)
    seen: list[Observed] = field(default_factory=list)
    earlier: dict[tuple[str, str], int] = field(default_factory=dict)
    visits: dict[tuple[str, str], int] = field(default_factory=dict)

    def open(self, visit: Visit) -> Session:
        """A new session."""
        item = visit.item
        best = self.earlier.get((visit.user, item.product_id))
        bargain = Bargain(
            list_price=Money(item.list_price, item.currency),
            floor=Money(item.floor, item.currency),
            terms=self.terms,
            demand=self._model(item),
            attempts=ATTEMPTS,
            seed=self._key("seed", visit.user, item.product_id, visit.number),
            jitter_key=self._key("jitter", visit.user, item.product_id, visit.day),
            earlier_best=None if best is None else Money(best, item.currency),
        )
        return Session(item, lambda turns, offer: _ours(bargain, turns, offer))

    def close(self, visit: Visit, session: Session) -> None:
        """It is over; remember it."""
        item, key = visit.item, (visit.user, visit.item.product_id)
        if session.asked < item.list_price:
            self.earlier[key] = min(self.earlier.get(key, session.asked), session.asked)
        self.visits[key] = self.visits.get(key, 0) + 1
        asks = [ask for _, ask in session.turns]
        changed = [ask for ask, before in zip(asks, [item.list_price, *asks], strict=False) if ask < before]
        self.seen.append(
            Observed(
                product_id=item.product_id,
                category=item.category,
                list_price=Money(item.list_price, item.currency),
                floor=Money(item.floor, item.currency),
                asks=[Money(ask, item.currency) for ask in changed],
                offers=[Money(offer, item.currency) for offer, _ in session.turns],
                taken_at=None if session.taken_at is None else Money(session.taken_at, item.currency),
                was_last=len(session.turns) >= session.attempts,
                at=_START + timedelta(days=visit.day),
                weight=1 / self.visits[key],
            )
        )

    def learn(self) -> None:
        """Learn from all sessions so far."""
        self.models = learn(self.seen)

    def _model(self, item: Item) -> DemandModel:
        scopes: Iterable[str] = (f"product:{item.product_id}", f"category:{item.category}", "all")
        found = [self.models[scope] for scope in scopes if scope in self.models]
        return found[0] if found else DemandModel.prior()

    def _key(self, *words: object) -> bytes:
        return sha256(self.secret + "\0".join(map(str, words)).encode()).digest()[:16]


def _ours(bargain: Bargain, turns: list[tuple[int, int]], offer: int) -> Answer:
    currency = bargain.list_price.currency
    said = [Turn(Money(one, currency), Money(ask, currency)) for one, ask in turns]
    reply = respond(bargain, said, Money(offer, currency))
    asked = turns[-1][1] if turns else bargain.list_price.minor
    if reply.outcome is Outcome.ACCEPTED and reply.price is not None:
        return Answer(reply.price.minor, asked)
    return Answer(None, asked if reply.price is None else reply.price.minor)
