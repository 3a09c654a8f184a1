"""Bargains for tests."""

from typing import Any

from backend.domains.bargain.words import Situation
from backend.kernel.money import Money
from backend.negotiator.bargaining import Outcome


def eur(minor: int) -> Money:
    """An amount in euros."""
    return Money(minor, "EUR")


def situation(**changes: Any) -> Situation:
    """An offer of 80 euros for what costs 120, countered at 100, with `changes`."""
    values: dict[str, Any] = {
        "outcome": Outcome.COUNTERED,
        "name": "Suite 12",
        "list_price": eur(12000),
        "offer": eur(8000),
        "counter": eur(10000),
        "lowest": eur(9500),
        "highest": eur(10500),
        "may_propose": False,
        "attempts_left": 2,
        "seconds_left": 400,
        "language": "en",
        **changes,
    }
    return Situation(**values)
