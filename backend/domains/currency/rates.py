"""Exchange rates as values: what a euro is worth, the rate of a pair, and money converted by it. Pure.

A rate is a Decimal of 18 significant digits at most, so that it can be stored and the same conversion be
done again to the same minor unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import Final

from backend.kernel.errors import ConflictError, InvalidError
from backend.kernel.money import HUNDRED, MAX_MINOR, Money, exponent, round_minor

EURO: Final = "EUR"
ONE: Final = Decimal(1)
# Of a stored rate. An amount has 13 digits at most, so their product is exact in 50.
_RATE: Final = Context(prec=18)
_EXACT: Final = Context(prec=50)


class RateMissingError(ConflictError):
    """There is no rate of a currency for the instant; a rate is never guessed."""

    title = "No exchange rate"


class RateTooOldError(ConflictError):
    """The newest rate is older than `RATES_MAX_AGE_DAYS` allows."""

    title = "The exchange rate is too old"


class TooMuchToConvertError(InvalidError):
    """The converted amount is larger than any amount of money here."""


class Origin(StrEnum):
    """Where a rate comes from."""

    ECB = "ecb"
    """The reference rates that the product ships with."""
    FEED = "feed"
    """The daily feed."""
    STAFF = "staff"
    """Set by staff."""
    SAME = "same"
    """Both currencies are the same one."""


@dataclass(frozen=True, slots=True)
class EuroRate:
    """One euro is `rate` of `currency`, by the word of `origin` for `day`."""

    currency: str
    rate: Decimal
    day: date
    origin: Origin


@dataclass(frozen=True, slots=True)
class Rate:
    """One `source` is `rate` of `target`: the `mid` rate, made dearer by `margin` percent.

    `day` is the older day of the two rates behind it; `age_days` is how old that is at the instant asked for.
    """

    source: str
    target: str
    rate: Decimal
    mid: Decimal
    margin: Decimal
    day: date
    age_days: int
    origin: Origin

    def apply(self, money: Money) -> Money:
        """`money` of the source in the target, rounded once. TooMuchToConvertError."""
        if money.currency != self.source:
            raise ValueError(f"a rate of {self.source} does not convert {money.currency}")
        with localcontext(_EXACT):
            scale = exponent(self.target) - exponent(self.source)
            minor = round_minor((Decimal(money.minor) * self.rate).scaleb(scale))
        if abs(minor) > MAX_MINOR:
            raise TooMuchToConvertError(f"{money} is more in {self.target} than can be dealt with.")
        return Money(minor, self.target)

    def apply_to_parts(self, parts: Sequence[Money]) -> list[Money]:
        """Each of `parts` (of either sign) in the target; they sum exactly to the converted sum.

        Each is what the sum so far comes to more by it: within one minor unit of its exact amount.
        """
        sums = accumulate(parts, initial=Money.zero(self.source))
        return [after - before for before, after in pairwise(self.apply(so_far) for so_far in sums)]


@dataclass(frozen=True, slots=True)
class Conversion:
    """`before`, which is `after` by `rate`."""

    rate: Rate
    before: Money
    after: Money


def same(currency: str, *, on: date) -> Rate:
    """The rate of a currency in itself: one, without a margin."""
    return Rate(currency, currency, ONE, ONE, Decimal(0), on, 0, Origin.SAME)


def cross(source: str, target: str, *, known: Mapping[str, EuroRate], margin: Decimal, on: date) -> Rate:
    """The rate of two different currencies by way of the euro, on the day `on`. RateMissingError."""
    legs = [leg for leg in (_leg(source, known), _leg(target, known)) if leg is not None]
    mid = _RATE.divide(_worth(target, known), _worth(source, known))
    older = min(legs, key=lambda leg: leg.day)
    by_staff = any(leg.origin is Origin.STAFF for leg in legs)
    return Rate(
        source=source,
        target=target,
        rate=_plain(_RATE.multiply(mid, ONE + margin / HUNDRED)),
        mid=_plain(mid),
        margin=margin,
        day=older.day,
        age_days=max((on - older.day) // timedelta(days=1), 0),
        origin=Origin.STAFF if by_staff else older.origin,
    )


def _leg(currency: str, known: Mapping[str, EuroRate]) -> EuroRate | None:
    """The rate of a currency that is not the euro itself."""
    if currency == EURO:
        return None
    if currency not in known:
        raise missing(currency, known)
    return known[currency]


def _worth(currency: str, known: Mapping[str, EuroRate]) -> Decimal:
    return ONE if currency == EURO else known[currency].rate


def missing(currency: str, known: Mapping[str, EuroRate]) -> RateMissingError:
    """What to answer where there is no rate of `currency`; names those that there are among `known`."""
    return RateMissingError(
        f"There is no exchange rate for {currency} at that time. Choose another currency, or let an "
        "administrator set a rate with POST /api/currency/rates.",
        extra={"currency": currency, "currencies": sorted({EURO, *known})},
    )


def _plain(rate: Decimal) -> Decimal:
    """The same number without trailing zeros, and never in exponents: `136`, `0.8338`."""
    return Decimal(f"{rate.normalize(_RATE):f}")
