"""JSON of coupons as customers see them."""

from typing import Any

import marshmallow as ma

from backend.domains.coupons.baskets import Item
from backend.domains.coupons.entities import CouponKind, UseState
from backend.domains.coupons.staff_schemas import PercentField, code_field
from backend.kernel import ids
from backend.kernel.money import MAX_MINOR, Money
from backend.web.fields import InstantField, QuerySchema, Schema, id_field, money_field

Length, Range = ma.validate.Length, ma.validate.Range
MOST_ITEMS = 100
MOST_CODES = 5
MOST_QUANTITY = 10_000


def _not_negative(money: Money | None) -> None:
    if money is not None and not 0 <= money.minor <= MAX_MINOR:
        raise ma.ValidationError("Must not be below zero.")


def _number() -> ma.fields.Integer:
    return ma.fields.Integer(strict=True, validate=Range(1, MOST_QUANTITY), load_default=1)


class CouponItemSchema(Schema):
    """A product or a slot that somebody wants to buy; `amount`: as it was shown, else the list price."""

    product_id = id_field(ids.PRODUCT, load_default=None)
    slot_id = ma.fields.String(
        load_default=None,
        validate=ma.validate.Regexp(
            r"^slt_[0-9a-v]{32}$", error="Not a slot id: take one from GET /api/bookings."
        ),
    )
    quantity = _number()
    party = _number()
    amount = money_field(load_default=None, allow_none=True, validate=_not_negative)

    @ma.validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """An item is one thing."""
        if (data.get("product_id") is None) == (data.get("slot_id") is None):
            raise ma.ValidationError("Give either a product_id or a slot_id.", "product_id")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> Item:
        """The item that the service takes."""
        return Item(**data)


class CouponBasketSchema(Schema):
    """What somebody wants to buy; without items, what is in the caller's cart."""

    items = ma.fields.List(
        ma.fields.Nested(CouponItemSchema), load_default=list, validate=Length(max=MOST_ITEMS)
    )
    shipping = money_field(load_default=None, allow_none=True, validate=_not_negative)


class CouponValidateSchema(CouponBasketSchema):
    """One code for a basket."""

    code = code_field(required=True)


class CouponApplySchema(CouponBasketSchema):
    """Several codes for a basket."""

    codes = ma.fields.List(code_field(), required=True, validate=Length(1, MOST_CODES))


class OfferedQuerySchema(QuerySchema):
    """For which products (one of each); without any, no discounts are told."""

    product_id = ma.fields.List(id_field(ids.PRODUCT), load_default=list, validate=Length(max=MOST_ITEMS))


class CouponFailureSchema(Schema):
    """A condition that does not hold, and the amount or the instant that it waits for."""

    code = ma.fields.String(required=True)
    message = ma.fields.String(required=True)
    missing = money_field(required=True, allow_none=True)
    holds_from = InstantField(required=True, allow_none=True)


class CouponSuggestionSchema(Schema):
    """A coupon that would save more."""

    code = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    discount = money_field(required=True)


class CouponVerdictSchema(Schema):
    """What a code does for a basket."""

    valid = ma.fields.Boolean(required=True)
    discount = money_field(required=True)
    failures = ma.fields.List(ma.fields.Nested(CouponFailureSchema), required=True)
    better = ma.fields.List(ma.fields.Nested(CouponSuggestionSchema), required=True)


class CouponAppliedSchema(CouponSuggestionSchema):
    """A coupon that is used: `lines` has its share of each item, in their order."""

    lines = ma.fields.List(money_field(), required=True)
    shipping = money_field(required=True)


class CouponLeftOutSchema(Schema):
    """A code that is not used, and why not."""

    code = ma.fields.String(required=True)
    failures = ma.fields.List(ma.fields.Nested(CouponFailureSchema), required=True)


class CouponCombinationSchema(CouponVerdictSchema):
    """The best that several codes do together; `exact` unless there were too many to look at them all."""

    applied = ma.fields.List(ma.fields.Nested(CouponAppliedSchema), required=True)
    left_out = ma.fields.List(ma.fields.Nested(CouponLeftOutSchema), required=True)
    exact = ma.fields.Boolean(required=True)


class OfferedCouponSchema(Schema):
    """A coupon as customers see it; `discount` and `failures` are told for a basket."""

    id = id_field(ids.COUPON)
    code = ma.fields.String()
    label = ma.fields.String()
    kind = ma.fields.Enum(CouponKind, by_value=True)
    percent = PercentField(allow_none=True)
    amount = money_field(allow_none=True)
    minimum_order = money_field(allow_none=True)
    maximum_discount = money_field(allow_none=True)
    valid_from = InstantField(allow_none=True)
    valid_until = InstantField(allow_none=True)
    categories = ma.fields.List(ma.fields.String())
    products = ma.fields.List(ma.fields.String())
    excluded_products = ma.fields.List(ma.fields.String())
    product_kinds = ma.fields.List(ma.fields.String())
    first_order_only = ma.fields.Boolean()
    per_user_limit = ma.fields.Integer(allow_none=True)
    is_exclusive = ma.fields.Boolean()
    is_active = ma.fields.Boolean()
    personal = ma.fields.Boolean()
    used = ma.fields.Integer(metadata={"description": "how often the caller used it"})
    discount = money_field(allow_none=True)
    failures = ma.fields.List(ma.fields.Nested(CouponFailureSchema), allow_none=True)


class OfferedCouponsSchema(Schema):
    """Coupons for the caller."""

    items = ma.fields.List(ma.fields.Nested(OfferedCouponSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class CouponPastUseSchema(Schema):
    """One use of a coupon."""

    id = ma.fields.String()
    code = ma.fields.String()
    label = ma.fields.String()
    discount = money_field()
    state = ma.fields.Enum(UseState, by_value=True)
    reference = ma.fields.String(metadata={"description": "the order or booking"})
    at = InstantField()


class CouponHistorySchema(Schema):
    """A page of uses, newest first."""

    items = ma.fields.List(ma.fields.Nested(CouponPastUseSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)
