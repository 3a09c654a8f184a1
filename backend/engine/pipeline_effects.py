"""Price effects as terms of z3: what each adds to a price, in minor units without rounding."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import z3

from backend.engine.effects import (
    AtLeast,
    AtMost,
    Discount,
    Effect,
    MinimumMargin,
    PriceEffect,
    Set,
    Surcharge,
)
from backend.engine.pipeline_facts import share
from backend.engine.rules import Rule
from backend.kernel.money import Money

_WHOLE: Final = Decimal(100)


def price_line(effect: PriceEffect, base: z3.ArithRef, subtotal: z3.ArithRef) -> z3.ArithRef:
    """The line that an effect adds, unrounded, as its `apply` says."""
    amount = share_of(effect.amount, base)
    match effect:
        case Discount():
            left = z3.If(subtotal > 0, subtotal, z3.RealVal(0))
            return -z3.If(amount < left, amount, left)
        case Set():
            return amount - subtotal
        case AtLeast():
            return z3.If(amount > subtotal, amount - subtotal, z3.RealVal(0))
        case AtMost():
            return z3.If(amount < subtotal, amount - subtotal, z3.RealVal(0))
    return amount


def cost_to_customer(effect: Effect, base: z3.ArithRef) -> z3.ArithRef:
    """What hit policy `best` compares, unrounded."""
    if isinstance(effect, PriceEffect):
        return price_line(effect, base, base)
    assert isinstance(effect, MinimumMargin)  # noqa: S101 (`best` takes comparable effects alone)
    return share_of(effect.amount, base)


def is_plain(rules: Iterable[Rule]) -> bool:
    """Whether a stage has percentages alone, whose discounts together cannot take more than everything."""
    effects = [rule.effect for rule in rules]
    percents = [effect.amount for effect in effects if isinstance(effect, Discount)]
    return (
        all(
            isinstance(effect, Surcharge | Discount) and isinstance(effect.amount, Decimal)
            for effect in effects
        )
        and sum(percent for percent in percents if isinstance(percent, Decimal)) <= _WHOLE
    )


def signed_percent(effect: Effect) -> Decimal:
    """What a percentage of a plain stage costs the customer."""
    assert isinstance(effect, Surcharge | Discount)  # noqa: S101 (see `is_plain`)
    assert isinstance(effect.amount, Decimal)  # noqa: S101 (see `is_plain`)
    return -effect.amount if isinstance(effect, Discount) else effect.amount


def price_part(effect: Effect, base: z3.ArithRef) -> z3.ArithRef:
    """The line of a percentage in a plain stage."""
    assert isinstance(effect, Surcharge | Discount)  # noqa: S101 (see `is_plain`)
    part = share_of(effect.amount, base)
    return -part if isinstance(effect, Discount) else part


def share_of(amount: Money | Decimal, base: z3.ArithRef) -> z3.ArithRef:
    """A percentage of `base`, unrounded, or a fixed amount, in minor units."""
    if isinstance(amount, Money):
        return z3.RealVal(amount.minor)
    return base * share(amount / 100)
