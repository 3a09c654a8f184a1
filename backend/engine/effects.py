"""Effects: what a rule does when it fires. A closed set of small classes, registered in `effect_registry`.

Price effects turn into one signed line: `apply(base, subtotal)`. Percentages are of `base`, what the
stage started from, so those of one stage add up and never compound.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, Self

from backend.engine.values import BOOLEAN, MONEY, PERCENT, TEXT, ValueType
from backend.kernel.money import Money

_PLAIN_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_WHOLE: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Effect:
    """What every effect has: keyword, flags, and with what hit policy `best` compares it ("": nothing)."""

    keyword: ClassVar[str]
    flags: ClassVar[Mapping[str, ValueType]] = {}
    compares_as: ClassVar[str] = ""

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        """The effect staff wrote after its keyword; ValueError with a sentence when it is none."""
        raise NotImplementedError

    @property
    def currency(self) -> str | None:
        """The currency of a fixed amount: such a rule fires for prices in that currency only."""
        return None

    def cost_to_customer(self, base: Money) -> int:
        """What hit policy `best` compares: the lower, the better for the customer."""
        raise NotImplementedError


def parse_amount(text: str) -> Money | Decimal:
    """A percentage as Decimal (`25%`), or money (`15.00 EUR`)."""
    if text.endswith("%"):
        return Decimal(PERCENT.parse(text))
    if _PLAIN_NUMBER.fullmatch(text):
        raise ValueError(
            f"{text!r} has no unit; write '{text}%' for a percentage, or an amount such as 15.00 EUR"
        )
    try:
        amount: Money = MONEY.parse(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is neither a percentage such as 25% nor an amount of money such as 15.00 EUR"
        ) from None
    return amount


def parse_size(text: str, what: str) -> Money | Decimal:
    """As `parse_amount`, of nothing or more; `what` names it in the ValueError."""
    amount = parse_amount(text)
    if (amount.minor if isinstance(amount, Money) else amount) < 0:
        raise ValueError(f"{what} is nothing or more, and {text} is less")
    return amount


def share(amount: Money | Decimal, base: Money) -> Money:
    """The money that a percentage of `base`, or a fixed amount, comes to."""
    return amount if isinstance(amount, Money) else base.percent(amount)


@dataclass(frozen=True, slots=True)
class PriceEffect(Effect):
    """An effect that changes a price by `amount`: a percentage (Decimal) or Money.

    `label` replaces the rule's `about` on the price line; `may_go_below_floor` lets it pass the floor.
    """

    amount: Money | Decimal
    label: str = ""
    may_go_below_floor: bool = False

    keyword: ClassVar[str]
    flags: ClassVar[Mapping[str, ValueType]] = {"label": TEXT, "may_go_below_floor": BOOLEAN}
    compares_as: ClassVar[str] = "price"
    most_percent: ClassVar[Decimal] = Decimal(1000)
    takes_percent: ClassVar[bool] = True
    takes_negative: ClassVar[bool] = False

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        amount = parse_amount(text)
        if isinstance(amount, Decimal) and not cls.takes_percent:
            raise ValueError(f"{cls.keyword} takes an amount of money such as 15.00 EUR, not {text}")
        if isinstance(amount, Decimal) and amount > cls.most_percent:
            raise ValueError(f"{cls.keyword} is at most {cls.most_percent}%; {text} is more")
        size = amount.minor if isinstance(amount, Money) else amount
        if size == 0 or (size < 0 and not cls.takes_negative):
            raise ValueError(f"{cls.keyword} takes more than nothing, and {text} is not")
        return cls(amount, **flags)

    @property
    def currency(self) -> str | None:
        return self.amount.currency if isinstance(self.amount, Money) else None

    def apply(self, base: Money, subtotal: Money) -> Money:
        """The signed line it adds, when the stage started from `base` and stands at `subtotal`."""
        raise NotImplementedError

    def cost_to_customer(self, base: Money) -> int:
        return self.apply(base, base).minor


@dataclass(frozen=True, slots=True)
class Surcharge(PriceEffect):
    """`surcharge: 25%` or `surcharge: 15.00 EUR` raises the price."""

    keyword: ClassVar[str] = "surcharge"

    def apply(self, base: Money, subtotal: Money) -> Money:  # noqa: ARG002 - every price effect takes both
        return share(self.amount, base)


@dataclass(frozen=True, slots=True)
class Discount(PriceEffect):
    """`discount: 10%` or `discount: 5.00 EUR` lowers the price, never below nothing."""

    keyword: ClassVar[str] = "discount"
    most_percent: ClassVar[Decimal] = _WHOLE

    def apply(self, base: Money, subtotal: Money) -> Money:
        return -min(share(self.amount, base), max(subtotal, Money.zero(subtotal.currency)))


@dataclass(frozen=True, slots=True)
class Add(PriceEffect):
    """`add: 8.00 EUR` (or `-8.00 EUR`): a fixed amount beside the price, such as a service."""

    keyword: ClassVar[str] = "add"
    takes_percent: ClassVar[bool] = False
    takes_negative: ClassVar[bool] = True

    def apply(self, base: Money, subtotal: Money) -> Money:  # noqa: ARG002 - every price effect takes both
        return share(self.amount, base)


@dataclass(frozen=True, slots=True)
class Set(PriceEffect):
    """`set: 90.00 EUR`: the price is this, whatever it was."""

    keyword: ClassVar[str] = "set"
    takes_percent: ClassVar[bool] = False

    def apply(self, base: Money, subtotal: Money) -> Money:
        return share(self.amount, base) - subtotal


@dataclass(frozen=True, slots=True)
class AtLeast(PriceEffect):
    """`at_least: 40.00 EUR` (or a percentage of the base): a lower price is raised to it."""

    keyword: ClassVar[str] = "at_least"

    def apply(self, base: Money, subtotal: Money) -> Money:
        return max(share(self.amount, base), subtotal) - subtotal


@dataclass(frozen=True, slots=True)
class AtMost(PriceEffect):
    """`at_most: 200.00 EUR` (or a percentage of the base): a higher price is lowered to it."""

    keyword: ClassVar[str] = "at_most"

    def apply(self, base: Money, subtotal: Money) -> Money:
        return min(share(self.amount, base), subtotal) - subtotal


@dataclass(frozen=True, slots=True)
class MinimumMargin(Effect):
    """`minimum_margin: 10%` or `5.00 EUR`: what must be left above cost; it sets the price floor."""

    amount: Money | Decimal

    keyword: ClassVar[str] = "minimum_margin"
    compares_as: ClassVar[str] = "margin"

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        return cls(parse_size(text, "a minimum margin"), **flags)

    @property
    def currency(self) -> str | None:
        return self.amount.currency if isinstance(self.amount, Money) else None

    def floor(self, cost: Money) -> Money:
        """The lowest price that keeps `cost` and the margin."""
        return cost + share(self.amount, cost)

    def cost_to_customer(self, base: Money) -> int:
        return share(self.amount, base).minor


@dataclass(frozen=True, slots=True)
class Refuse(Effect):
    """`refuse: reason`: it is not sold; `reason` is told to the customer."""

    reason: str

    keyword: ClassVar[str] = "refuse"

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        return cls(text, **flags)


@dataclass(frozen=True, slots=True)
class Require(Effect):
    """`require: approval`: it is sold only after somebody of the named side agreed."""

    what: str

    keyword: ClassVar[str] = "require"

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        if text != "approval":
            raise ValueError(f"{text!r} cannot be required; write 'approval'")
        return cls(text, **flags)

    @property
    def approval(self) -> bool:
        """Whether the provider has to approve."""
        return self.what == "approval"


@dataclass(frozen=True, slots=True)
class Refund(Effect):
    """`refund: 50%` of what was paid."""

    percent: Decimal

    keyword: ClassVar[str] = "refund"
    compares_as: ClassVar[str] = "refund"

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        percent = Decimal(PERCENT.parse(text))
        if not 0 <= percent <= _WHOLE:
            raise ValueError(f"a refund is between 0% and 100%, and {text} is not")
        return cls(percent, **flags)

    def apply(self, paid: Money) -> Money:
        """What goes back of `paid`."""
        return paid.percent(self.percent)

    def cost_to_customer(self, base: Money) -> int:
        return -base.percent(self.percent).minor
