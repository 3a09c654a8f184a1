"""Coupons as the rest of the product sees them: plain values."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from backend.kernel.money import Money


class CouponKind(StrEnum):
    """What a coupon takes off."""

    PERCENTAGE = "percentage"
    FIXED = "fixed"
    FREE_SHIPPING = "free_shipping"


class UseState(StrEnum):
    """Where one use of a coupon is in its life: reserved at checkout, committed on payment."""

    RESERVED = "reserved"
    COMMITTED = "committed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponDraft:
    """A coupon as staff write it.

    `percent` belongs to a percentage, `amount` to a fixed coupon. All amounts are in one currency.
    Valid in [valid_from, valid_until). Empty tuples limit nothing; `categories` include all below them.
    A coupon with `user_id` is for that user alone; a public one is shown to everybody.
    `budget` caps the sum of all discounts given.
    """

    code: str
    label: str
    kind: CouponKind
    percent: Decimal | None = None
    amount: Money | None = None
    minimum_order: Money | None = None
    maximum_discount: Money | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    categories: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    excluded_products: tuple[str, ...] = ()
    product_kinds: tuple[str, ...] = ()
    first_order_only: bool = False
    user_id: str | None = None
    is_public: bool = False
    per_user_limit: int | None = None
    global_limit: int | None = None
    budget: Money | None = None
    stacking_group: str | None = None
    is_exclusive: bool = False
    may_go_below_floor: bool = False
    is_active: bool = True

    @property
    def amounts(self) -> dict[str, Money]:
        """The amounts it has, by field."""
        named = {
            "amount": self.amount,
            "minimum_order": self.minimum_order,
            "maximum_discount": self.maximum_discount,
            "budget": self.budget,
        }
        return {name: money for name, money in named.items() if money is not None}

    @property
    def currency(self) -> str | None:
        """The currency of its amounts; None for a coupon without any, which holds in every currency."""
        return next((money.currency for money in self.amounts.values()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon(CouponDraft):
    """A coupon that is there."""

    id: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a coupon is used, reservations that stand included; `by_customer`: of one customer."""

    uses: int = 0
    by_customer: int = 0
    spent_minor: int = 0


UNUSED = Usage()
