"""JSON of carts."""

import re
from typing import Any, Final

import marshmallow as ma

from backend.domains.checkout.cart_prices import PricedCart, PricedItem
from backend.domains.checkout.contents import MOST_CODES, MOST_QUANTITY
from backend.domains.checkout.lookup import FoundItem
from backend.domains.checkout.placing import PAYMENT_METHODS
from backend.domains.checkout.records import coupons_document, lines_document
from backend.domains.coupons.schemas import CouponLeftOutSchema, CouponSuggestionSchema
from backend.domains.coupons.staff_schemas import code_field
from backend.domains.pricing.records import instalment_document, money_document, tax_document
from backend.domains.pricing.schemas import (
    InstalmentSchema,
    LineSchema,
    NearMissSchema,
    TaxSchema,
    party_field,
    slot_id_field,
)
from backend.domains.pricing.shipping import LABELS
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

_ALL_BUT_ONE: Final = 2
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


def quantity_field(**options: Any) -> ma.fields.Integer:
    """A number of units."""
    return ma.fields.Integer(strict=True, validate=ma.validate.Range(1, MOST_QUANTITY), **options)


def country_field(**options: Any) -> ma.fields.String:
    """A country."""
    shape = ma.validate.Regexp(_COUNTRY, error="Two letters of ISO 3166, such as FR.")
    return ma.fields.String(validate=[ma.validate.Length(equal=2), shape], **options)


def shipping_option_field(**options: Any) -> ma.fields.String:
    """A way of delivery."""
    return ma.fields.String(validate=ma.validate.OneOf(list(LABELS)), **options)


class CartAddSchema(Schema):
    """A product in a quantity, a slot for a party, or what a bargain came to a price for."""

    product_id = id_field(ids.PRODUCT, load_default=None)
    slot_id = slot_id_field(load_default=None)
    bargain_id = id_field(ids.BARGAIN, load_default=None)
    quantity = quantity_field(load_default=1)
    party = party_field(load_default=1)

    @ma.validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """An item is one thing; a bargain tells by itself how many."""
        if [data.get(name) for name in ("product_id", "slot_id", "bargain_id")].count(None) != _ALL_BUT_ONE:
            raise ma.ValidationError("Give either a product_id, a slot_id or a bargain_id.", "product_id")
        if data.get("bargain_id") is not None and (data.get("quantity", 1), data.get("party", 1)) != (1, 1):
            raise ma.ValidationError("The bargain was over so many: leave it out.", "quantity")
        if data.get("slot_id") is not None and data.get("quantity", 1) != 1:
            raise ma.ValidationError("A slot is booked once; say party for several persons.", "quantity")
        if data.get("product_id") is not None and data.get("party", 1) != 1:
            raise ma.ValidationError("A product has no party; say quantity for several units.", "party")


class CartUpdateSchema(Schema):
    """Another quantity of a product, or another party at a slot."""

    item_id = id_field(ids.CART_ITEM, required=True)
    quantity = quantity_field(load_default=None)
    party = party_field(load_default=None)


class CartCodesSchema(Schema):
    """Codes of coupons, in place of those before."""

    codes = ma.fields.List(code_field(), required=True, validate=ma.validate.Length(max=MOST_CODES))


class CartOptionsSchema(Schema):
    """How it is to be delivered and paid; what is left out stays, null takes it back."""

    shipping_option = shipping_option_field(attribute="shipping", allow_none=True)
    payment_method = ma.fields.String(validate=ma.validate.OneOf(PAYMENT_METHODS), allow_none=True)
    currency = currency_field(allow_none=True)
    country = country_field(allow_none=True)


class CartItemSchema(Schema):
    """An item; `total` is null when it is `unavailable`, which says why, `left` where none are counted.

    What `needs_approval` is ordered with the rest, and paid for only once its provider has said yes. What is
    `external` is sold by `partner`: its `total` is null, and `shown_price` is what one cost there. What has a
    `bargain_id` is priced as was agreed, and its number stays; a `notice` tells that such a price has ended.
    """

    id = ma.fields.String(required=True)
    product_id = ma.fields.String(required=True, allow_none=True)
    slot_id = ma.fields.String(required=True, allow_none=True)
    kind = ma.fields.String(required=True, allow_none=True)
    name = ma.fields.String(required=True)
    starts_at = InstantField(required=True, allow_none=True)
    quantity = ma.fields.Integer(required=True)
    party = ma.fields.Integer(required=True)
    left = ma.fields.Integer(required=True, allow_none=True)
    needs_approval = ma.fields.Boolean(required=True)
    external = ma.fields.Boolean(required=True)
    partner = ma.fields.String(required=True, allow_none=True)
    shown_price = money_field(required=True, allow_none=True)
    unavailable = ma.fields.String(required=True, allow_none=True)
    bargain_id = ma.fields.String(required=True, allow_none=True)
    notice = ma.fields.String(required=True, allow_none=True)
    lines = ma.fields.List(ma.fields.Nested(LineSchema), required=True)
    total = money_field(required=True, allow_none=True)


class CartCouponsSchema(Schema):
    """The codes in the cart, those that are used and those that are left out."""

    codes = ma.fields.List(ma.fields.String(), required=True)
    applied = ma.fields.List(ma.fields.Nested(CouponSuggestionSchema), required=True)
    left_out = ma.fields.List(ma.fields.Nested(CouponLeftOutSchema), required=True)


class ShippingOptionSchema(Schema):
    """A way of delivery: its price, or why it cannot be had."""

    key = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    price = money_field(required=True)
    refused_because = ma.fields.String(required=True, allow_none=True)


class CartShippingSchema(Schema):
    """Ways of delivery, none without goods; `chosen` is the one that is priced."""

    chosen = ma.fields.String(required=True, allow_none=True)
    options = ma.fields.List(ma.fields.Nested(ShippingOptionSchema), required=True)


class CartExpertSchema(Schema):
    """Who put a cart together for the customer, and what they say of it."""

    id = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    note = ma.fields.String(required=True, allow_none=True)


class CartSchema(WrittenSchema):
    """A cart at today's prices; amounts are null when there is nothing to buy in it."""

    id = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    payment_method = ma.fields.String(required=True, allow_none=True)
    currency = ma.fields.String(required=True, allow_none=True)
    country = ma.fields.String(required=True, allow_none=True)
    items = ma.fields.List(ma.fields.Nested(CartItemSchema), required=True)
    coupons = ma.fields.Nested(CartCouponsSchema, required=True)
    shipping = ma.fields.Nested(CartShippingSchema, required=True)
    charges = ma.fields.List(ma.fields.Nested(LineSchema), required=True)
    total = money_field(required=True, allow_none=True)
    taxes = ma.fields.List(ma.fields.Nested(TaxSchema), required=True)
    due_now = money_field(required=True, allow_none=True)
    due_later = ma.fields.List(ma.fields.Nested(InstalmentSchema), required=True)
    expert = ma.fields.Nested(CartExpertSchema, required=True, allow_none=True)
    near_misses = ma.fields.List(ma.fields.Nested(NearMissSchema), required=True)
    notices = ma.fields.List(ma.fields.String(), required=True)

    @staticmethod
    def write(cart: PricedCart) -> dict[str, Any]:
        """A flat view of the cart and its price."""
        contents = cart.contents
        return {
            "id": contents.id,
            "version": contents.version,
            "payment_method": contents.payment_method,
            "currency": contents.currency,
            "country": contents.country,
            "items": [_item(one) for one in cart.items],
            "coupons": {"codes": list(contents.codes), **_coupons(cart)},
            "shipping": _shipping(cart),
            **_amounts(cart),
            "expert": _expert(cart),
            "near_misses": [miss._asdict() for miss in cart.near_misses],
            "notices": list(cart.notices),
        }


def _item(one: PricedItem) -> dict[str, Any]:
    found, price = one.found, one.price
    item = found.item
    return {
        "id": item.id,
        "product_id": item.product_id,
        "slot_id": item.slot_id,
        "kind": found.product.kind if found.product else None,
        "name": found.name,
        "starts_at": found.starts_at and write_instant(found.starts_at),
        "quantity": item.quantity,
        "party": item.party,
        "left": found.left,
        "needs_approval": price is not None and price.requires_approval,
        **_elsewhere(found),
        "unavailable": found.unavailable,
        "bargain_id": item.bargain_id,
        "notice": item.notice,
        "lines": lines_document(price.lines) if price else [],
        "total": money_document(price.total) if price else None,
    }


def _expert(cart: PricedCart) -> dict[str, Any] | None:
    if cart.expert is None:
        return None
    return {"id": cart.expert.id, "name": cart.expert.name, "note": cart.contents.expert_note}


def _elsewhere(found: FoundItem) -> dict[str, Any]:
    """Who else sells it, and for how much."""
    product = found.product
    if product is None or not found.is_external:
        return {"external": False, "partner": None, "shown_price": None}
    return {"external": True, "partner": product.partner, "shown_price": money_document(product.price)}


def _coupons(cart: PricedCart) -> dict[str, Any]:
    if cart.price is None:
        return {"applied": [], "left_out": []}
    left_out = _LEFT_OUT.dump(cart.price.redemption.left_out)
    return {"applied": coupons_document(cart.price), "left_out": left_out}


_LEFT_OUT: Final = CouponLeftOutSchema(many=True)


def _shipping(cart: PricedCart) -> dict[str, Any]:
    options = [
        {
            "key": option.key,
            "label": option.label,
            "price": money_document(option.price),
            "refused_because": option.refused_because,
        }
        for option in cart.shipping
    ]
    return {"chosen": cart.wanted.shipping if cart.wanted else None, "options": options}


def _amounts(cart: PricedCart) -> dict[str, Any]:
    price = cart.price
    if price is None:
        none: dict[str, Any] = {name: [] for name in ("charges", "taxes", "due_later")}
        return {"total": None, "due_now": None, **none}
    return {
        "charges": lines_document(price.charges.lines),
        "total": money_document(price.total),
        "taxes": [tax_document(tax) for tax in price.taxes],
        "due_now": money_document(price.due_now),
        "due_later": [instalment_document(due) for due in price.due_later],
    }
