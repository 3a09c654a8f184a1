"""JSON shapes of bargains."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import marshmallow as ma

from backend.domains.availability.slot_ids import parse_slot_id
from backend.domains.bargain.entities import (
    NOT_BARGAINED,
    Round,
    SessionView,
    State,
    instant_or_none,
    money_or_none,
)
from backend.domains.pricing.records import money_document
from backend.domains.pricing.schemas import party_field, slot_id_field
from backend.domains.pricing.wanted import Item
from backend.kernel import ids
from backend.negotiator.bargaining import Outcome
from backend.web.fields import InstantField, Schema, WrittenSchema, id_field, money_field, write_instant

STRATEGIES: Final = ("aggressive", "moderate", "conservative")
LONGEST_TEXT: Final = 500
MOST_QUANTITY: Final = 99
EXAMPLE: Final = f"{ids.BARGAIN}_01kaj3zq6m8v9x2c4b5n7p8q9r"


@dataclass(frozen=True, slots=True)
class Shown:
    """A session as it is answered at `now`."""

    view: SessionView
    now: datetime


class BargainStartSchema(Schema):
    """What to bargain over: so many units of a product, or a slot for a party.

    `offer_id` may be either id. `strategy` is for staff who try one.
    """

    product_id = id_field(ids.PRODUCT)
    slot_id = slot_id_field()
    offer_id = ma.fields.String()
    quantity = ma.fields.Integer(strict=True, validate=ma.validate.Range(1, MOST_QUANTITY), load_default=1)
    party = party_field(load_default=1)
    strategy = ma.fields.String(validate=ma.validate.OneOf(STRATEGIES), load_default=None)

    @ma.validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Exactly one thing, and the number that goes with it."""
        named = [name for name in ("product_id", "slot_id", "offer_id") if name in data]
        if len(named) != 1:
            raise ma.ValidationError(
                "Name a product_id, a slot_id or an offer_id, and only one.", "product_id"
            )
        offer_id = data.get("offer_id")
        if offer_id is not None and not _is_thing(offer_id):
            raise ma.ValidationError("Neither the id of a product nor that of a slot.", "offer_id")
        number = "quantity" if _slot_id(data) else "party"
        if data[number] != 1:
            raise ma.ValidationError("It does not go with this.", number)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The item, and the strategy."""
        slot_id = _slot_id(data)
        product_id = None if slot_id else data.get("product_id") or data.get("offer_id")
        item = Item(product_id=product_id, slot_id=slot_id, quantity=data["quantity"], party=data["party"])
        return {"item": item, "strategy": data["strategy"]}


def _is_thing(text: str) -> bool:
    return ids.is_id(text, ids.PRODUCT) or parse_slot_id(text) is not None


def _slot_id(data: dict[str, Any]) -> str | None:
    if "slot_id" in data:
        return str(data["slot_id"])
    offer_id = str(data.get("offer_id", ""))
    return offer_id if offer_id.startswith(f"{ids.SLOT}_") else None


class BargainOfferSchema(Schema):
    """What the customer would pay, and what they say with it."""

    session_id = id_field(ids.BARGAIN, required=True)
    price = money_field(required=True)
    message = ma.fields.String(validate=ma.validate.Length(max=LONGEST_TEXT), load_default="")


class BargainStrategySchema(Schema):
    """The strategy of a product: `none` for no bargains, null for what rules choose."""

    strategy = ma.fields.String(
        required=True, allow_none=True, validate=ma.validate.OneOf([*STRATEGIES, NOT_BARGAINED])
    )


class BargainRoundSchema(Schema):
    """An offer and its answer."""

    attempt = ma.fields.Integer(required=True)
    offer = money_field(required=True)
    status = ma.fields.String(required=True, validate=ma.validate.OneOf([one.value for one in Outcome]))
    counter_price = money_field(required=True, allow_none=True)
    message = ma.fields.String(required=True)
    at = InstantField(required=True)


class BargainSessionSchema(WrittenSchema):
    """A session. Prices are of all units or persons, before fees and what comes on top of it.

    Once accepted, the price is good until `deal_expires_at`: put it into the cart with its `session_id`.
    """

    session_id = ma.fields.String(required=True, metadata={"example": EXAMPLE})
    status = ma.fields.String(required=True, validate=ma.validate.OneOf([one.value for one in State]))
    product_id = ma.fields.String(required=True)
    slot_id = ma.fields.String(required=True, allow_none=True)
    quantity = ma.fields.Integer(required=True)
    party = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    list_price = money_field(required=True)
    counter_price = money_field(required=True, allow_none=True)
    final_price = money_field(required=True, allow_none=True)
    attempts_left = ma.fields.Integer(required=True)
    started_at = InstantField(required=True)
    expires_at = InstantField(required=True)
    server_time = InstantField(required=True)
    quote_token = ma.fields.String(required=True, allow_none=True)
    deal_expires_at = InstantField(required=True, allow_none=True)
    used = ma.fields.Boolean(required=True, metadata={"description": "whether an order has the price"})
    rounds = ma.fields.List(ma.fields.Nested(BargainRoundSchema), required=True)

    @staticmethod
    def write(shown: Shown) -> dict[str, Any]:
        """The members under the names of the API."""
        view = shown.view
        return {
            "session_id": view.id,
            "status": view.state.value,
            "product_id": view.product_id,
            "slot_id": view.slot_id,
            "quantity": view.quantity,
            "party": view.party,
            "name": view.name,
            "list_price": money_document(view.list_price),
            "counter_price": money_or_none(view.counter_price),
            "final_price": money_or_none(view.final_price),
            "attempts_left": view.attempts_left,
            "started_at": write_instant(view.started_at),
            "expires_at": write_instant(view.expires_at),
            "server_time": write_instant(shown.now),
            "quote_token": view.quote_token,
            "deal_expires_at": instant_or_none(view.deal_until),
            "used": view.is_used,
            "rounds": [_round(one) for one in view.rounds],
        }


class BargainAnswerSchema(WrittenSchema):
    """The answer to an offer; `counter_price` is the standing one, which a refusal leaves as it was."""

    session_id = ma.fields.String(required=True, metadata={"example": EXAMPLE})
    status = ma.fields.String(
        required=True, validate=ma.validate.OneOf([*(one.value for one in Outcome), State.EXPIRED.value])
    )
    counter_price = money_field(required=True, allow_none=True)
    final_price = money_field(required=True, allow_none=True)
    attempts_left = ma.fields.Integer(required=True)
    message = ma.fields.String(required=True)
    expires_at = InstantField(required=True)
    server_time = InstantField(required=True)
    quote_token = ma.fields.String(required=True, allow_none=True)
    deal_expires_at = InstantField(required=True, allow_none=True)

    @staticmethod
    def write(shown: Shown) -> dict[str, Any]:
        """The members under the names of the API."""
        view = shown.view
        ended = view.state in {State.EXPIRED, State.ACCEPTED}
        answer = view.state.value if ended else view.rounds[-1].answer.value
        return {
            "session_id": view.id,
            "status": answer,
            "counter_price": money_or_none(view.counter_price),
            "final_price": money_or_none(view.final_price),
            "attempts_left": view.attempts_left,
            "message": _message(view),
            "expires_at": write_instant(view.expires_at),
            "server_time": write_instant(shown.now),
            "quote_token": view.quote_token,
            "deal_expires_at": instant_or_none(view.deal_until),
        }


class BargainPageSchema(Schema):
    """A page of sessions, newest first, without their rounds."""

    items = ma.fields.List(ma.fields.Nested(BargainSessionSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


def _round(one: Round) -> dict[str, Any]:
    return {
        "attempt": one.number,
        "offer": money_document(one.offer),
        "status": one.answer.value,
        "counter_price": money_or_none(one.counter),
        "message": one.message,
        "at": write_instant(one.at),
    }


def _message(view: SessionView) -> str:
    """The words of the answer; those of the last round say nothing of an end that came after it."""
    if view.state is State.EXPIRED:
        return "The time of this bargain is over."
    if view.state is State.ACCEPTED and view.rounds[-1].answer is not Outcome.ACCEPTED:
        return "You accepted our counter-offer."
    return view.message
