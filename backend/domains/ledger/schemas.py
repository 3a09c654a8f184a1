"""JSON shapes of statements."""

from datetime import date, timedelta
from typing import Any, Final

import marshmallow as ma

from backend.domains.ledger.presentation import FORMATS
from backend.web.fields import InstantField, QuerySchema, Schema, money_field

LONGEST_PERIOD: Final = timedelta(days=366)


class StatementArgs(QuerySchema):
    """Which days (of UTC): `from` to before `to`."""

    first = ma.fields.Date(required=True, data_key="from")
    last = ma.fields.Date(required=True, data_key="to")
    format = ma.fields.String(load_default="json", validate=ma.validate.OneOf(FORMATS))

    @ma.validates_schema
    def check_dates(self, data: dict[str, Any], **_: Any) -> None:
        """The stretch is forwards, and no longer than a year."""
        first: date = data["first"]
        last: date = data["last"]
        if last <= first:
            raise ma.ValidationError("Must be after `from`: the last day is not included.", "to")
        if last - first > LONGEST_PERIOD:
            raise ma.ValidationError(f"At most {LONGEST_PERIOD.days} days after `from`.", "to")


class StatementLineSchema(Schema):
    """One entry; amounts above zero are the owner's, `balance` is what they were owed after it."""

    at = InstantField(required=True)
    kind = ma.fields.String(required=True, metadata={"example": "charge"})
    words = ma.fields.String(required=True, metadata={"example": "Share of a sale"})
    reference = ma.fields.String(required=True)
    amount = money_field(required=True)
    balance = money_field(required=True)


class CurrencyStatementSchema(Schema):
    """What moved in one currency; a balance below zero is what the owner owes."""

    opening = money_field(required=True)
    lines = ma.fields.List(ma.fields.Nested(StatementLineSchema), required=True)
    closing = money_field(required=True)


class StatementSchema(Schema):
    """An account from the day `from` to before the day `to`."""

    account = ma.fields.String(required=True)
    first = ma.fields.Date(required=True, data_key="from")
    last = ma.fields.Date(required=True, data_key="to")
    currencies = ma.fields.List(ma.fields.Nested(CurrencyStatementSchema), required=True)
