"""JSON of carts that are ordered and paid for in one go."""

from typing import Any

import marshmallow as ma

from backend.domains.affiliates.schemas import LinkSchema
from backend.domains.bookings.terms import CARD
from backend.domains.checkout.mixed import Processed
from backend.domains.checkout.order_schemas import CheckoutSchema, OrderSchema
from backend.domains.checkout.outcomes import Fate, ItemOutcome, Kind
from backend.domains.checkout.placing import CheckoutWish
from backend.domains.payments.schemas import PaymentConfirmSchema, PaymentSchema
from backend.domains.pricing.records import money_document
from backend.kernel import ids
from backend.web.fields import Schema, WrittenSchema, id_field, money_field


class CartProcessSchema(CheckoutSchema):
    """As a checkout, always paid by card."""

    class Meta(CheckoutSchema.Meta):
        """Options of marshmallow."""

        exclude = ("payment_method",)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> CheckoutWish:
        """The wish that the service takes."""
        return CheckoutWish(payment_method=CARD, **data)


class CartConfirmSchema(PaymentConfirmSchema):
    """How to pay; without a `payment_method`, how a payment in the browser went."""

    payment_method = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 200))


class PaymentIntentOfSchema(Schema):
    """What is to be paid: an order or a booking."""

    order_id = id_field(ids.ORDER, load_default=None)
    booking_id = id_field(ids.BOOKING, load_default=None)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """What it is the payment of."""
        if (data["order_id"] is None) == (data["booking_id"] is None):
            raise ma.ValidationError("Give either an order_id or a booking_id.", "order_id")
        return {"subject": data["order_id"] or data["booking_id"]}


class ItemOutcomeSchema(Schema):
    """What became of one thing, in a word and in a sentence."""

    position = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(list(Kind)))
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(list(Fate)))
    words = ma.fields.String(required=True)
    amount = money_field(required=True)
    refunded = money_field(required=True)
    booking_id = ma.fields.String(required=True, allow_none=True)


class ProcessedSchema(WrittenSchema):
    """The order, its payment, and what becomes of each thing."""

    order = ma.fields.Nested(OrderSchema, required=True, allow_none=True)
    payment = ma.fields.Nested(PaymentSchema, required=True, allow_none=True)
    items = ma.fields.List(ma.fields.Nested(ItemOutcomeSchema), required=True)
    links = ma.fields.List(ma.fields.Nested(LinkSchema), required=True)

    @staticmethod
    def write(processed: Processed) -> dict[str, Any]:
        """All of it."""
        return {
            "order": processed.order and OrderSchema.write(processed.order),
            "payment": processed.payment and PaymentSchema.write(processed.payment),
            "items": [_item(item) for item in processed.items],
            "links": LinkSchema(many=True).dump(processed.links),
        }


class ConfirmedSchema(ProcessedSchema):
    """How the payment went, and what became of each thing."""


def _item(item: ItemOutcome) -> dict[str, Any]:
    return {
        "position": item.position,
        "name": item.name,
        "kind": item.kind.value,
        "status": item.fate.value,
        "words": item.words,
        "amount": money_document(item.amount),
        "refunded": money_document(item.refunded),
        "booking_id": item.booking_id,
    }
