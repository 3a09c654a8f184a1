"""Rates that staff set and withdraw, and the history of all stored rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import select

from backend.domains.currency.models import CurrencyRateRow
from backend.domains.currency.rates import EURO, Origin
from backend.domains.currency.service import ExchangeRates
from backend.infra.audit import AuditLog
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError

FAR: Final = 2
"""More than so many times as much, or less than that part, is taken for a slip."""


class RateFarOffError(ConflictError):
    """A rate far from the present one that nobody confirmed."""

    title = "The rate is far from the present one"


class RateStandsError(ConflictError):
    """A rate that cannot be withdrawn."""

    title = "The rate cannot be withdrawn"


@dataclass(frozen=True)
class RateOverrides:
    """What staff say a currency is worth. The rows stay for ever; a withdrawal is noted beside them."""

    session: DbSession
    audit: AuditLog
    exchange: ExchangeRates

    def set(
        self,
        *,
        currency: str,
        rate: Decimal,
        note: str,
        by: str,
        now: datetime,
        until: datetime | None = None,
        confirmed: bool = False,
    ) -> CurrencyRateRow:
        """One euro is `rate` of `currency` from `now` on, until it is withdrawn, or `until`.

        A later one takes its place. Raises InvalidError for the euro and a time that is past,
        RateFarOffError for a rate that is more than `FAR` times the present one or less than that part of
        it, unless `confirmed`.
        """
        _require_sense(currency, until, now)
        if not confirmed:
            self._require_near(currency, rate, now)
        row = CurrencyRateRow(
            id=ids.new_id(ids.CURRENCY_RATE),
            currency=currency,
            rate=rate,
            day=now.astimezone(UTC).date(),
            source=Origin.STAFF,
            set_by=by,
            set_at=now,
            note=note,
            valid_until=until,
        )
        self.session.add(row)
        self.session.flush()
        self.audit.record(
            actor_id=by, action="currency.rate_set", subject=_subject(currency), after=_document(row)
        )
        return row

    def withdraw(self, *, rate_id: str, by: str, now: datetime) -> CurrencyRateRow:
        """Let the rate hold no longer from `now` on. NotFoundError, RateStandsError."""
        query = select(CurrencyRateRow).where(CurrencyRateRow.id == rate_id)
        row = self.session.scalars(query.with_for_update()).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no rate {rate_id}.")
        if row.source != Origin.STAFF:
            raise RateStandsError("The rate came from the feed; set one of your own to replace it.")
        if row.withdrawn_at is not None:
            raise RateStandsError(f"The rate was withdrawn at {row.withdrawn_at:%Y-%m-%d %H:%M} UTC already.")
        row.withdrawn_at, row.withdrawn_by = now, by
        self.session.flush()
        self.audit.record(
            actor_id=by,
            action="currency.rate_withdrawn",
            subject=_subject(row.currency),
            before=_document(row),
        )
        return row

    def history(self, *, currency: str, older_than: str | None, limit: int) -> Sequence[CurrencyRateRow]:
        """Up to `limit` stored rates of `currency`, those stored last first."""
        query = select(CurrencyRateRow).where(CurrencyRateRow.currency == currency)
        if older_than is not None:
            query = query.where(CurrencyRateRow.id < older_than)
        return self.session.scalars(query.order_by(CurrencyRateRow.id.desc()).limit(limit)).all()

    def _require_near(self, currency: str, rate: Decimal, now: datetime) -> None:
        present = self.exchange.mid_rate(currency=currency, at=now)
        if present is not None and is_far(rate, present.rate):
            raise RateFarOffError(
                f"One euro is {present.rate:f} {currency} now, and {rate:f} is far from that. A rate says "
                "how much of the currency one euro is worth. If it is meant, send 'confirmed': true.",
                extra={"present": f"{present.rate:f}", "day": present.day.isoformat()},
            )


def is_far(one: Decimal, other: Decimal) -> bool:
    """Whether two rates differ by more than a factor of `FAR`."""
    return max(one, other) > FAR * min(one, other)


def _require_sense(currency: str, until: datetime | None, now: datetime) -> None:
    if currency == EURO:
        raise InvalidError(
            "Rates say what one euro is worth; set one for the other currency.",
            errors={"currency": ["The euro has no rate of its own."]},
        )
    if until is not None and until <= now:
        raise InvalidError(
            "The rate would end before it begins.", errors={"until": ["Must lie in the future."]}
        )


def _subject(currency: str) -> str:
    return f"currency:{currency}"


def _document(row: CurrencyRateRow) -> dict[str, str | None]:
    return {
        "id": row.id,
        "rate": f"{row.rate:f}",
        "note": row.note,
        "until": None if row.valid_until is None else row.valid_until.isoformat(),
    }
