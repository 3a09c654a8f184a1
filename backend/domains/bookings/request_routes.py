"""/api/booking-requests: booking what a provider has to agree to, and the provider's answer."""

from typing import Any, Final

import svcs

from backend.domains.bookings.access import Actor
from backend.domains.bookings.lifecycle import BookingLifecycle
from backend.domains.bookings.models import Booking
from backend.domains.bookings.schemas import BookedSchema, BookingSchema, BookSchema, RespondSchema
from backend.domains.bookings.service import Booked, BookingService
from backend.domains.payments.answering import opens_payment
from backend.web.api import Blueprint
from backend.web.auth import Role, caller, caller_id, signed_in
from backend.web.clock import time_now
from backend.web.etags import etag_of
from backend.web.idempotency import idempotent

requests: Final = Blueprint(
    "booking requests",
    __name__,
    url_prefix="/api/booking-requests",
    description="Bookings that a provider has to agree to",
)


@requests.post("/submit")
@signed_in
@opens_payment
@idempotent(caller_id)
@requests.arguments(BookSchema)
@requests.response(201, BookedSchema)
@requests.alt_response(403, description="The quote was made for another user")
@requests.alt_response(409, description="The seats are gone, the quote is used, or the price is higher")
@requests.alt_response(410, description="The quote has expired")
def submit(asked: dict[str, Any]) -> tuple[Booked, dict[str, str]]:
    """Ask a provider to take a booking at the quoted price.

    By card, the money is authorised first, taken when the provider says yes, and let go when they do not.
    """
    service = svcs.flask.get(BookingService)
    booked = service.book(user_id=caller_id(), as_request=True, now=time_now(), **asked)
    return booked, {"ETag": etag_of(booked.booking.version)}


@requests.patch("/<booking_id>/respond")
@signed_in
@requests.arguments(RespondSchema)
@requests.response(200, BookingSchema)
@requests.alt_response(403, description="Only the provider or staff can answer")
@requests.alt_response(404, description="No such booking among those the caller may see")
@requests.alt_response(409, description="It does not wait for an answer")
def respond(asked: dict[str, Any], booking_id: str) -> tuple[Booking, dict[str, str]]:
    """Take a requested booking, or do not (provider, staff)."""
    someone = caller()
    actor = Actor(someone.user_id, is_staff=someone.has(Role.SUPPORT))
    lifecycle = svcs.flask.get(BookingLifecycle)
    booking = lifecycle.respond(booking_id=booking_id, actor=actor, now=time_now(), **asked)
    return booking, {"ETag": etag_of(booking.version)}
