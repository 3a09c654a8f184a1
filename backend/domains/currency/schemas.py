"""JSON shapes of rates and conversions. A rate is a text, so that no reader makes a float of it."""

from decimal import Decimal
from typing import Any, Final

import marshmallow as ma

from backend.domains.currency.rates import EURO, Conversion, Origin, Rate
from backend.kernel import ids
from backend.kernel.money import MAX_MINOR
from backend.web.fields import (
    InstantField,
    MoneySchema,
    QuerySchema,
    Schema,
    WrittenSchema,
    currency_field,
    id_field,
    money_field,
)
from backend.web.pagination import PageArgs

LONGEST_NOTE: Final = 500
# More than any currency is worth, and less: slips with the decimal point stay within.
SMALLEST: Final = Decimal("0.000001")
LARGEST: Final = Decimal(10) ** 9
MOST_DECIMALS: Final = 10


def rate_field(**options: Any) -> ma.fields.String:
    """A decimal number as text."""
    return ma.fields.String(metadata={"example": "1.1172"}, **options)


def origin_field(**options: Any) -> ma.fields.String:
    """Where a rate comes from."""
    return ma.fields.String(
        validate=ma.validate.OneOf([origin.value for origin in Origin]),
        metadata={
            "description": "ecb: reference rates that ship with the product; feed: the daily feed; "
            "staff: set by staff; same: both currencies are one"
        },
        **options,
    )


class RatesArgs(QuerySchema):
    """`?base=EUR&at=…`; without `at`, now."""

    base = currency_field(load_default=EURO)
    at = InstantField(load_default=None)


class ConvertArgs(QuerySchema):
    """`?amount=12500&from=EUR&to=JPY&at=…`: the amount in minor units (cents, for EUR)."""

    amount = ma.fields.Integer(required=True, validate=ma.validate.Range(-MAX_MINOR, MAX_MINOR))
    source = currency_field(required=True, data_key="from")
    target = currency_field(required=True, data_key="to")
    at = InstantField(load_default=None)


class RateHistoryArgs(PageArgs):
    """`?currency=USD&limit=&cursor=`."""

    currency = currency_field(required=True)


class OverrideArgs(Schema):
    """One euro is `rate` of `currency`, until `until` or until it is withdrawn; `note` says why."""

    currency = currency_field(required=True)
    rate = ma.fields.Decimal(
        required=True,
        allow_nan=False,
        metadata={"type": "string", "example": "1.1172", "description": "how much one euro is worth"},
    )
    note = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST_NOTE))
    until = InstantField(load_default=None)
    confirmed = ma.fields.Boolean(
        load_default=False, metadata={"description": "true: also when it is far from the present rate"}
    )

    @ma.validates("rate")
    def _sensible(self, rate: Decimal, **_: Any) -> None:
        if not SMALLEST <= rate <= LARGEST:
            raise ma.ValidationError(f"Must be from {SMALLEST:f} to {LARGEST:f}.")
        if rate != round(rate, MOST_DECIMALS):
            raise ma.ValidationError(f"At most {MOST_DECIMALS} decimals.")


class RateSchema(WrittenSchema):
    """One of the base is `rate` of `currency`; `mid_rate` is that without the margin of so many percent."""

    currency = currency_field(required=True)
    rate = rate_field(required=True)
    mid_rate = rate_field(required=True)
    margin = ma.fields.String(required=True, metadata={"example": "0.5"})
    day = ma.fields.Date(required=True)
    age_days = ma.fields.Integer(required=True)
    origin = origin_field(required=True)

    @staticmethod
    def write(rate: Rate) -> dict[str, Any]:
        """The rate of a target."""
        return {"currency": rate.target, **_rate_document(rate)}


class RatesSchema(Schema):
    """The rates of `base` in every other currency that has one, at the instant `at`."""

    base = currency_field(required=True)
    at = InstantField(required=True)
    rates = ma.fields.List(ma.fields.Nested(RateSchema), required=True)


class ConversionSchema(WrittenSchema):
    """`from` is `to`, by `rate`: the `mid_rate`, made dearer by the margin of so many percent."""

    source = money_field(required=True, data_key="from")
    target = money_field(required=True, data_key="to")
    rate = rate_field(required=True)
    mid_rate = rate_field(required=True)
    margin = ma.fields.String(required=True, metadata={"example": "0.5"})
    day = ma.fields.Date(required=True)
    age_days = ma.fields.Integer(required=True)
    origin = origin_field(required=True)

    @staticmethod
    def write(conversion: Conversion) -> dict[str, Any]:
        """Both amounts and the rate between them."""
        money = MoneySchema()
        return {
            "from": money.dump(conversion.before),
            "to": money.dump(conversion.after),
            **_rate_document(conversion.rate),
        }


class StoredRateSchema(Schema):
    """What the feed or staff said; `until` and `withdrawn_at` are of rates of staff."""

    id = id_field(ids.CURRENCY_RATE, required=True)
    currency = currency_field(required=True)
    rate = ma.fields.Decimal(as_string=True, required=True, metadata={"type": "string", "example": "1.1172"})
    day = ma.fields.Date(required=True)
    origin = origin_field(required=True, attribute="source")
    set_by = ma.fields.String(required=True, allow_none=True)
    set_at = InstantField(required=True)
    note = ma.fields.String(required=True, allow_none=True)
    until = InstantField(required=True, allow_none=True, attribute="valid_until")
    withdrawn_at = InstantField(required=True, allow_none=True)
    withdrawn_by = ma.fields.String(required=True, allow_none=True)


class RateHistorySchema(Schema):
    """One page of stored rates."""

    items = ma.fields.List(ma.fields.Nested(StoredRateSchema), required=True)
    next = ma.fields.String(allow_none=True, required=True)


def _rate_document(rate: Rate) -> dict[str, Any]:
    return {
        "rate": f"{rate.rate:f}",
        "mid_rate": f"{rate.mid:f}",
        "margin": f"{rate.margin:f}",
        "day": rate.day.isoformat(),
        "age_days": rate.age_days,
        "origin": rate.origin.value,
    }
