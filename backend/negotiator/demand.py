"""What is believed about demand: how much customers are willing to pay, and how their offers shade it.

Amounts are ratios to the list price here: 1 is the list price. Willingness to pay is kept in a hundred
cells of one percent of the list price each, and a last cell for everything from the list price on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import exp
from typing import Any, Final, Self

CELLS: Final = 100
TOP: Final = 1.15
PHASES: Final = 3
RATIOS: Final = 20
ANCHORS: Final = 50
DECIMALS: Final = 7
EVEN: Final = ((1 / ANCHORS,) * ANCHORS,) * PHASES
# How often an offer that means nothing is from somebody who would not even pay it.
_EMPTY: Final = 0.2
_HAIR: Final = 1e-6
# Prices whose worth differs by no more than this part are equally good: what was added up differs so much.
_TIE: Final = 1e-9


def phase(attempt: int, attempts: int) -> int:
    """Which of the three phases an attempt (from 1) is in: 0 the first, 1 between, 2 the last of all."""
    if attempt >= attempts:
        return PHASES - 1
    return 0 if attempt == 1 else 1


@dataclass(frozen=True, slots=True)
class DemandModel:
    """A belief about the willingness to pay for one thing.

    * `value`: the chance of each cell of willingness to pay, `CELLS` + 1 numbers that sum to 1.
    * `shading`: for each phase of a bargain, the chances of the ratio offer / willingness to pay in `RATIOS`
      equal bins from 0 to 1.
    * `anchored`: the share of offers that say nothing about the willingness to pay, such as those of who
      starts low on principle.
    * `anchors`: for each phase, where those offers lie, in `ANCHORS` equal bins up to the list price.
    * `sessions`: how many sessions it was learned from, in all.
    """

    value: tuple[float, ...]
    shading: tuple[tuple[float, ...], ...]
    anchored: float
    anchors: tuple[tuple[float, ...], ...] = EVEN
    sessions: float = 0.0

    @classmethod
    def prior(cls) -> Self:
        """What is believed before any session."""
        return cls(_prior_value(), _prior_shading(), anchored=0.25)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "value": [round(chance, DECIMALS) for chance in self.value],
            "shading": [[round(chance, DECIMALS) for chance in row] for row in self.shading],
            "anchored": round(self.anchored, DECIMALS),
            "anchors": [[round(chance, DECIMALS) for chance in row] for row in self.anchors],
            "sessions": round(self.sessions, 3),
        }

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Self:
        """From what `document` gave; ValueError when it is of another shape."""
        value = tuple(float(chance) for chance in document["value"])
        shading = tuple(tuple(float(chance) for chance in row) for row in document["shading"])
        anchors = tuple(tuple(float(chance) for chance in row) for row in document["anchors"])
        shapes = [len(value), *map(len, shading), *map(len, anchors)]
        if shapes != [CELLS + 1, *[RATIOS] * PHASES, *[ANCHORS] * PHASES]:
            raise ValueError("this is a model of demand of another shape")
        return cls(value, shading, float(document["anchored"]), anchors, float(document["sessions"]))

    def after_offer(self, offer: float, stage: int) -> list[float]:
        """The chances of the cells once somebody offered `offer` in phase `stage`."""
        told, blind = self.informative(offer, stage), self.blind(offer, stage)
        weights = [chance * (one + other) for chance, one, other in zip(self.value, told, blind, strict=True)]
        total = sum(weights)
        return [weight / total for weight in weights] if total > 0 else list(self.value)

    def informative(self, offer: float, stage: int) -> list[float]:
        """How likely each cell makes this offer, as one that is shaded from what somebody would pay."""
        row, told = self.shading[stage], (1 - self.anchored) * RATIOS
        return [
            told * row[place] * inverse if place < RATIOS else 0.0
            for place, inverse in zip(ratio_bins(offer), _INVERSE, strict=True)
        ]

    def blind(self, offer: float, stage: int) -> list[float]:
        """How likely each cell makes this offer, as one that means nothing; seldom with more than it has."""
        first, chance = _cell_of(offer), self.anchored * ANCHORS * self.anchors[stage][anchor_bin(offer)]
        return [chance * _EMPTY] * first + [chance] * (CELLS + 1 - first)


def anchor_bin(offer: float) -> int:
    """In which bin of `anchors` an offer falls."""
    return min(int(offer * ANCHORS + _HAIR), ANCHORS - 1)


@lru_cache(maxsize=4 * CELLS)
def ratio_bins(offer: float) -> tuple[int, ...]:
    """In which bin of `shading` an offer falls for each cell; `RATIOS` for the cells below the offer."""
    first = _cell_of(offer)
    shaded = [min(int(offer * inverse * RATIOS), RATIOS - 1) for inverse in _INVERSE[first:]]
    return (*[RATIOS] * first, *shaded)


def _cell_of(ratio: float) -> int:
    return min(int(ratio * CELLS + _HAIR), CELLS)


def survival(weights: Sequence[float]) -> list[float]:
    """The chance that the willingness to pay reaches the lower edge of each cell."""
    return list(accumulate(reversed(weights)))[::-1]


def chance_of(reached: Sequence[float], price: float) -> float:
    """The chance that the willingness to pay reaches `price`, even inside a cell; `price` from 0 to 1."""
    place = price * CELLS
    cell = int(place)
    if cell >= CELLS:
        return reached[CELLS]
    return reached[cell] + (reached[cell + 1] - reached[cell]) * (place - cell)


def best_price(
    reached: Sequence[float], *, floor: float, lowest: float, highest: float, firmness: float
) -> float:
    """The price with the greatest (price - floor) ** firmness * chance of a sale; the lowest of equals."""
    cells = range(int(lowest * CELLS) + 1, int(highest * CELLS) + 1)
    candidates = [lowest, *[cell / CELLS for cell in cells], highest]
    best, most = highest, -1.0
    for price in candidates:
        margin = price - floor
        gain = 0.0 if margin <= 0 else chance_of(reached, price) * margin**firmness
        if gain > most * (1 + _TIE):
            best, most = price, gain
    return best


_CENTRES: Final = (*[(cell + 0.5) / CELLS for cell in range(CELLS)], TOP)
_INVERSE: Final = tuple(1 / centre for centre in _CENTRES)


@lru_cache(maxsize=1)
def _prior_value() -> tuple[float, ...]:
    """A wide hill a little below four fifths of the list price; one in seven would pay the list price.

    Rather too low than too high: a price that is too low loses some of each sale, one too high all of it.
    """
    hill = [exp(-(((centre - 0.78) / 0.2) ** 2) / 2) + 0.12 for centre in _CENTRES[:CELLS]]
    within = 0.85 / sum(hill)
    return (*[weight * within for weight in hill], 0.15)


@lru_cache(maxsize=1)
def _prior_shading() -> tuple[tuple[float, ...], ...]:
    """First offers lie far below what somebody would pay, last ones near it."""
    middles = [(ratio + 0.5) / RATIOS for ratio in range(RATIOS)]
    rows = []
    for centre, width in ((0.75, 0.2), (0.82, 0.16), (0.9, 0.12)):
        hill = [exp(-(((middle - centre) / width) ** 2) / 2) + 0.05 for middle in middles]
        rows.append(tuple(weight / sum(hill) for weight in hill))
    return tuple(rows)
