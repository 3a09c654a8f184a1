"""JSON of payments."""

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, OneOf

from backend.domains.payments.opening import Detailed, Opened
from backend.domains.payments.states import State
from backend.kernel import ids
from backend.kernel.money import Money
from backend.web.fields import InstantField, Schema, WrittenSchema, id_field, money_field, write_instant


class PaymentOfSchema(Schema):
    """Which payment: by its own id."""

    payment_id = id_field(ids.PAYMENT, required=True)


class PaymentConfirmSchema(PaymentOfSchema):
    """How to pay: `payment_method` is the gateway's id of a card, `return_url` where the customer goes on."""

    payment_method = ma.fields.String(required=True, validate=Length(1, 200))
    return_url = ma.fields.Url(load_default="", schemes={"http", "https"}, require_tld=False)


class DeclineOfSchema(Schema):
    """Why a card was refused."""

    code = ma.fields.String(required=True)
    message = ma.fields.String(required=True)
    bank_code = ma.fields.String(required=True, allow_none=True)


class PaymentPartSchema(Schema):
    """What of the payment is for one thing; `asked` waits for its provider."""

    part = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=OneOf(["asked", "taken", "dropped"]))
    amount = money_field(required=True)
    refunded = money_field(required=True)


class PaymentSchema(WrittenSchema):
    """A payment. `client_secret` is for its customer's browser; `action_url` is where the bank wants them."""

    id = ma.fields.String(required=True)
    subject = ma.fields.String(required=True)
    purpose = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=OneOf([state.value for state in State]))
    amount = money_field(required=True)
    paid = money_field(required=True)
    refunded = money_field(required=True)
    pay_by = InstantField(required=True, allow_none=True)
    answer_by = InstantField(required=True, allow_none=True)
    due_on = ma.fields.Date(required=True, allow_none=True)
    decline = ma.fields.Nested(DeclineOfSchema, required=True, allow_none=True)
    client_secret = ma.fields.String(required=True, allow_none=True)
    action_url = ma.fields.String(required=True, allow_none=True)

    @staticmethod
    def write(opened: Opened) -> dict[str, Any]:
        """A flat view of the payment."""
        payment = opened.payment
        return {
            "id": payment.id,
            "subject": payment.subject,
            "purpose": payment.purpose,
            "state": payment.state,
            "amount": _money(payment.amount),
            "paid": _money(payment.paid),
            "refunded": _money(payment.refunded),
            "pay_by": payment.pay_by and write_instant(payment.pay_by),
            "answer_by": payment.answer_by and write_instant(payment.answer_by),
            "due_on": payment.due_on and payment.due_on.isoformat(),
            "decline": payment.decline,
            "client_secret": opened.client_secret,
            "action_url": opened.action_url,
        }


class PaymentDetailSchema(PaymentSchema):
    """A payment with what it is for."""

    parts = ma.fields.List(ma.fields.Nested(PaymentPartSchema), required=True)

    @staticmethod
    def write(seen: Detailed) -> dict[str, Any]:  # type: ignore[override]
        """The same, with its parts."""
        told = [
            {
                "part": part.part,
                "name": part.name,
                "state": part.state,
                "amount": _money(part.amount),
                "refunded": _money(part.refunded),
            }
            for part in seen.parts
        ]
        return {**PaymentSchema.write(Opened(seen.payment, None)), "parts": told}


class PaymentConfigSchema(Schema):
    """The key with which browsers speak to the gateway; null where no card is taken."""

    publishable_key = ma.fields.String(
        required=True,
        allow_none=True,
        attribute="stripe_publishable_key",
        metadata={"example": "pk_test_local"},
    )


class EventReceivedSchema(Schema):
    """That an event was kept; not `is_new` when it had been before."""

    is_new = ma.fields.Boolean(required=True)


class PaymentStatusSchema(Schema):
    """Where a payment is; `version` grows with each change."""

    id = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=OneOf([state.value for state in State]))
    version = ma.fields.Integer(required=True)


class PaymentRefundSchema(Schema):
    """What staff give back: of one part, or of all that is left of them."""

    part = ma.fields.String(load_default=None, validate=Length(1, 60))
    amount = money_field(load_default=None)
    reason = ma.fields.String(required=True, validate=Length(1, 500))

    @ma.validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """An amount is of one part."""
        if data.get("amount") is not None and data.get("part") is None:
            raise ma.ValidationError("Say of which part the amount is.", "part")


def _money(money: Money) -> dict[str, Any]:
    return {"amount": money.minor, "currency": money.currency}
