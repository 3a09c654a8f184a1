"""Money: integer minor units with an ISO 4217 currency; one rounding; splits that sum exactly.

A rate or a percentage is a `Decimal`, an amount is a `Money`. Multiplying by a float is an error.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import iso4217

HUNDRED: Final = Decimal(100)
# Funds and metals (XAU, XTS …) have no exponent: nothing is priced in them.
EXPONENTS: Final[dict[str, int]] = {c.code: c.exponent for c in iso4217.Currency if c.exponent is not None}
# A bigint holds it, and a sum of a million such amounts too.
MAX_MINOR: Final = 10**12


class CurrencyError(ValueError):
    """An unknown currency, or two different ones in one sum."""


def round_minor(value: Decimal) -> int:
    """The one rounding of the product: half away from zero, to whole minor units."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def exponent(currency: str) -> int:
    """How many decimals ISO 4217 gives the currency (EUR 2, JPY 0, KWD 3)."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise CurrencyError(f"{currency!r} is not an ISO 4217 currency") from None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of `minor` units (cents, for EUR) of `currency`."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"minor units are whole numbers, not {self.minor!r}")
        if self.currency not in EXPONENTS:
            exponent(self.currency)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, in `currency`."""
        return cls(0, currency)

    @classmethod
    def of(cls, amount: Decimal | str, currency: str) -> "Money":
        """From a decimal amount of major units: `Money.of("12.50", "EUR")`.

        Raises CurrencyError for more decimals than the currency has: money is never rounded silently.
        """
        scaled = Decimal(amount).scaleb(exponent(currency))
        if scaled != scaled.to_integral_value():
            raise CurrencyError(f"{amount} has more decimals than {currency} ({exponent(currency)})")
        return cls(int(scaled), currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with the currency's decimals."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _minor_of(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyError(f"{self.currency} and {other.currency} do not add up; convert one first")
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._minor_of(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._minor_of(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __mul__(self, factor: int | Decimal) -> "Money":
        if not isinstance(factor, int | Decimal):
            raise TypeError(f"money is multiplied by int or Decimal, not {type(factor).__name__}")
        return Money(round_minor(Decimal(self.minor) * factor), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._minor_of(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._minor_of(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._minor_of(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._minor_of(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def percent(self, rate: Decimal) -> "Money":
        """`rate` percent of it (25 means a quarter), rounded once."""
        return self * (rate / HUNDRED)

    def split(self, weights: Sequence[int | Decimal]) -> list["Money"]:
        """Shares in proportion to `weights`, which always sum exactly to the whole.

        Largest remainder: every share is within one minor unit of its exact part, and equal
        remainders go to the earlier share. Raises ValueError for no, negative or all-zero weights.
        """
        total = sum(weights)
        if not weights or min(weights) < 0 or total == 0:
            raise ValueError("weights must be non-negative with a positive sum")
        sign, whole = (-1 if self.minor < 0 else 1), abs(self.minor)
        parts = [divmod(whole * weight, total) for weight in weights]
        shares = [int(share) for share, _ in parts]
        by_remainder = sorted(range(len(parts)), key=lambda i: -parts[i][1])
        for i in by_remainder[: whole - sum(shares)]:
            shares[i] += 1
        return [Money(sign * share, self.currency) for share in shares]


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of `amounts`, zero for none."""
    # Summed as numbers: a price is made of thousands of additions.
    minor = 0
    for amount in amounts:
        if amount.currency != currency:
            raise CurrencyError(f"{currency} and {amount.currency} do not add up; convert one first")
        minor += amount.minor
    return Money(minor, currency)
