"""Whether a coupon applies to a basket, what it takes off each line, and every reason why not. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from backend.domains.coupons.entities import UNUSED, Coupon, CouponKind, Usage
from backend.kernel.money import Money, total


@dataclass(frozen=True, slots=True)
class BasketLine:
    """Some of one product. `categories` is the product's own and all above it; `amount` is for all of it.

    No coupon comes on top of a price that was `agreed` on: its `amount` is zero.
    """

    product_id: str
    kind: str
    categories: tuple[str, ...]
    quantity: int
    amount: Money
    agreed: bool = False

    def __post_init__(self) -> None:
        if self.amount.minor < 0:
            raise ValueError("a line of a basket is not below zero")


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who buys: a user, or a visitor with nothing but a cart (`user_id` None). `orders` made so far."""

    user_id: str | None = None
    loyalty_tier: str = "none"
    country: str | None = None
    orders: int = 0


VISITOR = Shopper()


@dataclass(frozen=True, slots=True)
class Basket:
    """What somebody is about to buy, before coupons; all of it in `currency`."""

    lines: tuple[BasketLine, ...]
    shipping: Money
    shopper: Shopper
    now: datetime

    @property
    def currency(self) -> str:
        """The currency of all its amounts. CurrencyError from sums if a line has another one."""
        return self.shipping.currency

    @property
    def subtotal(self) -> Money:
        """All lines, without shipping."""
        return total((line.amount for line in self.lines), self.currency)


class FailureCode(StrEnum):
    """Which condition of a coupon does not hold."""

    UNKNOWN = "unknown"
    RETIRED = "retired"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    NOT_YOURS = "not_yours"
    FIRST_ORDER_ONLY = "first_order_only"
    OTHER_CURRENCY = "other_currency"
    NOTHING_ELIGIBLE = "nothing_eligible"
    PRICE_AGREED = "price_agreed"
    NO_SHIPPING = "no_shipping"
    MINIMUM_ORDER = "minimum_order"
    USED_UP = "used_up"
    USED_BY_YOU = "used_by_you"
    BUDGET_SPENT = "budget_spent"
    NOT_COMBINABLE = "not_combinable"
    SAVES_NOTHING = "saves_nothing"


@dataclass(frozen=True, slots=True)
class Failure:
    """A condition that does not hold: in words, and the amount (`missing`) or instant that it waits for."""

    code: FailureCode
    message: str
    missing: Money | None = None
    holds_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Relief:
    """What a coupon takes off: a share of each line, in their order, and of shipping."""

    shares: tuple[Money, ...]
    shipping: Money

    @property
    def discount(self) -> Money:
        """All of it."""
        return total(self.shares, self.shipping.currency) + self.shipping


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a coupon does for a basket: nothing when a condition fails, and `failures` has them all."""

    coupon: Coupon
    relief: Relief
    failures: tuple[Failure, ...]

    @property
    def applies(self) -> bool:
        """Whether every condition holds."""
        return not self.failures

    @property
    def discount(self) -> Money:
        """What it takes off altogether."""
        return self.relief.discount


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is left to pay of each line and of shipping while coupons are taken off one after the other."""

    lines: tuple[Money, ...]
    shipping: Money

    @classmethod
    def of(cls, basket: Basket) -> "Remainder":
        """All of it."""
        return cls(tuple(line.amount for line in basket.lines), basket.shipping)

    def less(self, relief: Relief) -> "Remainder":
        """What is left after `relief`."""
        lines = tuple(left - share for left, share in zip(self.lines, relief.shares, strict=True))
        return Remainder(lines, self.shipping - relief.shipping)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a coupon is for in a basket: which of its lines, what they come to, and the most it takes off."""

    coupon: Coupon
    covered: tuple[bool, ...]
    eligible: Money
    most: Money

    @classmethod
    def of(cls, coupon: Coupon, basket: Basket) -> "Claim":
        """Of a coupon whose currency, if it has one, is the basket's; its conditions are not looked at.

        A percentage is of the eligible lines as they stand in the basket, never of what other coupons left.
        """
        covered = tuple([covers(coupon, line) for line in basket.lines])
        taken = (line.amount for line, is_covered in zip(basket.lines, covered, strict=True) if is_covered)
        eligible = total(taken, basket.currency)
        if coupon.kind is CouponKind.FREE_SHIPPING:
            return cls(coupon, covered, eligible, _at_most(basket.shipping, coupon.maximum_discount))
        return cls(coupon, covered, eligible, _nominal(coupon, eligible))

    def relief(self, left: Remainder) -> Relief:
        """What the coupon takes off of what is `left` to pay.

        It is at most what is left of its lines, and divided among them in proportion to what is left of
        each, so that no line falls below zero.
        """
        zero = Money.zero(self.eligible.currency)
        if self.coupon.kind is CouponKind.FREE_SHIPPING:
            return Relief((zero,) * len(left.lines), min(left.shipping, self.most))
        weights = [part.minor if taken else 0 for part, taken in zip(left.lines, self.covered, strict=True)]
        available = sum(weights)
        if not available:
            return Relief((zero,) * len(left.lines), zero)
        wanted = Money(min(self.most.minor, available), zero.currency)
        return Relief(tuple(wanted.split(weights)), zero)


def assess(coupon: Coupon, basket: Basket, *, usage: Usage = UNUSED) -> Assessment:
    """The coupon alone on the basket; `usage` is what is used of it already."""
    comparable = coupon.currency in {None, basket.currency}
    relief = Claim.of(coupon, basket).relief(Remainder.of(basket)) if comparable else nothing_off(basket)
    failures = (
        *_of_the_coupon(coupon, basket.now),
        *_of_the_shopper(coupon, basket.shopper),
        *_of_the_basket(coupon, basket),
        *_of_the_usage(coupon, usage, relief.discount),
    )
    return Assessment(coupon, nothing_off(basket) if failures else relief, failures)


def nothing_off(basket: Basket) -> Relief:
    """No relief at all."""
    zero = Money.zero(basket.currency)
    return Relief((zero,) * len(basket.lines), zero)


def covers(coupon: Coupon, line: BasketLine) -> bool:
    """Whether the coupon takes something off this line.

    Products and categories widen each other: a line is in one of them. Kinds narrow both, and
    excluded products are out in any case; so is what has an agreed price.
    """
    return not line.agreed and _is_for(coupon, line)


def _is_for(coupon: Coupon, line: BasketLine) -> bool:
    if line.product_id in coupon.excluded_products:
        return False
    if coupon.product_kinds and line.kind not in coupon.product_kinds:
        return False
    if not coupon.products and not coupon.categories:
        return True
    return line.product_id in coupon.products or not set(coupon.categories).isdisjoint(line.categories)


def _nominal(coupon: Coupon, eligible: Money) -> Money:
    """What the coupon promises for `eligible` money of its lines."""
    if coupon.amount is not None:
        return coupon.amount
    return _at_most(eligible.percent(coupon.percent or Decimal(0)), coupon.maximum_discount)


def _at_most(amount: Money, most: Money | None) -> Money:
    return amount if most is None else min(amount, most)


def _of_the_coupon(coupon: Coupon, now: datetime) -> Iterator[Failure]:
    if not coupon.is_active:
        yield Failure(FailureCode.RETIRED, "This coupon is no longer offered.")
    if coupon.valid_from is not None and now < coupon.valid_from:
        sentence = f"The coupon is valid from {_instant(coupon.valid_from)} on."
        yield Failure(FailureCode.NOT_STARTED, sentence, holds_from=coupon.valid_from)
    if coupon.valid_until is not None and now >= coupon.valid_until:
        yield Failure(FailureCode.ENDED, f"The coupon was valid until {_instant(coupon.valid_until)}.")


def _of_the_shopper(coupon: Coupon, shopper: Shopper) -> Iterator[Failure]:
    if coupon.user_id is not None and coupon.user_id != shopper.user_id:
        yield Failure(FailureCode.NOT_YOURS, "This coupon is personal, and not for this account.")
    if not coupon.first_order_only:
        return
    if shopper.user_id is None:
        sentence = "The coupon is for a first order: sign in, so that we know it is yours."
        yield Failure(FailureCode.FIRST_ORDER_ONLY, sentence)
    elif shopper.orders > 0:
        sentence = "The coupon is for a first order, and you have ordered before."
        yield Failure(FailureCode.FIRST_ORDER_ONLY, sentence)


def _of_the_basket(coupon: Coupon, basket: Basket) -> Iterator[Failure]:
    if coupon.currency not in {None, basket.currency}:
        yield Failure(
            FailureCode.OTHER_CURRENCY,
            f"The coupon is in {coupon.currency} and the order in {basket.currency}: "
            f"pay in {coupon.currency} to use it.",
        )
    elif coupon.minimum_order is not None and basket.subtotal < coupon.minimum_order:
        missing = coupon.minimum_order - basket.subtotal
        sentence = f"Spend {missing} more: the coupon needs an order of {coupon.minimum_order}."
        if any(line.agreed for line in basket.lines):
            sentence = f"{sentence} What you bargained for does not count."
        yield Failure(FailureCode.MINIMUM_ORDER, sentence, missing=missing)
    if not any(covers(coupon, line) for line in basket.lines):
        yield _nothing_covered(coupon, basket)
    if coupon.kind is CouponKind.FREE_SHIPPING and not basket.shipping:
        yield Failure(FailureCode.NO_SHIPPING, "There is no shipping to pay for in this order.")


def _of_the_usage(coupon: Coupon, usage: Usage, discount: Money) -> Iterator[Failure]:
    if coupon.global_limit is not None and usage.uses >= coupon.global_limit:
        sentence = f"The coupon could be used {_times(coupon.global_limit)}, and all uses are taken."
        yield Failure(FailureCode.USED_UP, sentence)
    if coupon.per_user_limit is not None and usage.by_customer >= coupon.per_user_limit:
        sentence = f"You may use the coupon {_times(coupon.per_user_limit)}, and you have."
        yield Failure(FailureCode.USED_BY_YOU, sentence)
    # In another currency than the budget's there is nothing to compare; that failure is told already.
    if coupon.budget is not None and coupon.budget.currency == discount.currency:
        rest = coupon.budget - Money(usage.spent_minor, coupon.budget.currency)
        if discount > rest or not rest:
            yield Failure(
                FailureCode.BUDGET_SPENT,
                f"Only {rest} is left of what may be given with this coupon; your order needs {discount}.",
                missing=discount - rest,
            )


def _nothing_covered(coupon: Coupon, basket: Basket) -> Failure:
    if any(_is_for(coupon, line) for line in basket.lines):
        sentence = "You bargained for what the coupon is for, and coupons do not come on top of that price."
        return Failure(FailureCode.PRICE_AGREED, sentence)
    sentence = _what_it_is_for(coupon) if basket.lines else "There is nothing in the order yet."
    return Failure(FailureCode.NOTHING_ELIGIBLE, sentence)


def _what_it_is_for(coupon: Coupon) -> str:
    kinds = f" of kind {' or '.join(coupon.product_kinds)}" if coupon.product_kinds else ""
    if coupon.categories:
        return f"Nothing in the order is eligible: the coupon is for {', '.join(coupon.categories)}{kinds}."
    return f"Nothing in the order is eligible: the coupon is for certain products{kinds}."


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
