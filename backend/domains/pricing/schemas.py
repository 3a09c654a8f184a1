"""JSON shapes of quotes and of the lines that explain a price."""

from typing import Any, Final

import marshmallow as ma

from backend.domains.pricing.listing import PricedSlot
from backend.domains.pricing.records import line_document, money_document, rule_document
from backend.domains.pricing.service import Quote
from backend.kernel import ids
from backend.web.fields import (
    InstantField,
    Schema,
    WrittenSchema,
    currency_field,
    money_field,
    write_instant,
)

MOST_PERSONS: Final = 1000
LONGEST_TOKEN: Final = 2000


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


class DueLaterSchema(Schema):
    """A balance and its day."""

    amount = money_field(required=True)
    on = ma.fields.Date(required=True)


class QuoteItemSchema(Schema):
    """One thing to price."""

    slot_id = slot_id_field(required=True)
    quantity = ma.fields.Integer(strict=True, load_default=1, validate=ma.validate.Equal(1))
    party = party_field(load_default=1)


class QuoteRequestSchema(Schema):
    """What to price. One slot a quote: a booking is made of one slot."""

    items = ma.fields.List(
        ma.fields.Nested(QuoteItemSchema),
        required=True,
        validate=ma.validate.Length(equal=1, error="Exactly one item: each slot gets a quote of its own."),
    )
    currency = currency_field(load_default=None)

    @ma.post_load
    def flatten(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The arguments of `QuoteService.make`."""
        item = data["items"][0]
        return {"slot_id": item["slot_id"], "party": item["party"], "currency": data["currency"]}


class QuoteSchema(WrittenSchema):
    """A quote with everything that explains it."""

    id = ma.fields.String(required=True, metadata={"example": f"{ids.QUOTE}_01kaj3zq6m8v9x2c4b5n7p8q9r"})
    token = ma.fields.String(required=True)
    expires_at = InstantField(required=True)
    release = ma.fields.String(required=True)
    currency = ma.fields.String(required=True)
    slot_id = ma.fields.String(required=True)
    party = ma.fields.Integer(required=True)
    lines = ma.fields.List(ma.fields.Nested(LineSchema), required=True)
    total = money_field(required=True)
    due_now = money_field(required=True)
    due_later = ma.fields.List(ma.fields.Nested(DueLaterSchema), required=True)
    requires_approval = ma.fields.Boolean(required=True)
    below_floor_by = ma.fields.Nested(RuleSchema, required=True, allow_none=True)
    near_misses = ma.fields.List(ma.fields.Nested(NearMissSchema), required=True)

    @staticmethod
    def write(quote: Quote) -> dict[str, Any]:
        """A flat view of the quote and its price."""
        price = quote.price
        return {
            "id": quote.id,
            "token": quote.token,
            "expires_at": write_instant(quote.expires_at),
            "release": quote.release,
            "currency": quote.total.currency,
            "slot_id": quote.slot_id,
            "party": quote.party,
            "lines": [line_document(line) for line in price.lines],
            "total": money_document(quote.total),
            "due_now": money_document(quote.due_now),
            "due_later": DueLaterSchema(many=True).dump(quote.due_later),
            "requires_approval": price.requires_approval,
            "below_floor_by": rule_document(price.below_floor_by),
            "near_misses": [miss._asdict() for miss in price.near_misses],
        }


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
