"""The price that a reduced product may be said to have had: Directive 98/6/EC, article 6a. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from backend.kernel.money import Money

WINDOW: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Priced:
    """A price and the instant from which it was asked."""

    price: Money
    since: datetime


def was_price(history: Sequence[Priced]) -> Priced | None:
    """The lowest price of the 30 days before the present reduction began, with when that was.

    `history` is oldest first; its last price is the present one. Reductions without a raise between
    them are one campaign, which began with the first. The window [began - 30 days, began) stays where
    it is while the campaign goes on. None when the last change was a raise, when the product had no
    price before in this currency, and when it has been as cheap as now within the window.
    """
    prices = _effective(history)
    first = _first_of_reduction(prices)
    if not first:
        return None
    began = prices[first].since
    # Each earlier price holds until the next; those that ended before the window say nothing.
    lowest = min(
        (now.price for now, later in pairwise(prices[: first + 1]) if later.since > began - WINDOW),
        key=lambda price: price.minor,
    )
    return Priced(lowest, began) if lowest > prices[-1].price else None


def _effective(history: Sequence[Priced]) -> list[Priced]:
    """The prices since the currency last changed, without those that were replaced at once or repeated."""
    prices: list[Priced] = []
    for one in history:
        if prices and prices[-1].price.currency != one.price.currency:
            prices = []
        if prices and prices[-1].since >= one.since:
            prices.pop()
        if not prices or prices[-1].price != one.price:
            prices.append(one)
    return prices


def _first_of_reduction(prices: Sequence[Priced]) -> int:
    """Where the run of falling prices at the end begins: the index of its first, 0 when there is none."""
    first = len(prices) - 1
    while first > 0 and prices[first].price < prices[first - 1].price:
        first -= 1
    return first + 1 if first < len(prices) - 1 else 0
