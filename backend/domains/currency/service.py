"""Exchange rates at an instant, and money converted by them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Protocol

from backend.domains.currency.queries import stored_rates
from backend.domains.currency.rates import (
    EURO,
    Conversion,
    EuroRate,
    Origin,
    Rate,
    RateTooOldError,
    cross,
    missing,
    same,
)
from backend.domains.currency.shipped import ShippedRates
from backend.infra.postgres import DbSession
from backend.kernel.money import Money

Pair = tuple[str, str]


class Margin(Protocol):
    """How many percent dearer than the mid rate a conversion is."""

    def __call__(self, *, source: str, target: str, at: datetime) -> Decimal:
        """The percentage for changing `source` into `target` at `at`; 0 for none."""
        ...


@dataclass(frozen=True)
class ExchangeRates:
    """What money is worth in another currency.

    A rate that staff set holds first, else the newer one of the feed's and the shipped one. A rate that
    nobody set is RateMissingError, never 1. With `max_age_days` above 0, one that is older (and not set by
    staff) is RateTooOldError.
    """

    session: DbSession
    shipped: ShippedRates
    margin: Margin
    max_age_days: int = 0

    def rate(self, *, source: str, target: str, at: datetime) -> Rate:
        """The rate at which `source` is changed into `target` at `at`. RateMissingError, RateTooOldError.

        In itself a currency is worth one, without a question to the database.
        """
        return self.rates(pairs=[(source, target)], at=at)[source, target]

    def rates(self, *, pairs: Collection[Pair], at: datetime) -> Mapping[Pair, Rate]:
        """The rates of (source, target) `pairs`, in one statement. RateMissingError, RateTooOldError."""
        needed = {code for pair in pairs if pair[0] != pair[1] for code in pair} - {EURO}
        known = self._known(at, frozenset(needed)) if needed else {}
        return {pair: self._rate(pair, known, at) for pair in pairs}

    def convert(self, *, money: Money, target: str, at: datetime) -> Conversion:
        """`money` in `target` at `at`, rounded once. RateMissingError, RateTooOldError."""
        rate = self.rate(source=money.currency, target=target, at=at)
        return Conversion(rate, money, rate.apply(money))

    def listed(self, *, base: str, at: datetime) -> list[Rate]:
        """The rates of `base` in every other currency that has one at `at`, by currency, however old.

        RateMissingError when `base` has none.
        """
        known = self._known(at)
        if base not in {EURO, *known}:
            raise missing(base, known)
        targets = sorted({EURO, *known} - {base})
        return [self._cross((base, target), known, at) for target in targets]

    def mid_rate(self, *, currency: str, at: datetime) -> EuroRate | None:
        """What one euro is worth in `currency` at `at`, however old, or None where nobody says."""
        return self._known(at, frozenset({currency})).get(currency)

    def _known(self, at: datetime, currencies: frozenset[str] | None = None) -> Mapping[str, EuroRate]:
        shipped = self.shipped.on(_day(at))
        stored = stored_rates(self.session, at=at, currencies=currencies)
        return {**shipped, **{code: rate for code, rate in stored.items() if _holds(rate, shipped.get(code))}}

    def _rate(self, pair: Pair, known: Mapping[str, EuroRate], at: datetime) -> Rate:
        source, target = pair
        if source == target:
            return same(source, on=_day(at))
        for currency in pair:
            self._require_fresh(known.get(currency), at)
        return self._cross(pair, known, at)

    def _cross(self, pair: Pair, known: Mapping[str, EuroRate], at: datetime) -> Rate:
        source, target = pair
        margin = self.margin(source=source, target=target, at=at)
        return cross(source, target, known=known, margin=margin, on=_day(at))

    def _require_fresh(self, rate: EuroRate | None, at: datetime) -> None:
        if rate is None or rate.origin is Origin.STAFF or not self.max_age_days:
            return
        age = (_day(at) - rate.day).days
        if age > self.max_age_days:
            raise RateTooOldError(
                f"The newest exchange rate for {rate.currency} is {age} days old, of {rate.day}; at most "
                f"{self.max_age_days} are allowed. Choose another currency, or let an administrator look "
                "after the feed or set a rate with POST /api/currency/rates.",
                extra={"currency": rate.currency, "day": rate.day.isoformat(), "age_days": age},
            )


def _holds(stored: EuroRate, shipped: EuroRate | None) -> bool:
    return stored.origin is Origin.STAFF or shipped is None or stored.day >= shipped.day


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
