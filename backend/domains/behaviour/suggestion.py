"""The dynamic price suggestion. It changes no price: it is a fact that rules may use."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

MOST: Final = 30
PER_DOUBLING: Final = 0.25
PER_SUPPLY: Final = 1.0
# When a dated thing begins, so much of it is usually taken; half of that for each so many days before.
USUAL_FILL: Final = 0.8
BOOKING_HALF_LIFE_DAYS: Final = 14
# Of goods without a date, half of four weeks' stock is usually sold in four weeks.
USUAL_SOLD: Final = 0.5
SOLD_DAYS: Final = 28
# So many units of belief in the usual keep small stocks from swinging the suggestion.
BELIEF_UNITS: Final = 10
_PLACES: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Supply:
    """How much of something is gone, and when the rest is worth nothing any more.

    `taken` and `left` are units or places: those taken are all that ever were for a dated thing, and
    those sold in the last `on_sale_days`, 28 at most, for goods. `lead_days` is None for what has no date.
    """

    taken: float
    left: float
    lead_days: int | None
    on_sale_days: float = SOLD_DAYS

    @property
    def tightness(self) -> float:
        """From -1 to 1: how much more of it is gone than is usual; 0 is usual."""
        if self.lead_days is None:
            usual = USUAL_SOLD * self.on_sale_days / SOLD_DAYS
        else:
            usual = USUAL_FILL * 0.5 ** (max(self.lead_days, 0) / BOOKING_HALF_LIFE_DAYS)
        whole = self.taken + self.left + BELIEF_UNITS
        return (self.taken + BELIEF_UNITS * usual) / whole - usual


def suggested_change(*, demand: Decimal, supply: Supply | None) -> Decimal:
    """By how many percent the price might change, from -30 to 30, to one decimal.

    `30 · tanh(0.25 · log₂ demand + tightness of the supply)`: demand twice the usual suggests about 7 %
    more, half of it 7 % less, half a stock more gone than is usual at this time 14 % more. It rises
    with demand, with what is taken, and, for the same share taken, with the days that are left to sell
    the rest. An unknown supply is a usual one. `demand` is above 0. Sources: `demand`, the facts
    `occupancy`, `seats_total` and `lead_days`, and the stock.
    """
    pressure = PER_DOUBLING * math.log2(demand)
    if supply is not None:
        pressure += PER_SUPPLY * supply.tightness
    # To add nothing makes 0.0 of -0.0.
    return Decimal(MOST * math.tanh(pressure)).quantize(_PLACES) + 0
