"""JSON of the report about bargains."""

from datetime import date, timedelta
from typing import Any, Final

import marshmallow as ma

from backend.domains.bargain.report import GROUPS
from backend.domains.bargain.report_csv import FORMATS
from backend.web.fields import QuerySchema, Schema, money_field

LONGEST_PERIOD: Final = timedelta(days=366)


class BargainReportArgs(QuerySchema):
    """Which days (of UTC), `from` to before `until`; by what; and how: else `Accept` says whether as CSV."""

    since = ma.fields.Date(required=True, data_key="from")
    until = ma.fields.Date(required=True)
    by = ma.fields.String(load_default="strategy", validate=ma.validate.OneOf(list(GROUPS)))
    format = ma.fields.String(load_default=None, validate=ma.validate.OneOf(FORMATS))

    @ma.validates_schema
    def check_dates(self, data: dict[str, Any], **_: Any) -> None:
        """The stretch is forwards, and no longer than a year."""
        since: date = data["since"]
        until: date = data["until"]
        if until <= since:
            raise ma.ValidationError("Must be after `from`: the last day is not included.", "until")
        if until - since > LONGEST_PERIOD:
            raise ma.ValidationError(f"At most {LONGEST_PERIOD.days} days after `from`.", "until")


class BargainAmountsSchema(Schema):
    """What they came to in one currency, before fees and taxes on top.

    `agreed` is of all deals, `revenue` of those `sold`; `margin` is revenue less cost of the `costed` ones of
    them, whose cost is known.
    """

    deals = ma.fields.Integer(required=True)
    agreed = money_field(required=True)
    sold = ma.fields.Integer(required=True)
    revenue = money_field(required=True)
    costed = ma.fields.Integer(required=True)
    margin = money_field(required=True)


def _percent_field(about: str) -> ma.fields.Decimal:
    return ma.fields.Decimal(
        required=True, allow_none=True, as_string=True, metadata={"description": about, "example": "41.67"}
    )


class BargainLineSchema(Schema):
    """How the bargains of one strategy, category or week went; `key` is null for all of them."""

    key = ma.fields.String(required=True, allow_none=True, metadata={"example": "moderate"})
    sessions = ma.fields.Integer(required=True, attribute="tally.sessions")
    open = ma.fields.Integer(required=True, attribute="tally.open")
    expired = ma.fields.Integer(required=True, attribute="tally.expired")
    abandoned = ma.fields.Integer(required=True, attribute="tally.abandoned")
    deals = ma.fields.Integer(required=True, attribute="tally.deals")
    success_rate = _percent_field("deals in percent of the sessions that are over; null when none is")
    mean_discount = _percent_field("percent below the list price, a deal's; null without one")
    mean_attempts = _percent_field("offers in a session that is over; null when none is")
    amounts = ma.fields.List(ma.fields.Nested(BargainAmountsSchema), required=True, attribute="in_currencies")


class BargainReportSchema(Schema):
    """How the bargains went that began on the days from `from` to before `until` (of UTC)."""

    since = ma.fields.Date(required=True, data_key="from")
    until = ma.fields.Date(required=True)
    by = ma.fields.String(required=True, validate=ma.validate.OneOf(list(GROUPS)))
    lines = ma.fields.List(ma.fields.Nested(BargainLineSchema), required=True)
    total = ma.fields.Nested(BargainLineSchema, required=True)
