"""Which of several coupons together take most off a basket, as far as the rules let them combine. Pure.

Percentages come first, each of the prices as they stand in the basket, then fixed amounts, then shipping;
within these the coupon for less of the basket, so that wide ones find something left, then the older one.
The order in which codes were typed changes nothing (docs/decisions/0096-coupons-together.md).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Final

from backend.domains.coupons.eligibility import (
    Assessment,
    Basket,
    Failure,
    FailureCode,
    Relief,
    Remainder,
    eligible_amount,
    relief_of,
)
from backend.domains.coupons.entities import Coupon, CouponKind
from backend.engine.effects import Refuse
from backend.engine.rulebook import Rulebook
from backend.kernel.money import Money, total

STACKING: Final = "coupon_stacking"
# Up to so many coupons every combination is looked at: 4,095 of them.
MOST_EXACT: Final = 12
_TURNS: Final = {CouponKind.PERCENTAGE: 0, CouponKind.FIXED: 1, CouponKind.FREE_SHIPPING: 2}
_ONE_AT_A_TIME: Final = "These rules know no combinations of coupons: use one at a time."

Refusals = Callable[[Sequence[Coupon]], tuple[str, ...]]
"""Why coupons may not be used together, in sentences; none when they may."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A coupon and what it takes off beside the others."""

    coupon: Coupon
    relief: Relief


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A code that is not used, and why not."""

    code: str
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Combination:
    """The coupons to use, in the order in which they are taken off, and those that are left out.

    `is_exact`: every combination was looked at; with more than `MOST_EXACT` coupons only a good one is found.
    """

    applied: tuple[Applied, ...]
    left_out: tuple[LeftOut, ...]
    discount: Money
    is_exact: bool = True


def stacking_refusals(rulebook: Rulebook, basket: Basket) -> Refusals:
    """What the decision `coupon_stacking` says to coupons together, each case asked once.

    Under a rulebook that lacks the decision, from before there were coupons, one is used at a time.
    """
    known: dict[tuple[object, ...], tuple[str, ...]] = {}
    shopper = basket.shopper
    constant = {"loyalty_tier": shopper.loyalty_tier, "customer_country": shopper.country}

    def refusals(coupons: Sequence[Coupon]) -> tuple[str, ...]:
        if STACKING not in rulebook.decisions:
            return (_ONE_AT_A_TIME,) if len(coupons) > 1 else ()
        groups = Counter(coupon.stacking_group for coupon in coupons if coupon.stacking_group)
        facts = {
            "coupon_count": len(coupons),
            "exclusive_coupons": sum(coupon.is_exclusive for coupon in coupons),
            "coupon_groups": tuple(sorted(groups)),
            "most_of_one_group": max(groups.values(), default=0),
        }
        key = tuple(facts.values())
        if key not in known:
            (decision,) = rulebook.decide_many(STACKING, [{**constant, **facts}], at=basket.now)
            known[key] = tuple(effect.reason for effect in decision.outcome if isinstance(effect, Refuse))
        return known[key]

    return refusals


def best_combination(assessments: Sequence[Assessment], basket: Basket, *, refusals: Refusals) -> Combination:
    """Those of the coupons that together take most off; of equal ones the fewest, then the oldest.

    The answer does not depend on the order of `assessments`. Raises ValueError for a coupon given twice.
    """
    if len({found.coupon.id for found in assessments}) < len(assessments):
        raise ValueError("each coupon is assessed once")
    ordered = sorted(assessments, key=lambda found: found.coupon.id)
    useful = [found for found in ordered if found.discount]
    is_exact = len(useful) <= MOST_EXACT
    chosen = (_exact if is_exact else _greedy)(useful, basket, refusals)
    applied = together([found.coupon for found in chosen], basket)
    left_out = tuple(
        LeftOut(found.coupon.code, _why_left_out(found, chosen, refusals))
        for found in ordered
        if found not in chosen
    )
    return Combination(tuple(applied), left_out, _discount(applied, basket), is_exact)


def together(coupons: Sequence[Coupon], basket: Basket) -> list[Applied]:
    """What each of the coupons takes off when all are used, in the order in which they are taken off."""
    left = Remainder.of(basket)
    applied: list[Applied] = []
    for coupon in sorted(coupons, key=partial(_turn, basket)):
        relief = relief_of(coupon, basket, left)
        left = left.less(relief)
        applied.append(Applied(coupon, relief))
    return applied


def _turn(basket: Basket, coupon: Coupon) -> tuple[int, int, str]:
    return _TURNS[coupon.kind], eligible_amount(coupon, basket).minor, coupon.id


def _exact(useful: Sequence[Assessment], basket: Basket, refusals: Refusals) -> tuple[Assessment, ...]:
    best: tuple[Assessment, ...] = ()
    rank = _rank(best, basket)
    for promised, some in _by_promise(useful):
        # Together coupons never take off more than the sum of what each takes off alone.
        if promised < -rank[0]:
            break
        found = _rank(some, basket)
        if found < rank and not refusals([one.coupon for one in some]):
            best, rank = some, found
    return best


def _greedy(useful: Sequence[Assessment], basket: Basket, refusals: Refusals) -> tuple[Assessment, ...]:
    """One after the other, the greatest alone first, as long as they may be combined and take off more."""
    best: tuple[Assessment, ...] = ()
    for one in sorted(useful, key=lambda found: (-found.discount.minor, found.coupon.id)):
        more = (*best, one)
        is_more = _rank(more, basket)[0] < _rank(best, basket)[0]
        if is_more and not refusals([found.coupon for found in more]):
            best = more
    return best


def _by_promise(useful: Sequence[Assessment]) -> Iterator[tuple[int, tuple[Assessment, ...]]]:
    """Every combination with the sum of what its coupons take off alone, the greatest sum first."""
    alone = {one.coupon.id: one.discount.minor for one in useful}
    sizes = range(1, len(useful) + 1)
    every = (some for size in sizes for some in combinations(useful, size))
    promised = [(sum(alone[one.coupon.id] for one in some), some) for some in every]
    promised.sort(key=lambda pair: -pair[0])
    yield from promised


def _rank(some: Sequence[Assessment], basket: Basket) -> tuple[int, int, list[str]]:
    """The lower, the better: most money off, then few coupons, then the oldest."""
    coupons = [found.coupon for found in some]
    discount = _discount(together(coupons, basket), basket)
    return -discount.minor, len(coupons), sorted(coupon.id for coupon in coupons)


def _discount(applied: Sequence[Applied], basket: Basket) -> Money:
    return total((one.relief.discount for one in applied), basket.currency)


def _why_left_out(found: Assessment, chosen: Sequence[Assessment], refusals: Refusals) -> tuple[Failure, ...]:
    if found.failures:
        return found.failures
    if not found.discount:
        return (Failure(FailureCode.SAVES_NOTHING, "The coupon takes nothing off this order."),)
    reasons = refusals([*(one.coupon for one in chosen), found.coupon])
    if reasons:
        return tuple(Failure(FailureCode.NOT_COMBINABLE, reason) for reason in reasons)
    sentence = "Together with your other coupons this one takes nothing more off."
    return (Failure(FailureCode.SAVES_NOTHING, sentence),)
