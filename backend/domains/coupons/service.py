"""Reading coupons, and what they do for a basket. `editing.py` changes them, `uses.py` counts their uses."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from backend.domains.coupons import queries
from backend.domains.coupons.eligibility import Assessment, Basket, Failure, FailureCode, assess
from backend.domains.coupons.entities import UNUSED, Coupon, Usage, UseState
from backend.domains.coupons.models import CouponRow
from backend.domains.coupons.rows import coupon_of
from backend.domains.coupons.stacking import Combination, LeftOut, best_combination, stacking_refusals
from backend.engine.rulebook import Rulebook
from backend.infra.postgres import DbSession
from backend.kernel.errors import NotFoundError
from backend.kernel.money import Money

UNKNOWN_CODE: Final = Failure(FailureCode.UNKNOWN, "There is no coupon with this code; check its spelling.")


@dataclass(frozen=True, slots=True)
class Counted:
    """A coupon, and how much of it is used."""

    coupon: Coupon
    usage: Usage


@dataclass(frozen=True, slots=True)
class Candidates:
    """The coupons that somebody wants to use, and the codes that nobody offers them."""

    counted: tuple[Counted, ...]
    unknown: tuple[str, ...]

    @property
    def ask_for_orders(self) -> bool:
        """Whether one of them depends on how many orders the shopper has made."""
        return any(one.coupon.first_order_only for one in self.counted)

    @property
    def ask_for_categories(self) -> bool:
        """Whether one of them is for certain categories."""
        return any(one.coupon.categories for one in self.counted)

    def best(self, basket: Basket, rulebook: Rulebook) -> Combination:
        """The best that they do for the basket under the rules; why others of them are left out."""
        assessed = [assess(one.coupon, basket, usage=one.usage) for one in self.counted]
        best = best_combination(assessed, basket, refusals=stacking_refusals(rulebook, basket))
        unknown = tuple(LeftOut(code, (UNKNOWN_CODE,)) for code in self.unknown)
        return replace(best, left_out=(*best.left_out, *unknown))


@dataclass(frozen=True, slots=True)
class PastUse:
    """One use of a coupon by a user that was not given back."""

    id: str
    coupon: Coupon
    discount: Money
    state: UseState
    reference: str
    at: datetime


@dataclass(frozen=True)
class CouponService:
    """The coupons there are. `customer_id` is the id of a user, or of a visitor's cart."""

    session: DbSession

    def coupon(self, *, coupon_id: str) -> Coupon:
        """The coupon with this id, a retired one too. NotFoundError."""
        row = self.session.get(CouponRow, coupon_id)
        if row is None:
            raise NotFoundError(f"There is no coupon {coupon_id}.")
        return coupon_of(row)

    def page(self, *, after: str | None, limit: int) -> list[Coupon]:
        """Up to `limit` coupons, the newest first, retired ones too."""
        return [coupon_of(row) for row in queries.coupons(self.session, after=after, limit=limit)]

    def offered_to(self, *, user_id: str | None, now: datetime) -> list[Coupon]:
        """What this user (or a visitor) may use now: public coupons and the user's own, newest first."""
        return [coupon_of(row) for row in queries.offered_to(self.session, user_id=user_id, now=now)]

    def of_user(self, *, user_id: str) -> list[Coupon]:
        """The coupons that are this user's alone or were used by them, newest first."""
        return [coupon_of(row) for row in queries.of_user(self.session, user_id=user_id)]

    def history(self, *, user_id: str, after: str | None, limit: int) -> list[PastUse]:
        """Up to `limit` uses of a user, newest first."""
        found = queries.uses_of(self.session, user_id=user_id, after=after, limit=limit)
        return [
            PastUse(
                id=use.id,
                coupon=coupon_of(coupon),
                discount=Money(use.discount_minor, use.currency),
                state=UseState(use.state),
                reference=use.reference,
                at=use.settled_at or use.created_at,
            )
            for use, coupon in found
        ]

    def counted(self, coupons: Sequence[Coupon], *, customer_id: str | None, now: datetime) -> list[Counted]:
        """Each coupon with how much of it is used, by anybody and by this customer."""
        if not coupons:
            return []
        known = queries.usages(
            self.session, coupon_ids=[coupon.id for coupon in coupons], customer_id=customer_id, now=now
        )
        return [Counted(coupon, known.get(coupon.id, UNUSED)) for coupon in coupons]

    def assessed(
        self, coupons: Iterable[Coupon], basket: Basket, *, customer_id: str | None = None
    ) -> list[Assessment]:
        """Each coupon alone on the basket, its limits looked at (they are enforced when it is reserved).

        `customer_id` is the cart of a visitor; a shopper who is signed in is the customer.
        """
        customer = basket.shopper.user_id or customer_id
        counted = self.counted(list(coupons), customer_id=customer, now=basket.now)
        return [assess(one.coupon, basket, usage=one.usage) for one in counted]

    def combined(
        self,
        *,
        codes: Collection[str],
        basket: Basket,
        rulebook: Rulebook,
        customer_id: str | None = None,
    ) -> Combination:
        """The best that these codes do for the basket under the rules; why others of them are left out.

        A code that nobody offers to this shopper is left out as unknown.
        """
        customer = basket.shopper.user_id or customer_id
        found = self.candidates(
            codes=codes, user_id=basket.shopper.user_id, customer_id=customer, now=basket.now
        )
        return found.best(basket, rulebook)

    def candidates(
        self, *, codes: Collection[str], user_id: str | None, customer_id: str | None, now: datetime
    ) -> Candidates:
        """The coupons behind codes for this user, and how much of each is used.

        Somebody else's personal coupon is unknown: nobody learns by guessing that there is one.
        """
        if not codes:
            return Candidates((), ())
        rows = queries.counted_by_codes(self.session, codes=codes, customer_id=customer_id, now=now)
        counted = tuple(
            Counted(coupon_of(row), usage) for row, usage in rows if row.user_id in {None, user_id}
        )
        known = {one.coupon.code.casefold() for one in counted}
        return Candidates(counted, tuple(sorted({code for code in codes if code.casefold() not in known})))
