"""Fetching the daily rates and keeping them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import structlog
from sqlalchemy.dialects.postgresql import insert

from backend.domains.currency.feed import DailyRates, FeedRefusedError, read_feed, require_plausible
from backend.domains.currency.models import CurrencyRateRow
from backend.domains.currency.queries import fed_rates, stored_rates
from backend.domains.currency.rates import Origin
from backend.domains.currency.shipped import ShippedRates
from backend.infra import metrics
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.http import NotFetchedError
from backend.infra.postgres import DbSession
from backend.kernel import ids

log = structlog.get_logger(__name__)


class Refreshed(StrEnum):
    """What became of a refresh."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    """The day was stored before."""
    REFUSED = "refused"
    """The feed is not what it should be; the old rates stay."""
    UNREACHABLE = "unreachable"
    """No feed came; the old rates stay."""


@dataclass(frozen=True)
class RateFeed:
    """Keeps the days of the feed. `fetch` answers the feed's text or raises NotFetchedError."""

    session: DbSession
    clock: Clock
    audit: AuditLog
    shipped: ShippedRates
    fetch: Callable[[], bytes]

    def refresh(self) -> Refreshed:
        """Store the day that the feed has. What cannot be used is told in the log, never raised.

        May run at any time and by several at once: of each currency and day there is one row.
        """
        try:
            result = self._store(read_feed(self.fetch()))
        except NotFetchedError as error:
            log.warning("currency_feed_unreachable", why=error.detail)
            result = Refreshed.UNREACHABLE
        except FeedRefusedError as error:
            log.warning("currency_feed_refused", why=str(error))
            result = Refreshed.REFUSED
        metrics.rates_refreshed(result)
        return result

    def _store(self, found: DailyRates) -> Refreshed:
        now = self.clock.now()
        today = now.astimezone(UTC).date()
        known = {**self.shipped.on(today), **fed_rates(self.session, since=self.shipped.newest_day())}
        stored = stored_rates(self.session, at=now)
        by_staff = {code: rate for code, rate in stored.items() if rate.origin is Origin.STAFF}
        require_plausible(found, today=today, known=known, by_staff=by_staff)
        added = self._insert(found, now)
        if not added:
            return Refreshed.UNCHANGED
        self.audit.record(
            actor_id=None,
            action="currency.rates_fed",
            subject="currency:feed",
            after={
                "day": found.day.isoformat(),
                "rates": {code: f"{found.rates[code]:f}" for code in added},
            },
        )
        log.info("currency_rates_stored", day=found.day.isoformat(), count=len(added))
        return Refreshed.STORED

    def _insert(self, found: DailyRates, now: datetime) -> list[str]:
        """Store what is not there yet, always in the same order; the currencies that were new."""
        rows = [
            {
                "id": ids.new_id(ids.CURRENCY_RATE),
                "currency": currency,
                "rate": rate,
                "day": found.day,
                "source": Origin.FEED.value,
                "set_at": now,
            }
            for currency, rate in sorted(found.rates.items())
        ]
        adding = insert(CurrencyRateRow).values(rows).on_conflict_do_nothing()
        return sorted(self.session.scalars(adding.returning(CurrencyRateRow.currency)))
