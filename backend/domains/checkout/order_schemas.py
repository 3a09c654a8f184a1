"""JSON of the checkout and of orders."""

from typing import Any

import marshmallow as ma

from backend.domains.bookings.schemas import ContactSchema
from backend.domains.checkout.orders import OrderView
from backend.domains.checkout.placing import PAYMENT_METHODS, CheckoutWish
from backend.domains.checkout.schemas import country_field, shipping_option_field
from backend.domains.checkout.states import State
from backend.domains.coupons.schemas import CouponSuggestionSchema
from backend.domains.payments.opening import Opened
from backend.domains.payments.schemas import PaymentSchema
from backend.domains.pricing.schemas import LONGEST_TOKEN, InstalmentSchema, LineSchema, TaxSchema
from backend.kernel import ids
from backend.web.fields import InstantField, Schema, WrittenSchema, id_field, money_field, write_instant
from backend.web.pagination import PageArgs

Length = ma.validate.Length
STATES = [state.value for state in State]


class AddressSchema(Schema):
    """Where goods are sent."""

    name = ma.fields.String(required=True, validate=Length(1, 200))
    line1 = ma.fields.String(required=True, validate=Length(1, 200))
    line2 = ma.fields.String(load_default="", validate=Length(max=200))
    postal_code = ma.fields.String(required=True, validate=Length(1, 20))
    city = ma.fields.String(required=True, validate=Length(1, 100))
    region = ma.fields.String(load_default="", validate=Length(max=100))
    country = country_field(required=True)


class CheckoutSchema(Schema):
    """How to buy what is in the cart. Without `quote_token`, at today's price, `max_total` at most."""

    quote_token = ma.fields.String(load_default=None, validate=Length(1, LONGEST_TOKEN))
    max_total = money_field(load_default=None)
    payment_method = ma.fields.String(required=True, validate=ma.validate.OneOf(PAYMENT_METHODS))
    contact = ma.fields.Nested(ContactSchema, load_default=dict)
    shipping_address = ma.fields.Nested(AddressSchema, load_default=None, allow_none=True)
    shipping_option = shipping_option_field(load_default=None)
    note = ma.fields.String(load_default="", validate=Length(max=1000))

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> CheckoutWish:
        """The wish that the service takes."""
        return CheckoutWish(**data)


class ShipSchema(Schema):
    """How to follow a parcel."""

    tracking = ma.fields.String(load_default="", validate=Length(max=200))


class ReturnSchema(Schema):
    """Why goods came back."""

    reason = ma.fields.String(load_default="", validate=Length(max=500))


class OrderLineSchema(Schema):
    """One thing of an order (`goods`, `travel`, `slot`), or a `charge` on all; `lines` explain the amount."""

    kind = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    product_id = ma.fields.String(required=True, allow_none=True)
    slot_id = ma.fields.String(required=True, allow_none=True)
    booking_id = ma.fields.String(required=True, allow_none=True)
    quantity = ma.fields.Integer(required=True)
    party = ma.fields.Integer(required=True)
    bargain_id = ma.fields.String(required=True, allow_none=True)
    amount = money_field(required=True)
    lines = ma.fields.List(ma.fields.Nested(LineSchema), required=True)


class OrderSchema(WrittenSchema):
    """An order; the amounts of its `lines` sum to `total`."""

    id = ma.fields.String(required=True)
    user = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(STATES))
    lines = ma.fields.List(ma.fields.Nested(OrderLineSchema), required=True)
    total = money_field(required=True)
    taxes = ma.fields.List(ma.fields.Nested(TaxSchema), required=True)
    coupons = ma.fields.List(ma.fields.Nested(CouponSuggestionSchema), required=True)
    due_now = money_field(required=True)
    due_later = ma.fields.List(ma.fields.Nested(InstalmentSchema), required=True)
    quote_id = ma.fields.String(required=True)
    payment_method = ma.fields.String(required=True)
    shipping_option = ma.fields.String(required=True, allow_none=True)
    contact = ma.fields.Nested(ContactSchema, required=True)
    shipping_address = ma.fields.Nested(AddressSchema, required=True, allow_none=True)
    note = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    placed_at = InstantField(required=True)
    changed_at = InstantField(required=True)

    @staticmethod
    def write(view: OrderView) -> dict[str, Any]:
        """A flat view of the order and its lines."""
        order = view.order
        same = ("id", "state", "quote_id", "payment_method", "shipping_option", "contact")
        return {
            **{name: getattr(order, name) for name in same},
            **order.price,
            "user": order.user_id,
            "lines": [
                {
                    "kind": line.kind,
                    "name": line.name,
                    "product_id": line.product_id,
                    "slot_id": line.slot_id,
                    "booking_id": line.booking_id,
                    "quantity": line.quantity,
                    "party": line.party,
                    "bargain_id": line.bargain_id,
                    "amount": {"amount": line.amount_minor, "currency": line.currency},
                    "lines": line.detail,
                }
                for line in view.lines
            ],
            "total": {"amount": order.total_minor, "currency": order.currency},
            "shipping_address": order.shipping_address,
            "note": order.note,
            "version": order.version,
            "placed_at": write_instant(order.placed_at),
            "changed_at": write_instant(order.changed_at),
        }


class PlacedOrderSchema(OrderSchema):
    """A new order; by card, with the payment that it waits for."""

    payment = ma.fields.Nested(PaymentSchema, required=True, allow_none=True)

    @staticmethod
    def write(view: OrderView) -> dict[str, Any]:
        """The same, with its payment as somebody sees it who may pay it."""
        payment = view.payment and PaymentSchema.write(Opened(view.payment, None))
        return {**OrderSchema.write(view), "payment": payment}


class OrderListArgs(PageArgs):
    """Which orders: the caller's own; for staff those of `user`, or of all."""

    state = ma.fields.String(load_default=None, validate=ma.validate.OneOf(STATES))
    user = id_field(ids.USER, load_default=None)


class OrderPageSchema(Schema):
    """A page of orders."""

    items = ma.fields.List(ma.fields.Nested(OrderSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class OrderEventSchema(Schema):
    """One line of an order's history."""

    at = InstantField(required=True)
    actor = ma.fields.String(required=True, allow_none=True, attribute="actor_id")
    action = ma.fields.String(required=True)
    state = ma.fields.String(required=True)
    data = ma.fields.Dict(required=True)


class OrderHistorySchema(Schema):
    """An order's history, oldest first."""

    items = ma.fields.List(ma.fields.Nested(OrderEventSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)
