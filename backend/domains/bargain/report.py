"""How bargains went: success, discount and margin by strategy, category or week."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Row, text

from backend.infra.postgres import DbSession
from backend.kernel.money import HUNDRED, Money

# By what bargains are told apart, in SQL. A week is one of ISO 8601, such as 2026-W47.
GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "strategy": "strategy",
        "category": "category",
        "week": """to_char(started_at AT TIME ZONE 'UTC', 'IYYY"-W"IW')""",
    }
)
# A session whose time is up is expired, whether or not anybody has come to say so.
_SUMS: Final = """
WITH sessions AS (
    SELECT {group} AS key, currency, list_minor, final_minor, cost_minor, attempts_used, used_by,
        CASE WHEN state = 'open' AND expires_at <= :now THEN 'expired' ELSE state END AS state
    FROM bargain_sessions
    WHERE started_at >= :since AND started_at < :until
)
SELECT key, currency,
    count(*) AS sessions,
    count(*) FILTER (WHERE state = 'open') AS open,
    count(*) FILTER (WHERE state = 'expired') AS expired,
    count(*) FILTER (WHERE state = 'abandoned') AS abandoned,
    count(*) FILTER (WHERE state = 'accepted') AS deals,
    coalesce(sum(attempts_used) FILTER (WHERE state <> 'open'), 0) AS attempts,
    coalesce(sum((list_minor - final_minor) * 100.0 / list_minor) FILTER (WHERE state = 'accepted'), 0)
        AS discounts,
    coalesce(sum(final_minor) FILTER (WHERE state = 'accepted'), 0) AS agreed,
    count(used_by) FILTER (WHERE state = 'accepted') AS sold,
    coalesce(sum(final_minor) FILTER (WHERE state = 'accepted' AND used_by IS NOT NULL), 0) AS revenue,
    count(cost_minor) FILTER (WHERE state = 'accepted' AND used_by IS NOT NULL) AS costed,
    coalesce(sum(final_minor - cost_minor) FILTER (WHERE state = 'accepted' AND used_by IS NOT NULL), 0)
        AS margin
FROM sessions GROUP BY key, currency ORDER BY key, currency
"""
_PLACES: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Amounts:
    """What bargains came to in one currency, before fees and taxes on top.

    `agreed` is of all `deals`, `revenue` of those `sold` in an order; `margin` is revenue less cost, of the
    `costed` ones of them, whose cost is known.
    """

    deals: int
    agreed: Money
    sold: int
    revenue: Money
    costed: int
    margin: Money

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.deals + other.deals,
            self.agreed + other.agreed,
            self.sold + other.sold,
            self.revenue + other.revenue,
            self.costed + other.costed,
            self.margin + other.margin,
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Sessions, counted. `attempts` is a sum over those that are over, `discounts` of percents of deals."""

    sessions: int = 0
    open: int = 0
    expired: int = 0
    abandoned: int = 0
    deals: int = 0
    attempts: int = 0
    discounts: Decimal = Decimal(0)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.sessions + other.sessions,
            self.open + other.open,
            self.expired + other.expired,
            self.abandoned + other.abandoned,
            self.deals + other.deals,
            self.attempts + other.attempts,
            self.discounts + other.discounts,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """How the bargains of one strategy, category or week went, or all of them (`key` is None).

    Amounts of different currencies stand beside each other and are never added up.
    """

    key: str | None
    tally: Tally = Tally()
    amounts: Mapping[str, Amounts] = field(default_factory=dict)

    @property
    def success_rate(self) -> Decimal | None:
        """Deals in percent of the sessions that are over; None when none is."""
        return _mean(HUNDRED * self.tally.deals, self.tally.sessions - self.tally.open)

    @property
    def mean_discount(self) -> Decimal | None:
        """By how many percent of the list price deals were below it, each weighing the same; None of none."""
        return _mean(self.tally.discounts, self.tally.deals)

    @property
    def mean_attempts(self) -> Decimal | None:
        """Offers in a session that is over; None when none is."""
        return _mean(Decimal(self.tally.attempts), self.tally.sessions - self.tally.open)

    @property
    def in_currencies(self) -> list[Amounts]:
        """The amounts, by the codes of their currencies."""
        return [self.amounts[currency] for currency in sorted(self.amounts)]

    def plus(self, tally: Tally, currency: str, amounts: Amounts) -> "Line":
        """The line with more sessions in it."""
        before = self.amounts.get(currency)
        merged = {**self.amounts, currency: amounts if before is None else before + amounts}
        return replace(self, tally=self.tally + tally, amounts=merged)


@dataclass(frozen=True, slots=True)
class BargainReport:
    """How the bargains went that began on the days from `since` to before `until` (of UTC)."""

    since: date
    until: date
    by: str
    lines: tuple[Line, ...]
    total: Line


@dataclass(frozen=True)
class BargainReports:
    """Adds up bargains."""

    session: DbSession

    def make(self, *, since: date, until: date, by: str, now: datetime) -> BargainReport:
        """The report by one of `GROUPS`; without a line when there were no bargains."""
        values = {"since": _midnight(since), "until": _midnight(until), "now": now}
        rows = self.session.execute(text(_SUMS.format(group=GROUPS[by])), values)
        lines, total = _added_up(rows)
        return BargainReport(since, until, by, lines, total)


def _added_up(rows: Iterable[Row[Any]]) -> tuple[tuple[Line, ...], Line]:
    lines: dict[str, Line] = {}
    total = Line(None)
    for row in rows:
        tally = Tally(
            row.sessions, row.open, row.expired, row.abandoned, row.deals, int(row.attempts), row.discounts
        )
        amounts = _amounts(row)
        lines[row.key] = lines.get(row.key, Line(row.key)).plus(tally, row.currency, amounts)
        total = total.plus(tally, row.currency, amounts)
    return tuple(lines.values()), total


def _amounts(row: Row[Any]) -> Amounts:
    def money(minor: Decimal) -> Money:
        return Money(int(minor), row.currency)

    return Amounts(row.deals, money(row.agreed), row.sold, money(row.revenue), row.costed, money(row.margin))


def _mean(total: Decimal, count: int) -> Decimal | None:
    return (total / count).quantize(_PLACES) if count else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
