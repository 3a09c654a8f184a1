"""JSON of coupons as staff write and read them."""

import re
from decimal import Decimal
from typing import Any, Final

import marshmallow as ma

from backend.domains.coupons.entities import CouponDraft, CouponKind
from backend.kernel import ids
from backend.kernel.money import HUNDRED, MAX_MINOR, Money
from backend.web.fields import InstantField, Schema, id_field, money_field

Length, Range = ma.validate.Length, ma.validate.Range
PRODUCT_KINDS = ("slot", "stay", "flight", "retail", "external")
MOST_NAMED = 200
MOST_USES = 10**9


def code_field(**options: Any) -> ma.fields.String:
    """A coupon's code, in whatever case of letters."""
    shape = ma.validate.Regexp(
        r"[A-Za-z0-9][A-Za-z0-9-]{2,39}\Z", error="Three to forty letters, digits and hyphens."
    )
    return ma.fields.String(validate=shape, metadata={"example": "WELCOME-10"}, **options)


class PercentField(ma.fields.String):
    """A percentage above 0 and at most 100, with up to four decimals: a text, as floats are not exact."""

    shape: Final = r"^[0-9]{1,3}(\.[0-9]{1,4})?$"

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": self.shape, "example": "12.5"}, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not (re.fullmatch(self.shape, text, re.ASCII) and 0 < Decimal(text) <= HUNDRED):
            raise ma.ValidationError('Above 0 and at most 100, as a text such as "12.5".')
        return Decimal(text)

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        return None if value is None else f"{value.normalize():f}"


def _above_zero(money: Money | None) -> None:
    if money is not None and not 0 < money.minor <= MAX_MINOR:
        raise ma.ValidationError("Must be above zero.")


def _amount() -> ma.fields.Nested:
    return money_field(load_default=None, allow_none=True, validate=_above_zero)


def _limit() -> ma.fields.Integer:
    return ma.fields.Integer(strict=True, validate=Range(1, MOST_USES), load_default=None, allow_none=True)


def _names(field: ma.fields.String) -> ma.fields.List[Any]:
    return ma.fields.List(field, load_default=list, validate=Length(max=MOST_NAMED))


def _flag(*, default: bool = False) -> ma.fields.Boolean:
    return ma.fields.Boolean(load_default=default)


class CouponDraftSchema(Schema):
    """A coupon as staff write it. What is left out limits nothing."""

    code = code_field(required=True)
    label = ma.fields.String(
        required=True, validate=Length(1, 200), metadata={"description": "printed on the price line"}
    )
    kind = ma.fields.Enum(CouponKind, by_value=True, required=True)
    percent = PercentField(load_default=None, allow_none=True)
    amount = _amount()
    minimum_order = _amount()
    maximum_discount = _amount()
    valid_from = InstantField(load_default=None, allow_none=True)
    valid_until = InstantField(load_default=None, allow_none=True)
    categories = _names(ma.fields.String(validate=Length(1, 60)))
    products = _names(id_field(ids.PRODUCT))
    excluded_products = _names(id_field(ids.PRODUCT))
    product_kinds = _names(ma.fields.String(validate=ma.validate.OneOf(PRODUCT_KINDS)))
    first_order_only = _flag()
    user_id = id_field(ids.USER, load_default=None, allow_none=True)
    is_public = _flag()
    per_user_limit = _limit()
    global_limit = _limit()
    budget = _amount()
    stacking_group = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=[Length(1, 60), ma.validate.Regexp(r"[a-z0-9]+(-[a-z0-9]+)*\Z")],
        metadata={"example": "seasonal"},
    )
    is_exclusive = _flag()
    may_go_below_floor = _flag()
    is_active = _flag(default=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> CouponDraft:
        """The draft that the service takes."""
        lists = ("categories", "products", "excluded_products", "product_kinds")
        return CouponDraft(**{**data, **{name: tuple(dict.fromkeys(data[name])) for name in lists}})


class CouponUsageSchema(Schema):
    """How much of a coupon is used, with what is reserved at this moment."""

    uses = ma.fields.Integer(required=True)
    spent_minor = ma.fields.Integer(
        required=True, metadata={"description": "in minor units of the coupon's currency; 0 without one"}
    )


class CouponSchema(CouponDraftSchema):
    """A coupon."""

    id = id_field(ids.COUPON)
    usage = ma.fields.Nested(CouponUsageSchema)


class CouponPageSchema(Schema):
    """A page of coupons."""

    items = ma.fields.List(ma.fields.Nested(CouponSchema))
    next = ma.fields.String(allow_none=True)
