"""Keeping the floor from being probed: how often somebody may bargain, and what they met before.

What a prober can learn is bounded from four sides: by account, by item, by date of travel and by address. All
starts of one user, and all of one address over one product, are counted one after another, so that starts
at once count as those in turn.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from sqlalchemy import text

from backend.infra.postgres import DbSession
from backend.kernel.errors import TooManyError
from backend.kernel.money import Money

DAY: Final = timedelta(days=1)
# For so long a counter-offer that somebody met is the best one they meet.
REMEMBERED: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Allowed:
    """How many sessions in a day, and how long somebody waits who let sessions go without a deal.

    The first `free_failures` cost nothing; each one more doubles the wait.
    """

    of_user: int = 20
    of_user_and_item: int = 4
    of_address_and_product: int = 8
    of_address_and_date: int = 16
    of_address: int = 60
    free_failures: int = 2
    first_wait: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Before:
    """What somebody did before: sessions over this item in 30 days, and the best price they met.

    That is a part of the list price of its day, so that it counts for other quantities, too.
    """

    sessions: int
    best_ratio: Decimal | None

    def best_of(self, list_price: Money) -> Money | None:
        """The price below which they get nothing for having asked again; rounded up."""
        if self.best_ratio is None:
            return None
        minor = (self.best_ratio * list_price.minor).to_integral_value(ROUND_CEILING)
        return Money(int(minor), list_price.currency)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who wants to bargain over what."""

    user_id: str
    product_id: str
    thing: str
    starts_at: datetime | None
    address_key: str


# Which sessions of the last day each limit counts.
_COUNTED: Final = {
    "of_user": "user_id = :user_id",
    "of_user_and_item": "user_id = :user_id AND thing = :thing",
    "of_address_and_product": "address_key = :address_key AND product_id = :product_id",
    "of_address_and_date": "address_key = :address_key"
    " AND CAST(starts_at AT TIME ZONE 'UTC' AS date) = CAST(:starts_on AS date)",
    "of_address": "address_key = :address_key",
}
# How many there are and when the oldest of them began, in one pass.
_COLUMNS: Final = ", ".join(
    f"count(*) FILTER (WHERE {counted}) AS {name}, min(started_at) FILTER (WHERE {counted}) AS {name}_since"
    for name, counted in _COUNTED.items()
)
_COUNTS: Final = text(
    f"SELECT {_COLUMNS} FROM bargain_sessions"  # noqa: S608 (conditions of our own)
    " WHERE started_at > :since AND (user_id = :user_id OR address_key = :address_key)"
)
_FAILED: Final = text(
    "SELECT count(*) AS failures, max(COALESCE(ended_at, expires_at)) AS last FROM bargain_sessions"
    " WHERE user_id = :user_id AND product_id = :product_id AND started_at > :since AND attempts_used > 0"
    " AND (state IN ('expired', 'abandoned') OR (state = 'open' AND expires_at <= :now))"
)
_BEFORE: Final = text(
    "SELECT count(*) FILTER (WHERE user_id = :user_id) AS sessions,"
    " min(CAST(LEAST(counter_minor, final_minor) AS numeric) / list_minor) AS best_ratio"
    " FROM bargain_sessions WHERE thing = :thing AND started_at > :since"
    # Neighbours share an address: what one of them met binds the others for a day, not for a month.
    " AND (user_id = :user_id OR (address_key = :address_key AND started_at > :today))"
)
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True)
class Probing:
    """Counts sessions in PostgreSQL, where they are whether Redis is there or not."""

    session: DbSession
    secret: str
    allowed: Allowed = Allowed()

    def require_allowed(self, asking: Asking, *, now: datetime) -> None:
        """TooManyError when somebody bargained too often lately. Their other starts wait for this one."""
        # In one order for everybody: users first.
        for name in (
            f"bargain:user:{asking.user_id}",
            f"bargain:address:{asking.address_key}:{asking.product_id}",
        ):
            self.session.execute(_LOCK, {"name": name})
        values = self._values(asking, now - DAY)
        counts = self.session.execute(_COUNTS, values).mappings().one()
        self._refuse_more(counts, now)
        self._refuse_before(self._cooled(values, now), now)

    def before(self, asking: Asking, *, now: datetime) -> Before:
        """What they met over the same item: from this account in 30 days, from this address in one."""
        found = self.session.execute(
            _BEFORE, {**self._values(asking, now - REMEMBERED), "today": now - DAY}
        ).one()
        return Before(found.sessions, found.best_ratio)

    def address_key(self, address: str) -> str:
        """What is kept of an address: 32 hexadecimal digits that nobody can turn back."""
        return self._keyed("address", address)

    def jitter_key(self, *, user_id: str, thing: str, now: datetime) -> str:
        """The same for a user and an item all day (UTC), so that asking again averages nothing out."""
        return self._keyed("jitter", user_id, thing, now.astimezone(UTC).date().isoformat())

    def _keyed(self, *parts: str) -> str:
        told = "\x00".join(("bargain", *parts)).encode()
        return hmac.new(self.secret.encode(), told, hashlib.sha256).hexdigest()[:32]

    def _values(self, asking: Asking, since: datetime) -> dict[str, Any]:
        return {
            "user_id": asking.user_id,
            "product_id": asking.product_id,
            "thing": asking.thing,
            "address_key": asking.address_key,
            "starts_on": None if asking.starts_at is None else asking.starts_at.astimezone(UTC).date(),
            "since": since,
        }

    def _refuse_more(self, counts: Any, now: datetime) -> None:
        for name, where in _WHERE.items():
            most = getattr(self.allowed, name)
            if counts[name] >= most:
                raise TooManyError(
                    f"{most} bargains a day are possible {where}; its list price is good all the time.",
                    retry_after=_seconds(counts[f"{name}_since"] + DAY - now),
                )

    def _cooled(self, values: dict[str, Any], now: datetime) -> datetime | None:
        """When somebody who let sessions over this product go may start the next; None at once."""
        failed = self.session.execute(_FAILED, {**values, "now": now}).one()
        too_many = failed.failures - self.allowed.free_failures
        if too_many < 0:
            return None
        last: datetime = failed.last
        # After a day none of them counts any more.
        wait: timedelta = min(self.allowed.first_wait * 2**too_many, DAY)
        return last + wait

    @staticmethod
    def _refuse_before(at: datetime | None, now: datetime) -> None:
        if at is not None and now < at:
            raise TooManyError(
                "You let bargains over this go lately; wait a while before the next one, or buy it at its"
                " list price.",
                retry_after=_seconds(at - now),
            )


_WHERE: Final = {
    "of_user": "for you",
    "of_user_and_item": "for you over the same thing",
    "of_address_and_product": "from your address over the same product",
    "of_address_and_date": "from your address for the same day",
    "of_address": "from your address",
}


def _seconds(left: timedelta) -> int:
    return max(1, -(-left // timedelta(seconds=1)))
