"""What codes do for a basket, why not, and which coupons would save more."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from backend.domains.coupons.eligibility import Assessment, Basket, FailureCode
from backend.domains.coupons.service import CouponService
from backend.domains.coupons.stacking import Combination
from backend.domains.rules.service import RulesService

MOST_SUGGESTED: Final = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """The best that the codes do, and offered coupons that alone would save more than that, best first."""

    combination: Combination
    better: tuple[Assessment, ...]

    @property
    def unknown(self) -> int:
        """How many of the codes nobody offers."""
        return sum(
            failure.code is FailureCode.UNKNOWN
            for out in self.combination.left_out
            for failure in out.failures
        )


@dataclass(frozen=True)
class CouponAdvice:
    """Looks at baskets; changes nothing."""

    coupons: CouponService
    rules: RulesService

    def verdict(self, *, codes: Collection[str], basket: Basket) -> Verdict:
        """What the codes do for the basket under the rules being served."""
        combination = self.coupons.combined(codes=codes, basket=basket, rulebook=self.rules.rulebook())
        used = {applied.coupon.id for applied in combination.applied}
        better = [
            found
            for found in self.offered(basket)
            if found.discount > combination.discount and found.coupon.id not in used
        ]
        return Verdict(combination, tuple(better[:MOST_SUGGESTED]))

    def offered(self, basket: Basket) -> list[Assessment]:
        """Every coupon that this shopper may use now, for this basket; what saves most comes first."""
        offered = self.coupons.offered_to(user_id=basket.shopper.user_id, now=basket.now)
        found = self.coupons.assessed(offered, basket)
        return sorted(found, key=lambda one: (-one.discount.minor, one.coupon.id))
