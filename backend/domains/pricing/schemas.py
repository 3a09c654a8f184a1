"""JSON shapes of quotes and of the lines that explain a price."""

from typing import Any, Final

import marshmallow as ma

from backend.domains.pricing.service import Quote
from backend.kernel import ids
from backend.kernel.money import Money
from backend.web.fields import InstantField, Schema, currency_field, money_field

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


class QuoteSchema(Schema):
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

    @ma.pre_dump
    def spread(self, quote: Quote, **_: Any) -> dict[str, Any]:
        """A flat view of the quote and its price."""
        price = quote.price
        return {
            "id": quote.id,
            "token": quote.token,
            "expires_at": quote.expires_at,
            "release": quote.release,
            "currency": quote.total.currency,
            "slot_id": quote.slot_id,
            "party": quote.party,
            "lines": price.lines,
            "total": quote.total,
            "due_now": quote.due_now,
            "due_later": quote.due_later,
            "requires_approval": price.requires_approval,
            "below_floor_by": price.below_floor_by,
            "near_misses": price.near_misses,
        }


class PricedSlotSchema(Schema):
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

    @ma.pre_dump
    def spread(self, priced: Any, **_: Any) -> dict[str, Any]:
        """A flat view of the slot and its price."""
        slot, price = priced.slot, priced.price
        list_price: Money = price.lines[0].amount
        return {
            "slot_id": slot.id,
            "provider": slot.provider.id,
            "product": slot.product.id,
            "name": slot.product.name,
            "starts_at": slot.starts_at,
            "ends_at": slot.ends_at,
            "timezone": slot.provider.timezone,
            "seats_left": slot.seats_left,
            "price": price.total,
            "list_price": list_price,
            "price_reasons": price.reasons,
        }
