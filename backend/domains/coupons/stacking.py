"""Which of several coupons together take most off a basket, as far as the rules let them combine. Pure.

Percentages come first, each of the prices as they stand in the basket, then fixed amounts, then shipping;
within these the coupon for less of the basket, so that wide ones find something left, then the older one.
The order in which codes were typed changes nothing (docs/decisions/0096-coupons-together.md).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from backend.domains.coupons.eligibility import (
    Assessment,
    Basket,
    Claim,
    Failure,
    FailureCode,
    Relief,
    Remainder,
)
from backend.domains.coupons.entities import Coupon, CouponKind
from backend.engine.effects import Refuse
from backend.engine.rulebook import Rulebook
from backend.kernel.money import Money

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
    applied = (_exact if is_exact else _greedy)(useful, basket, refusals)
    chosen = {one.coupon.id: one.coupon for one in applied}
    left_out = tuple(
        LeftOut(found.coupon.code, _why_left_out(found, [*chosen.values()], refusals))
        for found in ordered
        if found.coupon.id not in chosen
    )
    return Combination(tuple(applied), left_out, Money(_saved(applied), basket.currency), is_exact)


def together(coupons: Sequence[Coupon], basket: Basket) -> list[Applied]:
    """What each of the coupons takes off when all are used, in the order in which they are taken off."""
    return _together([Claim.of(coupon, basket) for coupon in coupons], basket)


def _together(claims: Sequence[Claim], basket: Basket) -> list[Applied]:
    left = Remainder.of(basket)
    applied: list[Applied] = []
    for claim in sorted(claims, key=_turn):
        relief = claim.relief(left)
        left = left.less(relief)
        applied.append(Applied(claim.coupon, relief))
    return applied


def _turn(claim: Claim) -> tuple[int, int, str]:
    return _TURNS[claim.coupon.kind], claim.eligible.minor, claim.coupon.id


def _exact(useful: Sequence[Assessment], basket: Basket, refusals: Refusals) -> list[Applied]:
    best: list[Applied] = []
    claims = [Claim.of(found.coupon, basket) for found in useful]
    for promised, some in _by_promise([found.discount.minor for found in useful]):
        # Together coupons never take off more than the sum of what each takes off alone.
        if promised < _saved(best):
            break
        if not refusals([useful[place].coupon for place in some]):
            best = min(best, _together([claims[place] for place in some], basket), key=_rank)
    return best


def _greedy(useful: Sequence[Assessment], basket: Basket, refusals: Refusals) -> list[Applied]:
    """One after the other, the greatest alone first, as long as they may be combined and take off more."""
    best: list[Applied] = []
    chosen: list[Coupon] = []
    for one in sorted(useful, key=lambda found: (-found.discount.minor, found.coupon.id)):
        more = [*chosen, one.coupon]
        found = together(more, basket)
        if _saved(found) > _saved(best) and not refusals(more):
            best, chosen = found, more
    return best


def _by_promise(alone: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Every combination, as places in `alone`, with its sum of what they take off, the greatest sum first.

    All of them come first; then those that leave less out before those that leave more out. From what is
    left out of one, that of two others is made: by one more, or by another in place of the last.
    """
    rising = sorted(range(len(alone)), key=lambda place: alone[place])
    whole = sum(alone)
    waiting: list[tuple[int, tuple[int, ...]]] = [(0, ())]
    while waiting:
        lost, out = heappop(waiting)
        following = out[-1] + 1 if out else 0
        if len(out) < len(rising):
            yield whole - lost, [place for rank, place in enumerate(rising) if rank not in out]
        if following < len(rising):
            more = lost + alone[rising[following]]
            heappush(waiting, (more, (*out, following)))
            if out:
                heappush(waiting, (more - alone[rising[out[-1]]], (*out[:-1], following)))


def _rank(applied: Sequence[Applied]) -> tuple[int, int, list[str]]:
    """The lower, the better: most money off, then few coupons, then the oldest."""
    return -_saved(applied), len(applied), sorted(one.coupon.id for one in applied)


def _saved(applied: Sequence[Applied]) -> int:
    """What they take off together, in minor units."""
    return sum(one.relief.discount.minor for one in applied)


def _why_left_out(found: Assessment, chosen: Sequence[Coupon], refusals: Refusals) -> tuple[Failure, ...]:
    if found.failures:
        return found.failures
    if not found.discount:
        return (Failure(FailureCode.SAVES_NOTHING, "The coupon takes nothing off this order."),)
    reasons = refusals([*chosen, found.coupon])
    if reasons:
        return tuple(Failure(FailureCode.NOT_COMBINABLE, reason) for reason in reasons)
    sentence = "Together with your other coupons this one takes nothing more off."
    return (Failure(FailureCode.SAVES_NOTHING, sentence),)
