"""JSON shapes of the lines that explain a price, and of slots with one."""

from typing import Any, Final

import marshmallow as ma

from backend.domains.pricing.listing import PricedSlot
from backend.domains.pricing.records import money_document
from backend.web.fields import (
    InstantField,
    Schema,
    WrittenSchema,
    money_field,
    write_instant,
)

MOST_PERSONS: Final = 1000
LONGEST_TOKEN: Final = 2000
MOST_UNITS: Final = 99


def slot_id_field(**options: Any) -> ma.fields.String:
    """The id of a slot, as a listing gave it."""
    shape = ma.validate.Regexp(r"^slt_[0-9a-v]{32}$", error="Not a slot id: take one from GET /api/bookings.")
    example = {"example": "slt_ahn7kaabs3zq6m8v9x2c4b5n7p2q3r4s"}
    return ma.fields.String(validate=shape, metadata=example, **options)


def party_field(**options: Any) -> ma.fields.Integer:
    """A number of persons."""
    return ma.fields.Integer(strict=True, validate=ma.validate.Range(1, MOST_PERSONS), **options)


class RuleSchema(Schema):
    """Where a rule stands."""

    decision = ma.fields.String(required=True)
    id = ma.fields.String(required=True)
    file = ma.fields.String(required=True)
    line = ma.fields.Integer(required=True)


class LineSchema(Schema):
    """One signed amount of a price."""

    stage = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    amount = money_field(required=True)
    rule = ma.fields.Nested(RuleSchema, required=True, allow_none=True)


class NearMissSchema(Schema):
    """A rule that failed by one test."""

    rule = ma.fields.String(required=True)
    fact = ma.fields.String(required=True)
    wanted = ma.fields.String(required=True)
    got = ma.fields.Raw(required=True, allow_none=True)


class InstalmentSchema(Schema):
    """A balance and its day."""

    amount = money_field(required=True)
    on = ma.fields.Date(required=True)


class TaxSchema(Schema):
    """The tax in or on a price; with `reverse_charge` the customer owes it."""

    label = ma.fields.String(required=True)
    percent = ma.fields.String(required=True)
    net = money_field(required=True)
    tax = money_field(required=True)
    included = ma.fields.Boolean(required=True)
    reverse_charge = ma.fields.String(required=True, allow_none=True)
    rule = ma.fields.Nested(RuleSchema, required=True)


class SharesSchema(Schema):
    """Who gets what of a price."""

    provider = money_field(required=True)
    platform = money_field(required=True)
    expert = money_field(required=True)
    tax = money_field(required=True)


class PricedSlotSchema(WrittenSchema):
    """A slot in a listing."""

    slot_id = ma.fields.String(required=True)
    provider = ma.fields.String(required=True)
    product = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    starts_at = InstantField(required=True)
    ends_at = InstantField(required=True)
    timezone = ma.fields.String(required=True)
    seats_left = ma.fields.Integer(required=True)
    price = money_field(required=True)
    list_price = money_field(required=True)
    price_reasons = ma.fields.List(ma.fields.String(), required=True)

    @staticmethod
    def write(priced: PricedSlot) -> dict[str, Any]:
        """A flat view of the slot and its price."""
        slot, price = priced.slot, priced.price
        return {
            "slot_id": slot.id,
            "provider": slot.provider.id,
            "product": slot.product.id,
            "name": slot.product.name,
            "starts_at": write_instant(slot.starts_at),
            "ends_at": write_instant(slot.ends_at),
            "timezone": slot.provider.timezone,
            "seats_left": slot.seats_left,
            "price": money_document(price.total),
            "list_price": money_document(price.lines[0].amount),
            "price_reasons": price.reasons,
        }
