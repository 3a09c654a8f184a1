"""How near somebody comes to the floor who tries 16 sessions over an item, with four accounts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Final

from bench.bargain_sellers import Item, Seller, Session, Visit

SESSIONS: Final = 16
ACCOUNTS: Final = 4
FIRST_DAY: Final = 90


@dataclass(frozen=True)
class Seen:
    """What a prober saw: the asks of each session in order, and every price that was asked or agreed to."""

    item: Item
    asks: Sequence[Sequence[int]]
    prices: Sequence[int]


def probe(seller: Seller, item: Item, *, is_patient: bool) -> Seen:
    """Search: patiently, with offers of next to nothing, or by bisection between refused and seen prices."""
    asks: list[list[int]] = []
    prices = [item.list_price]
    refused = 0
    for number in range(SESSIONS):
        visit = Visit(item, f"prober-{number % ACCOUNTS}", FIRST_DAY + number // ACCOUNTS, 10**6 + number)
        session = seller.open(visit)
        low, high = (0, item.list_price // 5) if is_patient else (min(refused, min(prices) - 1), min(prices))
        for part in (4, 6, 7):
            session.offer(low + (high - low) * part // 8)
        seller.close(visit, session)
        asks.append([asked for _, asked in session.turns])
        prices += asks[-1] if session.taken_at is None else [*asks[-1], session.taken_at]
        if not is_patient and session.taken_at is None and session.turns:
            refused = max(refused, session.turns[-1][0])
    return Seen(item, asks, prices)


def lowest_seen(seen: Seen) -> float:
    """The floor is where prices stop."""
    return min(seen.prices)


def next_of_a_line(seen: Seen) -> float:
    """The floor is the ask after the last, if asks fall on a straight line (least squares)."""
    points = [(place, ask) for asks in seen.asks for place, ask in enumerate(asks)]
    x, y = mean(place for place, _ in points), mean(ask for _, ask in points)
    spread = sum((place - x) ** 2 for place, _ in points)
    slope = sum((place - x) * (ask - y) for place, ask in points) / spread if spread else 0.0
    return y + slope * (Session.attempts - x)


def end_of_a_curve(seen: Seen) -> float:
    """The floor is what the asks would come to, if each step is the same part of the one before."""
    whole = [[seen.item.list_price, *asks] for asks in seen.asks if len(asks) == Session.attempts]
    if not whole:
        return lowest_seen(seen)
    first, second, third = (mean(asks[place] for asks in whole) for place in (1, 2, 3))
    steps = (first - second, second - third)
    part = steps[1] / steps[0] if steps[0] else 1.0
    return third - steps[1] * part / (1 - part) if part < 1 else third - steps[1]


def best_price_of_a_line(seen: Seen) -> float:
    """The floor is as far below the lowest price as that is below the list price (even demand, Myerson)."""
    return 2 * lowest_seen(seen) - seen.item.list_price


ESTIMATES: Final[Mapping[str, Callable[[Seen], float]]] = {
    "lowest price seen": lowest_seen,
    "next of a line": next_of_a_line,
    "end of a curve": end_of_a_curve,
    "twice as far": best_price_of_a_line,
}


def distance(seen: Seen, estimate: Callable[[Seen], float]) -> float:
    """How far the estimate is from the floor, as a share of the way from the list price to it."""
    return abs(estimate(seen) - seen.item.floor) / (seen.item.list_price - seen.item.floor)
