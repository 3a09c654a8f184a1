"""JSON of the stock."""

from typing import Any

import marshmallow as ma

from backend.domains.catalog.schemas import whole_field
from backend.domains.catalog.stock_keeping import MOST_UNITS
from backend.kernel import ids
from backend.web.fields import InstantField, Schema, id_field


class StockChangeSchema(Schema):
    """Either `delta` (units that came in, or that are missing) or `set` (units that were counted)."""

    delta = whole_field(-MOST_UNITS, MOST_UNITS)
    set = whole_field(0, MOST_UNITS)
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))

    @ma.validates_schema
    def says_one_thing(self, data: dict[str, Any], **_: Any) -> None:
        """Both would be a contradiction, and a delta of nothing says nothing."""
        if ("delta" in data) == ("set" in data):
            raise ma.ValidationError("Send either delta or set.", "delta")
        if data.get("delta") == 0:
            raise ma.ValidationError("Must not be 0.", "delta")


class StockLevelSchema(Schema):
    """The units of a product; `reserved` of those `on_hand` are kept for orders."""

    product_id = id_field(ids.PRODUCT)
    on_hand = ma.fields.Integer()
    reserved = ma.fields.Integer()
    version = ma.fields.Integer()


class StockMovementSchema(Schema):
    """Why the units changed."""

    number = ma.fields.Integer()
    why = ma.fields.String()
    on_hand_change = ma.fields.Integer()
    reserved_change = ma.fields.Integer()
    at = InstantField()
    reference = ma.fields.String(allow_none=True)
    actor_id = ma.fields.String(allow_none=True)
    reason = ma.fields.String()


class StockMovementPageSchema(Schema):
    """A page of movements."""

    items = ma.fields.List(ma.fields.Nested(StockMovementSchema))
    next = ma.fields.String(allow_none=True)
