"""JSON shapes of quote requests."""

from typing import Any, Final

import marshmallow as ma

from backend.domains.pricing.records import money_document
from backend.domains.pricing.schemas import party_field, slot_id_field
from backend.domains.quote_requests.models import QuoteRequest
from backend.kernel import ids
from backend.kernel.money import Money
from backend.web.fields import InstantField, Schema, WrittenSchema, money_field, write_instant

LONGEST_TEXT: Final = 2000
EXAMPLE: Final = f"{ids.QUOTE_REQUEST}_01kaj3zq6m8v9x2c4b5n7p8q9r"


def _text_field(**options: Any) -> ma.fields.String:
    return ma.fields.String(validate=ma.validate.Length(max=LONGEST_TEXT), load_default="", **options)


class QuoteRequestNewSchema(Schema):
    """What a customer asks a provider."""

    slot_id = slot_id_field(required=True)
    party = party_field(load_default=1)
    message = _text_field()


class QuoteOfferSchema(Schema):
    """What a provider offers: the price of all of it, and until when it stands."""

    price = money_field(required=True)
    valid_until = InstantField(required=True)
    answer = _text_field()


class QuoteDeclineSchema(Schema):
    """Why a provider does not want it."""

    answer = _text_field()


class QuoteRequestAnswerSchema(WrittenSchema):
    """A quote request as both sides see it."""

    id = ma.fields.String(required=True, metadata={"example": EXAMPLE})
    status = ma.fields.String(required=True)
    provider = ma.fields.String(required=True)
    product = ma.fields.String(required=True)
    slot_id = ma.fields.String(required=True)
    party = ma.fields.Integer(required=True)
    message = ma.fields.String(required=True)
    price = money_field(required=True, allow_none=True)
    answer = ma.fields.String(required=True)
    valid_until = InstantField(required=True, allow_none=True)
    created_at = InstantField(required=True)
    changed_at = InstantField(required=True)

    @staticmethod
    def write(request: QuoteRequest) -> dict[str, Any]:
        """The columns under the names of the API."""
        price, until = request.price_minor, request.valid_until
        return {
            "id": request.id,
            "status": request.status,
            "provider": request.provider_id,
            "product": request.product_id,
            "slot_id": request.slot_id,
            "party": request.party,
            "message": request.message,
            "price": None if price is None else money_document(Money(price, request.currency)),
            "answer": request.answer,
            "valid_until": None if until is None else write_instant(until),
            "created_at": write_instant(request.created_at),
            "changed_at": write_instant(request.changed_at),
        }


class QuoteRequestPageSchema(Schema):
    """A page of quote requests."""

    items = ma.fields.List(ma.fields.Nested(QuoteRequestAnswerSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)
