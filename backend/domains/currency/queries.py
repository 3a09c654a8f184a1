"""Statements about stored rates. Built once: every price in another currency asks for them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import BindParameter, Text, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from backend.domains.currency.models import CurrencyRateRow
from backend.domains.currency.rates import EuroRate, Origin
from backend.infra.postgres import DbSession

_ROW: Final = CurrencyRateRow
_AT: Final[BindParameter[datetime]] = bindparam("at")
_BY_STAFF: Final = _ROW.source == Origin.STAFF

# Of each currency what staff said last and still stand by, else the newest day of the feed.
_HOLDING: Final = (
    select(_ROW.currency, _ROW.rate, _ROW.day, _ROW.source)
    .ext(distinct_on(_ROW.currency))
    .where(_ROW.set_at <= _AT, _ROW.day <= bindparam("day"))
    .where(or_(_ROW.valid_until.is_(None), _ROW.valid_until > _AT))
    .where(or_(_ROW.withdrawn_at.is_(None), _ROW.withdrawn_at > _AT))
    .order_by(_ROW.currency, _BY_STAFF.desc(), _ROW.day.desc(), _ROW.set_at.desc(), _ROW.id.desc())
)
_HOLDING_OF_SOME: Final = _HOLDING.where(_ROW.currency == bindparam("currencies", type_=ARRAY(Text)).any_())
_FED: Final = (
    select(_ROW.currency, _ROW.rate, _ROW.day)
    .ext(distinct_on(_ROW.currency))
    .where(_ROW.source == Origin.FEED, _ROW.day > bindparam("since"))
    .order_by(_ROW.currency, _ROW.day.desc())
)


def stored_rates(
    session: DbSession, *, at: datetime, currencies: frozenset[str] | None = None
) -> Mapping[str, EuroRate]:
    """What the table says at `at` of `currencies` (None: of all), by currency."""
    values = {"at": at, "day": at.astimezone(UTC).date()}
    if currencies is None:
        rows = session.execute(_HOLDING, values)
    else:
        rows = session.execute(_HOLDING_OF_SOME, values | {"currencies": sorted(currencies)})
    return {row.currency: EuroRate(row.currency, row.rate, row.day, Origin(row.source)) for row in rows}


def fed_rates(session: DbSession, *, since: date) -> Mapping[str, EuroRate]:
    """The feed's newest rate of each currency, of days after `since`."""
    rows = session.execute(_FED, {"since": since})
    return {row.currency: EuroRate(row.currency, row.rate, row.day, Origin.FEED) for row in rows}
