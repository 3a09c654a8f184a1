"""What past sessions teach about demand: a small Bayesian model of censored willingness to pay.

Nobody tells what they would pay. Who takes a price would pay at least that, who leaves a last ask would not
pay it, and an offer says that somebody would probably pay that much. The chances of the cells are found by
expectation maximisation from such intervals, smoothed a little in each round, and drawn towards what is
believed of the category, of everything, and before any session, in this order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from backend.kernel.money import Money
from backend.negotiator.demand import CELLS, DemandModel

ALL: Final = "all"
# How many sessions the belief of the next wider scope is worth.
_WORTH: Final = {"all": 12.0, "category": 12.0, "product": 12.0}
_ROUNDS: Final = 40
# How likely an offer is from somebody who would not pay it: curious customers, probers.
_EMPTY: Final = 0.2
# What a session says that was left before its last ask.
_HALF_HEARD: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A session that is over, as far as it teaches about demand.

    `asks` are our counter-offers and `offers` the customer's, each oldest first; `taken_at` is the price
    agreed. `was_last` says whether the last attempt was answered, so that nothing better was to come.
    `weight` is less than 1 where somebody had many sessions over one item.
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
class _Interval:
    """Willingness to pay lies in cells from `low` (almost surely) to before `high` (surely)."""

    low: int
    high: int
    is_soft: bool


def learn(sessions: Iterable[Observed], *, prior: DemandModel | None = None) -> Mapping[str, DemandModel]:
    """The belief about each scope: `all`, `category:…` and `product:…`, from all sessions of the past.

    A scope without sessions has no model; the next wider one is the belief about it.
    """
    before = DemandModel.prior() if prior is None else prior
    scopes: dict[str, Counter[_Interval]] = {ALL: Counter()}
    wider: dict[str, str] = {}
    for session in sessions:
        interval = _interval(session)
        if interval is None:
            continue
        weight = session.weight * (1.0 if session.was_last or session.taken_at is not None else _HALF_HEARD)
        category, product = f"category:{session.category}", f"product:{session.product_id}"
        wider |= {category: ALL, product: category}
        for scope in (ALL, category, product):
            scopes.setdefault(scope, Counter())[interval] += weight  # type: ignore[assignment]  # fractions
    models: dict[str, DemandModel] = {}
    for scope in sorted(scopes, key=_width):
        models[scope] = _belief(models[wider[scope]] if scope in wider else before, scopes[scope], scope)
    return models


def _width(scope: str) -> int:
    return (ALL, "category", "product").index(scope.partition(":")[0])


def _interval(session: Observed) -> _Interval | None:
    """What the session says about the willingness to pay; None for nothing."""
    whole = session.list_price.minor

    def cell(amount: Money) -> int:
        return min(max(round(amount.minor * CELLS / whole), 0), CELLS)

    if session.taken_at is not None:
        return _Interval(cell(session.taken_at), CELLS + 1, is_soft=False)
    if not session.asks:
        return None
    high = max(cell(min(session.asks)), 1)
    offered = max((cell(offer) for offer in session.offers), default=0)
    return _Interval(min(offered, high - 1), high, is_soft=True)


def _belief(wider: DemandModel, seen: Mapping[_Interval, float], scope: str) -> DemandModel:
    worth = _WORTH[scope.partition(":")[0]]
    value = list(wider.value)
    for _ in range(_ROUNDS):
        value = _smoothed(_counted(value, seen, prior=wider.value, worth=worth))
    return replace(wider, value=tuple(value), sessions=sum(seen.values()))


def _counted(
    value: Sequence[float], seen: Mapping[_Interval, float], *, prior: Sequence[float], worth: float
) -> list[float]:
    """One round: every session is shared out among the cells where its customer may be."""
    below = [0.0]
    for chance in value:
        below.append(below[-1] + chance)
    steps = [0.0] * (CELLS + 2)
    for interval, count in seen.items():
        soft = _EMPTY if interval.is_soft else 0.0
        mass = below[interval.high] - below[interval.low] + soft * below[interval.low]
        share = count / max(mass, 1e-12)
        steps[0] += soft * share
        steps[interval.low] += (1 - soft) * share
        steps[interval.high] -= share
    total = worth + sum(seen.values())
    weights: list[float] = []
    running = 0.0
    for chance, step, usual in zip(value, steps, prior, strict=False):
        running += step
        weights.append((chance * running + worth * usual) / total)
    whole = sum(weights)
    return [weight / whole for weight in weights]


def _smoothed(value: Sequence[float]) -> list[float]:
    """Each cell shares a little with its neighbours; the last, which has no width, does not."""
    inner = [value[0], *value[:CELLS], value[CELLS - 1]]
    return [(inner[i] + 2 * inner[i + 1] + inner[i + 2]) / 4 for i in range(CELLS)] + [value[CELLS]]
