"""JSON shapes of bookings and of the listing of slots."""

from datetime import date, timedelta
from typing import Any, Final

import marshmallow as ma

from backend.domains.bookings.lifecycle import APPROVE, DECLINE, Cancellation
from backend.domains.bookings.models import Booking
from backend.domains.bookings.service import ON_SITE, Booked
from backend.domains.bookings.states import Status
from backend.domains.bookings.terms import CARD
from backend.domains.payments.opening import Opened
from backend.domains.payments.schemas import PaymentSchema
from backend.domains.pricing.schemas import (
    LONGEST_TOKEN,
    PricedSlotSchema,
    RuleSchema,
)
from backend.kernel import ids
from backend.web.fields import (
    InstantField,
    QuerySchema,
    Schema,
    currency_field,
    id_field,
    money_field,
)
from backend.web.pagination import PageArgs

LONGEST_LISTING: Final = timedelta(days=31)
STORED_STATUSES: Final = [status.value for status in Status if status is not Status.HELD]


class ListingArgs(QuerySchema):
    """Which slots to list: `from` to before `to`, both local dates of each provider."""

    provider = id_field(ids.PROVIDER, load_default=None)
    category = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 100))
    first = ma.fields.Date(required=True, data_key="from")
    last = ma.fields.Date(required=True, data_key="to")
    party = ma.fields.Integer(load_default=1, validate=ma.validate.Range(1, 1000))
    currency = currency_field(load_default=None)

    @ma.validates_schema
    def check_dates(self, data: dict[str, Any], **_: Any) -> None:
        """The stretch is forwards, and no longer than one month."""
        first: date = data["first"]
        last: date = data["last"]
        if last <= first:
            raise ma.ValidationError("Must be after `from`: the last day is not included.", "to")
        if last - first > LONGEST_LISTING:
            raise ma.ValidationError(f"At most {LONGEST_LISTING.days} days after `from`.", "to")


class ListingSchema(Schema):
    """Slots by their start."""

    items = ma.fields.List(ma.fields.Nested(PricedSlotSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class ContactSchema(Schema):
    """Whom to reach about the booking."""

    name = ma.fields.String(validate=ma.validate.Length(1, 200))
    email = ma.fields.Email(validate=ma.validate.Length(max=254))
    phone = ma.fields.String(validate=ma.validate.Regexp(r"^\+?[0-9 ()./-]{3,40}$", error="Not a number."))
    note = ma.fields.String(validate=ma.validate.Length(max=1000))


def quote_token_field() -> ma.fields.String:
    """The token of a quote."""
    return ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST_TOKEN))


class BookSchema(Schema):
    """What to book, and for how much at most."""

    quote_token = quote_token_field()
    max_total = money_field(load_default=None)
    payment_method = ma.fields.String(required=True, validate=ma.validate.OneOf([ON_SITE, CARD]))
    contact = ma.fields.Nested(ContactSchema, load_default=dict)


class RescheduleSchema(Schema):
    """Another slot or party, as a fresh quote says."""

    quote_token = quote_token_field()
    max_total = money_field(load_default=None)


class DeclineSchema(Schema):
    """Why a provider does not take a booking."""

    reason = ma.fields.String(load_default="", validate=ma.validate.Length(max=500))


class RespondSchema(DeclineSchema):
    """A provider's answer to a requested booking."""

    decision = ma.fields.String(required=True, validate=ma.validate.OneOf([APPROVE, DECLINE]))


class BookingSchema(Schema):
    """A booking."""

    id = ma.fields.String(required=True)
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(STORED_STATUSES))
    user = ma.fields.String(required=True)
    provider = ma.fields.String(required=True)
    product = ma.fields.String(required=True)
    slot_id = ma.fields.String(required=True)
    quote_id = ma.fields.String(required=True, allow_none=True)
    order_id = ma.fields.String(required=True, allow_none=True)
    title = ma.fields.String(required=True)
    starts_at = InstantField(required=True)
    ends_at = InstantField(required=True)
    timezone = ma.fields.String(required=True)
    party = ma.fields.Integer(required=True)
    total = money_field(required=True)
    paid = money_field(required=True)
    refund = money_field(required=True, allow_none=True)
    payment_method = ma.fields.String(required=True)
    contact = ma.fields.Nested(ContactSchema, required=True)
    version = ma.fields.Integer(required=True)
    created_at = InstantField(required=True)
    changed_at = InstantField(required=True)

    @ma.pre_dump
    def spread(self, booking: Booking, **_: Any) -> dict[str, Any]:
        """The columns under the names of the API."""
        return {
            **{name: getattr(booking, name) for name in self.fields if hasattr(booking, name)},
            "user": booking.user_id,
            "provider": booking.provider_id,
            "product": booking.product_id,
        }


class BookedSchema(BookingSchema):
    """A new booking; by card, with the payment that it waits for."""

    payment = ma.fields.Nested(PaymentSchema, required=True, allow_none=True)

    @ma.pre_dump
    def spread(self, booked: Booked, **_: Any) -> dict[str, Any]:
        """The booking, and its payment as somebody sees it who may pay it."""
        payment = booked.payment and Opened(booked.payment, None)
        return {**BookingSchema.spread(self, booked.booking), "payment": payment}


class BookingListArgs(PageArgs):
    """Which bookings of a user."""

    status = ma.fields.String(load_default=None, validate=ma.validate.OneOf(STORED_STATUSES))


class BookingPageSchema(Schema):
    """A page of bookings."""

    items = ma.fields.List(ma.fields.Nested(BookingSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class PolicySchema(Schema):
    """What the cancellation rules said: `percent` of what was paid goes back."""

    percent = ma.fields.Decimal(required=True, as_string=True, metadata={"type": "string", "example": "50"})
    about = ma.fields.String(required=True)
    rule = ma.fields.Nested(RuleSchema, required=True, allow_none=True)


class CancellationSchema(Schema):
    """A cancelled booking: `refund` is what goes back of what was `paid` through us."""

    id = ma.fields.String(required=True)
    status = ma.fields.String(required=True)
    total = money_field(required=True)
    paid = money_field(required=True)
    refund = money_field(required=True)
    policy = ma.fields.Nested(PolicySchema, required=True)

    @ma.pre_dump
    def spread(self, cancelled: Cancellation, **_: Any) -> dict[str, Any]:
        """A flat view of the booking and its refund."""
        booking = cancelled.booking
        return {
            "id": booking.id,
            "status": booking.status,
            "total": booking.total,
            "paid": booking.paid,
            "refund": cancelled.refund.amount,
            "policy": cancelled.refund,
        }


class BookingEventSchema(Schema):
    """One line of a booking's history."""

    at = InstantField(required=True)
    actor = ma.fields.String(required=True, allow_none=True, attribute="actor_id")
    action = ma.fields.String(required=True)
    status = ma.fields.String(required=True)
    data = ma.fields.Dict(required=True)


class HistorySchema(Schema):
    """A booking's history, oldest first."""

    items = ma.fields.List(ma.fields.Nested(BookingEventSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)
