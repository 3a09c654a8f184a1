"""The behaviour score: how engaged a customer is at present."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from backend.domains.behaviour.steps import STEPS, Step
from backend.infra.events import Touch

HALF_LIFE: Final = timedelta(days=10)
# How many looks at a product a step is worth.
POINTS: Final[Mapping[Step, float]] = MappingProxyType(
    {Step.LOOKED: 1, Step.ASKED_PRICE: 3, Step.PUT_IN_CART: 5, Step.BARGAINED: 5, Step.BOUGHT: 8}
)
# So many points give a score of 1 - 1/e, about 0.63.
SCALE: Final = 15.0
_PLACES: Final = Decimal("0.001")


def behaviour_score(touches: Iterable[Touch], *, now: datetime) -> Decimal:
    """From 0 (nothing lately) towards 1: `1 - exp(-points / 15)`, to three decimals.

    The points of each step (depth) are halved with every ten days that passed since (recency) and added
    up (frequency). No unit. Source: the customer's own events of the last 90 days, of which the newest
    300 are looked at.
    """
    points = sum(POINTS[STEPS[one.name]] * 0.5 ** _half_lives(now - one.at) for one in touches)
    return Decimal(1 - math.exp(-points / SCALE)).quantize(_PLACES)


def _half_lives(age: timedelta) -> float:
    # The clocks of two machines may differ: what lies ahead is now.
    return max(age / HALF_LIFE, 0.0)
