"""Who bargains over what in `bench/bargain.py`, and what a seller makes of them."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from bench.bargain_buyers import Kind
from bench.bargain_sellers import Item, Seller, Session, Visit
from bench.bargain_values import Values

COSTS: Final = (0.4, 0.55, 0.7)
MARGIN: Final = 0.03
PRICES: Final = ((8900, "EUR"), (24000, "JPY"), (64000, "EUR"), (129500, "KWD"))
BATCHES: Final = 10
DAYS: Final = 90


@dataclass(frozen=True)
class Customer:
    """Somebody who bargains over an item; `value` is what they would pay at most."""

    item: Item
    values: Values
    kind: Kind
    value: int
    best: float


@dataclass
class Result:
    """Profit as shares of list prices, and what was best possible with a posted price."""

    profit: float = 0.0
    best: float = 0.0
    sessions: int = 0
    deals: int = 0
    off: list[float] = field(default_factory=list)

    def count(self, customer: Customer, session: Session) -> None:
        """A customer has left."""
        item = customer.item
        self.sessions += 1
        self.best += customer.best
        if session.taken_at is not None:
            self.deals += 1
            self.profit += (session.taken_at - item.cost) / item.list_price
            self.off.append(1 - session.taken_at / item.list_price)

    @property
    def share(self) -> float:
        """The profit as a percentage of the best posted price's."""
        return 100 * self.profit / self.best

    @property
    def rate(self) -> float:
        """How many percent of the sessions came to a deal."""
        return 100 * self.deals / self.sessions


def items(distributions: Sequence[Values]) -> Iterator[tuple[Item, Values]]:
    """An item of each cost for each distribution; those of one distribution are a category."""
    for number, values in enumerate(distributions):
        for step, cost in enumerate(COSTS):
            price, currency = PRICES[(number + step) % len(PRICES)]
            own = round(price * cost)
            floor = min(round(own * (1 + MARGIN)), price)
            yield Item(f"{number}-{step}", f"category-{number}", currency, price, own, floor), values


def population(
    distributions: Sequence[Values], kinds: Sequence[Kind], *, seed: int, customers: int
) -> list[Customer]:
    """As many customers of each item, of kinds by their shares; values are evenly spread over the chances."""
    rng = Random(seed)
    everybody: list[Customer] = []
    for item, values in items(distributions):
        best = values.best(item.cost / item.list_price)[1]
        for kind in kinds:
            count = max(round(customers * kind.share / 100), 1)
            for place in range(count):
                ratio = values.draw((place + rng.random()) / count)
                everybody.append(Customer(item, values, kind, int(ratio * item.list_price), best))
    rng.shuffle(everybody)
    return everybody


@dataclass
class Run:
    """What a seller made of a population."""

    all: Result = field(default_factory=Result)
    cold: Result = field(default_factory=Result)
    late: Result = field(default_factory=Result)
    by_kind: dict[str, Result] = field(default_factory=lambda: defaultdict(Result))
    by_values: dict[str, Result] = field(default_factory=lambda: defaultdict(Result))
    strategic: Result = field(default_factory=Result)
    violations: int = 0
    learning: float = 0.0


def sell(seller: Seller, everybody: Sequence[Customer], *, seed: int) -> Run:
    """Every customer comes once; the seller learns after each tenth of them."""
    run, rng = Run(), Random(seed)
    batch = -(-len(everybody) // BATCHES)
    for number, customer in enumerate(everybody):
        if number and number % batch == 0:
            began = time.perf_counter()
            seller.learn()
            run.learning = time.perf_counter() - began
        visit = Visit(customer.item, f"user-{number}", number * DAYS // len(everybody), number)
        session = seller.open(visit)
        customer.kind.buyer(session, customer.value, rng)
        seller.close(visit, session)
        run.violations += session.violations
        for result in _results(run, customer, part=number / len(everybody)):
            result.count(customer, session)
    return run


def _results(run: Run, customer: Customer, *, part: float) -> Iterator[Result]:
    yield run.all
    yield run.by_kind[customer.kind.name]
    yield run.by_values[customer.values.name]
    if customer.kind.is_strategic:
        yield run.strategic
    if part < 1 / BATCHES:
        yield run.cold
    if part >= 1 / 2:
        yield run.late
