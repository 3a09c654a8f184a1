"""When one effect is at least as good for the customer as another, whatever the price."""

from decimal import Decimal

from backend.engine.effects import Discount, Effect, MinimumMargin, Refund, Surcharge
from backend.kernel.money import Money


def at_least_as_good(one: Effect, other: Effect) -> bool:
    """Whether hit policy `best` never prefers `other` for its effect; False also where that depends."""
    match one, other:
        case (Discount(), Surcharge()):
            return True
        case (Discount(), Discount()):
            return _at_most(other.amount, one.amount)
        case (Surcharge(), Surcharge()):
            return _at_most(one.amount, other.amount)
        case (MinimumMargin(), MinimumMargin()):
            return _at_most(one.amount, other.amount)
        case (Refund(), Refund()):
            return other.percent <= one.percent
    return False


def _at_most(one: Money | Decimal, other: Money | Decimal) -> bool:
    if isinstance(one, Money):
        return isinstance(other, Money) and one.currency == other.currency and one.minor <= other.minor
    return isinstance(other, Decimal) and one <= other
