"""JSON shapes of quotes: of one slot, and of orders of several things."""

from typing import Any, Final

import marshmallow as ma

from backend.domains.coupons.schemas import CouponLeftOutSchema
from backend.domains.coupons.staff_schemas import code_field
from backend.domains.pricing.entities import OrderPrice, Price
from backend.domains.pricing.order_quotes import OrderQuote
from backend.domains.pricing.order_records import rate_document, redemption_document
from backend.domains.pricing.records import (
    instalment_document,
    line_document,
    money_document,
    rule_document,
    shares_document,
    tax_document,
)
from backend.domains.pricing.schemas import (
    MOST_UNITS,
    InstalmentSchema,
    LineSchema,
    NearMissSchema,
    RuleSchema,
    SharesSchema,
    TaxSchema,
    party_field,
    slot_id_field,
)
from backend.domains.pricing.service import Quote
from backend.domains.pricing.shipping import LABELS
from backend.domains.pricing.wanted import Item
from backend.kernel import ids
from backend.web.fields import (
    InstantField,
    Schema,
    WrittenSchema,
    currency_field,
    id_field,
    money_field,
    write_instant,
)

MOST_ITEMS: Final = 50
MOST_CODES: Final = 5
PAYMENT_METHODS: Final = ("card", "on_site", "on_delivery")


class QuoteItemSchema(Schema):
    """One thing to price: some of a product, a slot for a party, or what a bargain came to a price for."""

    slot_id = slot_id_field()
    product_id = id_field(ids.PRODUCT)
    bargain_id = id_field(ids.BARGAIN)
    quantity = ma.fields.Integer(strict=True, load_default=1, validate=ma.validate.Range(1, MOST_UNITS))
    party = party_field(load_default=1)

    @ma.validates_schema(pass_original=True)
    def check_thing(self, data: dict[str, Any], original: Any, **_: Any) -> None:
        """One of the two; a slot is bought once, for a party; a bargain tells what and how many by itself."""
        things = [name for name in ("slot_id", "product_id") if name in data]
        if len(things) > 1 or not (things or "bargain_id" in data):
            raise ma.ValidationError("Name either a slot_id or a product_id, or a bargain_id.", "slot_id")
        for number in () if things else ("quantity", "party"):
            if number in original:
                raise ma.ValidationError("The bargain was over so many: leave it out.", number)
        if "slot_id" in data and data["quantity"] != 1:
            raise ma.ValidationError("A slot is booked once; say party for several persons.", "quantity")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> Item:
        """The value behind it."""
        return Item(**data)


class QuoteRequestSchema(Schema):
    """What to price."""

    items = ma.fields.List(
        ma.fields.Nested(QuoteItemSchema), required=True, validate=ma.validate.Length(1, MOST_ITEMS)
    )
    coupon = code_field()
    coupons = ma.fields.List(code_field(), validate=ma.validate.Length(max=MOST_CODES))
    currency = currency_field(load_default=None)
    payment_method = ma.fields.String(validate=ma.validate.OneOf(PAYMENT_METHODS))
    shipping = ma.fields.String(validate=ma.validate.OneOf([*LABELS]))
    country = ma.fields.String(validate=ma.validate.Regexp(r"^[A-Z]{2}$"))

    @ma.validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """A price that was bargained for is had once."""
        bargains = [item.bargain_id for item in data["items"] if item.bargain_id is not None]
        if len(set(bargains)) < len(bargains):
            raise ma.ValidationError("Each bargain can be had once.", "items")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The arguments of `Wanted`."""
        codes = [*data.pop("coupons", ()), *filter(None, [data.pop("coupon", None)])]
        return {**data, "items": tuple(data["items"]), "codes": tuple(dict.fromkeys(codes))}


class PricedItemSchema(Schema):
    """One item of a quote, with its own lines."""

    slot_id = ma.fields.String(required=True, allow_none=True)
    product_id = ma.fields.String(required=True, allow_none=True)
    quantity = ma.fields.Integer(required=True)
    party = ma.fields.Integer(required=True)
    bargain_id = ma.fields.String(required=True, allow_none=True)
    lines = ma.fields.List(ma.fields.Nested(LineSchema), required=True)
    total = money_field(required=True)
    shares = ma.fields.Nested(SharesSchema, required=True, allow_none=True)


class RedeemedCouponSchema(Schema):
    """A coupon that takes something off: a share of each item, and of shipping."""

    coupon_id = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    shares = ma.fields.List(money_field(), required=True)
    shipping = money_field(required=True)
    may_go_below_floor = ma.fields.Boolean(required=True)


class RedemptionSchema(Schema):
    """What coupons do, in the currency of the items."""

    redeemed = ma.fields.List(ma.fields.Nested(RedeemedCouponSchema), required=True)
    left_out = ma.fields.List(ma.fields.Nested(CouponLeftOutSchema), required=True)


class QuoteExchangeSchema(Schema):
    """A rate of exchange by which the price came to its currency."""

    source = ma.fields.String(required=True)
    target = ma.fields.String(required=True)
    rate = ma.fields.String(required=True)
    mid = ma.fields.String(required=True)
    margin = ma.fields.String(required=True)
    day = ma.fields.Date(required=True)
    age_days = ma.fields.Integer(required=True)
    origin = ma.fields.String(required=True)


class QuoteSchema(WrittenSchema):
    """A quote with everything that explains it. That of one slot has `slot_id` and `party`, else null."""

    id = ma.fields.String(required=True, metadata={"example": f"{ids.QUOTE}_01kaj3zq6m8v9x2c4b5n7p8q9r"})
    token = ma.fields.String(required=True)
    expires_at = InstantField(required=True)
    release = ma.fields.String(required=True)
    slot_id = ma.fields.String(required=True, allow_none=True)
    party = ma.fields.Integer(required=True, allow_none=True)
    currency = ma.fields.String(required=True)
    items = ma.fields.List(ma.fields.Nested(PricedItemSchema), required=True)
    lines = ma.fields.List(ma.fields.Nested(LineSchema), required=True)
    total = money_field(required=True)
    taxes = ma.fields.List(ma.fields.Nested(TaxSchema), required=True)
    due_now = money_field(required=True)
    due_later = ma.fields.List(ma.fields.Nested(InstalmentSchema), required=True)
    coupons = ma.fields.Nested(RedemptionSchema, required=True)
    exchange = ma.fields.List(ma.fields.Nested(QuoteExchangeSchema), required=True)
    requires_approval = ma.fields.Boolean(required=True)
    below_floor_by = ma.fields.Nested(RuleSchema, required=True, allow_none=True)
    near_misses = ma.fields.List(ma.fields.Nested(NearMissSchema), required=True)

    @staticmethod
    def write(quote: Quote | OrderQuote) -> dict[str, Any]:
        """A flat view of the quote and its price."""
        if isinstance(quote, OrderQuote):
            price, items = quote.price, quote.wanted.items
        else:
            price, items = quote.order_price, (Item(slot_id=quote.slot_id, party=quote.party),)
        return {
            "id": quote.id,
            "token": quote.token,
            "expires_at": write_instant(quote.expires_at),
            "release": quote.release,
            "slot_id": None if isinstance(quote, OrderQuote) else quote.slot_id,
            "party": None if isinstance(quote, OrderQuote) else quote.party,
            **order_price_shown(price, items),
        }


def order_price_shown(price: OrderPrice, items: tuple[Item, ...]) -> dict[str, Any]:
    """A price of items with everything that explains it."""
    below = next((part.below_floor_by for part in price.parts if part.below_floor_by), None)
    return {
        "currency": price.currency,
        "items": [_item(item, priced) for item, priced in zip(items, price.items, strict=True)],
        "lines": [line_document(line) for line in price.lines],
        "total": money_document(price.total),
        "taxes": [tax_document(tax) for tax in price.taxes],
        "due_now": money_document(price.due_now),
        "due_later": [instalment_document(due) for due in price.due_later],
        "coupons": redemption_document(price.redemption),
        "exchange": [rate_document(rate) for rate in price.rates],
        "requires_approval": any(part.requires_approval for part in price.parts),
        "below_floor_by": rule_document(below),
        "near_misses": [miss._asdict() for part in price.parts for miss in part.near_misses],
    }


def _item(item: Item, price: Price) -> dict[str, Any]:
    return {
        "slot_id": item.slot_id,
        "product_id": item.product_id,
        "quantity": item.quantity,
        "party": item.party,
        "bargain_id": item.bargain_id,
        "lines": [line_document(line) for line in price.lines],
        "total": money_document(price.total),
        "shares": shares_document(price.shares),
    }
