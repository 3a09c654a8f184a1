"""What past sessions teach about demand: a small Bayesian model of censored willingness to pay.

Nobody tells what they would pay. Who takes a price would pay at least that, who leaves an ask would not pay
it, and an offer lies below what somebody would pay, by a shade that differs from customer to customer.
Both, the chances of what they would pay and of the shades, are found together by expectation maximisation,
smoothed a little in each round, and drawn towards what is believed of the category, of everything, and
before any session, in this order.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Final

from backend.kernel.money import Money
from backend.negotiator.demand import CELLS, RATIOS, DemandModel, anchor_bin, phase, ratio_bins

ALL: Final = "all"
_CATEGORY: Final = "category:"
_PRODUCT: Final = "product:"
# How many sessions the belief of the next wider scope is worth.
_WORTH: Final = 20.0
_SHADES_WORTH: Final = 40.0
_ANCHORS_WORTH: Final = 10.0
# How much an offer that we took says of shades: what more would have been paid was never found out.
_TAKEN: Final = 0.5
_ROUNDS: Final = 12
# Offers are told apart by steps of so many cells.
_STEP: Final = 2
# How often somebody who takes an ask would have taken the dearer one before, but waited.
_WAITED: Final = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A session that is over, as far as it teaches about demand.

    `asks` are our counter-offers and `offers` the customer's, each oldest first; `taken_at` is the price
    agreed. `was_last` says whether the last offer was made, after which nothing better was to come. `weight`
    is less than 1 where somebody had several sessions over one item.
    """

    product_id: str
    category: str
    list_price: Money
    floor: Money
    asks: Sequence[Money]
    offers: Sequence[Money]
    taken_at: Money | None
    was_last: bool
    at: datetime
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class _Offered:
    """The last offer of a session: its cell, the phase in which it was made, and whether we took it."""

    cell: int
    stage: int
    was_taken: bool


@dataclass(frozen=True, slots=True)
class _Range:
    """Willingness to pay lies in cells from `low` to before `high`, less likely from `doubt` on."""

    low: int
    doubt: int
    high: int


_Seen = dict[_Offered | None, Counter[_Range]]


def learn(sessions: Iterable[Observed], *, prior: DemandModel | None = None) -> Mapping[str, DemandModel]:
    """The belief about each scope: `all`, `category:…` and `product:…`, from all sessions of the past.

    A scope without sessions has no model; the next wider one is the belief about it.
    """
    seen: dict[str, _Seen] = {ALL: defaultdict(Counter)}
    wider: dict[str, str] = {}
    for session in sessions:
        told = _range(session)
        if told is None:
            continue
        category, product = _CATEGORY + session.category, _PRODUCT + session.product_id
        wider |= {category: ALL, product: category}
        for scope in (ALL, category, product):
            counts = seen.setdefault(scope, defaultdict(Counter))[_offered(session)]
            counts[told] += session.weight  # type: ignore[assignment]  # a Counter of fractions
    models = {ALL: _belief(DemandModel.prior() if prior is None else prior, seen[ALL])}
    for prefix in (_CATEGORY, _PRODUCT):
        for scope in [name for name in wider if name.startswith(prefix)]:
            models[scope] = _belief(models[wider[scope]], seen[scope])
    return models


def _cell(amount: Money, whole: Money) -> int:
    return min(max(round(amount.minor * CELLS / whole.minor), 0), CELLS)


def _range(session: Observed) -> _Range | None:
    """What the session says about the willingness to pay by what was taken or left; None for nothing."""
    whole = session.list_price
    if session.taken_at is None:
        high = max(_cell(min(session.asks), whole), 1) if session.asks else 0
        return _Range(0, high, high) if high else None
    low = _cell(session.taken_at, whole)
    dearer = [cell for cell in (_cell(ask, whole) for ask in session.asks) if cell > low]
    return _Range(low, min([*dearer, CELLS + 1]), CELLS + 1)


def _offered(session: Observed) -> _Offered | None:
    if not session.offers:
        return None
    made, last = len(session.offers), session.offers[-1]
    cell = _cell(last, session.list_price)
    stage = phase(made, made + (not session.was_last))
    return _Offered(cell - cell % _STEP, stage, was_taken=session.taken_at == last)


def _belief(usual: DemandModel, seen: _Seen) -> DemandModel:
    """The belief of a scope that is usually `usual`."""
    model = usual
    for _ in range(_ROUNDS):
        tally = _Tally(usual)
        for offered, ranges in seen.items():
            tally.count(model, offered, ranges)
        model = tally.model()
    return model


class _Tally:
    """One round: every session is shared out among the cells where its customer may be, and counted."""

    def __init__(self, usual: DemandModel) -> None:
        self.cells = [_WORTH * chance for chance in usual.value]
        self.shades = [[_SHADES_WORTH * chance for chance in row] for row in usual.shading]
        self.anchors = [[_ANCHORS_WORTH * chance for chance in row] for row in usual.anchors]
        self.blind, self.offers, self.sessions = _SHADES_WORTH * usual.anchored, _SHADES_WORTH, 0.0

    def count(self, model: DemandModel, offered: _Offered | None, ranges: Mapping[_Range, float]) -> None:
        """Count sessions that ended with the same offer, by what `model` believes."""
        told, likely = _likelihood(model, offered)
        weights = [chance * like for chance, like in zip(model.value, likely, strict=True)]
        shares = _shared_out(weights, ranges)
        self.cells = [total + share for total, share in zip(self.cells, shares, strict=True)]
        count = sum(ranges.values())
        self.sessions += count
        if offered is not None:
            part = _TAKEN if offered.was_taken else 1.0
            meant = [part * share * one for share, one in zip(shares, told, strict=True)]
            self._count_offer(offered, part * count, meant)

    def _count_offer(self, offered: _Offered, count: float, meant: Sequence[float]) -> None:
        blind = count - sum(meant)
        self.offers += count
        self.blind += blind
        self.anchors[offered.stage][anchor_bin(offered.cell / CELLS)] += blind
        row = self.shades[offered.stage]
        for place, part in zip(ratio_bins(offered.cell / CELLS), meant, strict=True):
            if place < RATIOS:
                row[place] += part

    def model(self) -> DemandModel:
        """What was counted, as chances."""
        value = _normalised(self.cells)
        return DemandModel(
            value=(*_smoothed(value[:CELLS]), value[CELLS]),
            shading=tuple(tuple(_smoothed(_normalised(row))) for row in self.shades),
            anchored=self.blind / self.offers,
            anchors=tuple(tuple(_normalised(row)) for row in self.anchors),
            sessions=self.sessions,
        )


def _likelihood(model: DemandModel, offered: _Offered | None) -> tuple[Sequence[float], Sequence[float]]:
    """For each cell, the chance that the offer means something, and how likely it is at all."""
    if offered is None:
        return (), [1.0] * (CELLS + 1)
    told = model.informative(offered.cell / CELLS, offered.stage)
    blind = model.blind(offered.cell / CELLS, offered.stage)
    likely = [one + other for one, other in zip(told, blind, strict=True)]
    return [one / like if like else 0.0 for one, like in zip(told, likely, strict=True)], likely


def _shared_out(weights: Sequence[float], ranges: Mapping[_Range, float]) -> list[float]:
    """Each count of `ranges` shared out over its cells in proportion to the weights."""
    below = [0.0, *accumulate(weights)]
    steps = [0.0] * (CELLS + 2)
    for told, count in ranges.items():
        sure, unsure = below[told.doubt] - below[told.low], below[told.high] - below[told.doubt]
        share = count / max(sure + _WAITED * unsure, 1e-12)
        steps[told.low] += share
        steps[told.doubt] -= (1 - _WAITED) * share
        steps[told.high] -= _WAITED * share
    return [weight * step for weight, step in zip(weights, accumulate(steps), strict=False)]


def _normalised(weights: Sequence[float]) -> list[float]:
    whole = sum(weights)
    return [weight / whole for weight in weights]


def _smoothed(row: Sequence[float]) -> list[float]:
    """Each shares a little with its neighbours."""
    inner = [row[0], *row, row[-1]]
    return [
        (before + 2 * here + after) / 4 for before, here, after in zip(inner, row, inner[2:], strict=False)
    ]
