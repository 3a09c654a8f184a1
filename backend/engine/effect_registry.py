"""All effects by their keywords."""

from collections.abc import Mapping
from typing import Final

from backend.engine.bargain_effects import Firmer, MostOff, Softer, Strategy
from backend.engine.effects import (
    Add,
    AtLeast,
    AtMost,
    Discount,
    Effect,
    MinimumMargin,
    Refund,
    Refuse,
    Require,
    Set,
    Surcharge,
)
from backend.engine.settlement_effects import Deposit, Fee, ReverseCharge, Tax

EFFECTS: Final[Mapping[str, type[Effect]]] = {
    effect.keyword: effect
    for effect in (
        Surcharge, Discount, Add, Set, AtLeast, AtMost, MinimumMargin, Refuse, Require, Refund,
        Fee, Tax, ReverseCharge, Deposit, Strategy, MostOff, Softer, Firmer,
    )
}  # fmt: skip
