"""/api/bookings: slots that can be booked, and bookings from the quote to the calendar file."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import svcs
from flask import Response, make_response, request

from backend.config import Settings
from backend.domains.bookings.acting import acting
from backend.domains.bookings.calendar import calendar_of
from backend.domains.bookings.lifecycle import BookingLifecycle, Cancellation
from backend.domains.bookings.listing import BookableSlots
from backend.domains.bookings.models import Booking
from backend.domains.bookings.schemas import (
    BookedSchema,
    BookingListArgs,
    BookingPageSchema,
    BookingSchema,
    BookSchema,
    CancellationSchema,
    DeclineSchema,
    HistorySchema,
    ListingArgs,
    ListingSchema,
    RescheduleSchema,
)
from backend.domains.bookings.service import Booked, BookingService
from backend.domains.catalog.service import CatalogService
from backend.domains.payments.answering import opens_payment
from backend.domains.pricing.listing import PricedSlot
from backend.web.api import Blueprint
from backend.web.auth import caller_id, optional_caller, signed_in
from backend.web.clock import time_now
from backend.web.etags import MAYBE_IF_MATCH, etag_of, seen_version
from backend.web.idempotency import idempotent
from backend.web.pagination import Page, id_behind, page_of

blueprint: Final = Blueprint(
    "bookings", __name__, url_prefix="/api/bookings", description="Slots to book, and bookings"
)

Tagged = tuple[Booking, dict[str, str]]


@blueprint.get("")
@blueprint.arguments(ListingArgs, location="query")
@blueprint.response(200, ListingSchema)
@blueprint.alt_response(404, description="There is no such provider")
def list_slots(asked: dict[str, Any]) -> Page[PricedSlot]:
    """What can be booked from `from` to before `to`, with today's price and why it is so.

    Without `provider`: of the first 50 active providers (of `category`, if given).
    """
    someone = optional_caller()
    user_id = someone.user_id if someone else None
    return Page(svcs.flask.get(BookableSlots).list(user_id=user_id, now=time_now(), **asked), None)


@blueprint.post("")
@signed_in
@opens_payment
@idempotent(caller_id)
@blueprint.arguments(BookSchema)
@blueprint.response(201, BookedSchema)
@blueprint.alt_response(403, description="The quote was made for another user")
@blueprint.alt_response(409, description="The seats are gone, the quote is used, or the price is higher")
@blueprint.alt_response(410, description="The quote has expired")
def book(asked: dict[str, Any]) -> tuple[Booked, dict[str, str]]:
    """Book the quoted slot at the quoted price. Send an `Idempotency-Key` to be able to repeat it.

    By card, the booking waits for its `payment`: pay it with its `client_secret`.
    """
    booked = svcs.flask.get(BookingService).book(user_id=caller_id(), now=time_now(), **asked)
    return booked, {"ETag": etag_of(booked.booking.version)}


@blueprint.get("/user/<user_id>")
@signed_in
@blueprint.arguments(BookingListArgs, location="query")
@blueprint.response(200, BookingPageSchema)
@blueprint.alt_response(404, description="No user whose bookings the caller may see")
def list_bookings(asked: dict[str, Any], user_id: str) -> Page[Booking]:
    """The bookings of a user, newest first, for that user and for staff."""
    found: Sequence[Booking] = svcs.flask.get(BookingService).bookings_of(
        user_id=user_id,
        actor=acting(),
        status=asked["status"],
        older_than=id_behind(asked["cursor"]),
        limit=asked["limit"] + 1,
    )
    return page_of(found, limit=asked["limit"], key=lambda booking: [booking.id])


@blueprint.get("/<booking_id>")
@signed_in
@blueprint.response(200, BookingSchema)
@blueprint.alt_response(404, description="No such booking among those the caller may see")
def read_booking(booking_id: str) -> Tagged:
    """One booking, for its customer, its provider and staff."""
    return _tagged(svcs.flask.get(BookingService).booking(booking_id=booking_id, actor=acting()))


@blueprint.put("/<booking_id>")
@blueprint.doc(**MAYBE_IF_MATCH)
@signed_in
@blueprint.arguments(RescheduleSchema)
@blueprint.response(200, BookingSchema)
@blueprint.alt_response(404, description="No such booking among those the caller may see")
@blueprint.alt_response(409, description="The new seats are gone (the old ones are kept), or it is too late")
@blueprint.alt_response(410, description="The quote has expired")
@blueprint.alt_response(412, description="If-Match names another version than the newest")
def reschedule(asked: dict[str, Any], booking_id: str) -> Tagged:
    """Move a booking to the slot, party and price of a fresh quote, all or nothing."""
    moved = svcs.flask.get(BookingService).reschedule(
        booking_id=booking_id, actor=acting(), version=seen_version(), now=time_now(), **asked
    )
    return _tagged(moved)


@blueprint.delete("/<booking_id>")
@blueprint.doc(**MAYBE_IF_MATCH)
@signed_in
@blueprint.response(200, CancellationSchema)
@blueprint.alt_response(404, description="No such booking among those the caller may see")
@blueprint.alt_response(409, description="It is cancelled or over already")
@blueprint.alt_response(412, description="If-Match names another version than the newest")
def cancel(booking_id: str) -> Cancellation:
    """Cancel a booking. The rules of cancellation say how much of what was paid goes back."""
    lifecycle = svcs.flask.get(BookingLifecycle)
    return lifecycle.cancel(booking_id=booking_id, actor=acting(), version=seen_version(), now=time_now())


@blueprint.get("/<booking_id>/history")
@signed_in
@blueprint.response(200, HistorySchema)
@blueprint.alt_response(404, description="No such booking among those the caller may see")
def read_history(booking_id: str) -> Page[Any]:
    """What happened to a booking, oldest first."""
    lifecycle = svcs.flask.get(BookingLifecycle)
    return Page(lifecycle.history(booking_id=booking_id, actor=acting()), None)


@blueprint.get("/<booking_id>/calendar.ics")
@signed_in
@blueprint.response(200, {"type": "string"}, content_type="text/calendar")
@blueprint.alt_response(304, description="It is the version that If-None-Match names")
@blueprint.alt_response(404, description="No such booking among those the caller may see")
def read_calendar(booking_id: str) -> Response:
    """The booking as an iCalendar file, to be imported or fetched again."""
    booking = svcs.flask.get(BookingService).booking(booking_id=booking_id, actor=acting())
    provider = svcs.flask.get(CatalogService).provider(provider_id=booking.provider_id)
    host = urlsplit(svcs.flask.get(Settings).domain_url).hostname or "localhost"
    response = make_response(calendar_of(booking, provider_name=provider.name, host=host))
    response.content_type = "text/calendar; charset=utf-8"
    response.set_etag(f"{booking.version}")
    response.make_conditional(request)
    return response


@blueprint.post("/<booking_id>/approve")
@signed_in
@blueprint.response(200, BookingSchema)
@blueprint.alt_response(403, description="Only the provider or staff can do this")
@blueprint.alt_response(409, description="It does not wait for approval")
def approve(booking_id: str) -> Tagged:
    """Take a booking that waits for approval (provider, staff)."""
    lifecycle = svcs.flask.get(BookingLifecycle)
    return _tagged(lifecycle.approve(booking_id=booking_id, actor=acting(), now=time_now()))


@blueprint.post("/<booking_id>/decline")
@signed_in
@blueprint.arguments(DeclineSchema)
@blueprint.response(200, BookingSchema)
@blueprint.alt_response(403, description="Only the provider or staff can do this")
@blueprint.alt_response(409, description="It does not wait for approval")
def decline(asked: dict[str, Any], booking_id: str) -> Tagged:
    """Do not take a booking that waits for approval (provider, staff)."""
    lifecycle = svcs.flask.get(BookingLifecycle)
    return _tagged(lifecycle.decline(booking_id=booking_id, actor=acting(), now=time_now(), **asked))


@blueprint.post("/<booking_id>/complete")
@signed_in
@blueprint.response(200, BookingSchema)
@blueprint.alt_response(403, description="Only the provider or staff can do this")
@blueprint.alt_response(409, description="It is not confirmed, or has not begun")
def complete(booking_id: str) -> Tagged:
    """The customer was served (provider, staff)."""
    lifecycle = svcs.flask.get(BookingLifecycle)
    return _tagged(lifecycle.complete(booking_id=booking_id, actor=acting(), now=time_now()))


@blueprint.post("/<booking_id>/no-show")
@signed_in
@blueprint.response(200, BookingSchema)
@blueprint.alt_response(403, description="Only the provider or staff can do this")
@blueprint.alt_response(409, description="It is not confirmed, or has not begun")
def no_show(booking_id: str) -> Tagged:
    """The customer did not come (provider, staff)."""
    lifecycle = svcs.flask.get(BookingLifecycle)
    return _tagged(lifecycle.no_show(booking_id=booking_id, actor=acting(), now=time_now()))


def _tagged(booking: Booking) -> Tagged:
    return booking, {"ETag": etag_of(booking.version)}
