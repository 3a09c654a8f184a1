"""A booking as an iCalendar file (RFC 5545): instants in UTC, the provider's zone named beside them."""

from datetime import UTC
from typing import Final

from icalendar import Calendar, Event

from backend.domains.bookings.models import Booking
from backend.domains.bookings.states import OCCUPYING, Status
from backend.kernel.time import zone

_STATUS: Final = {
    Status.PENDING_APPROVAL: "TENTATIVE",
    Status.PENDING_PAYMENT: "TENTATIVE",
    Status.CONFIRMED: "CONFIRMED",
    Status.COMPLETED: "CONFIRMED",
    Status.CANCELLED: "CANCELLED",
    Status.NO_SHOW: "CONFIRMED",
}


def calendar_of(booking: Booking, *, provider_name: str, host: str) -> bytes:
    """The file: the same UID for the life of the booking, a SEQUENCE that rises with each change of it."""
    calendar = Calendar()
    calendar.add("prodid", "-//ClimbUp//Bookings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-timezone", booking.timezone)
    calendar.add_component(_event(booking, provider_name=provider_name, host=host))
    file: bytes = calendar.to_ical()
    return file


def _event(booking: Booking, *, provider_name: str, host: str) -> Event:
    event = Event()
    event.add("uid", f"{booking.id}@{host}")
    event.add("sequence", booking.version - 1)
    event.add("status", _STATUS[booking.state])
    event.add("transp", "OPAQUE" if booking.state in OCCUPYING else "TRANSPARENT")
    event.add("dtstamp", booking.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("created", booking.created_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", booking.starts_at.astimezone(UTC))
    event.add("dtend", booking.ends_at.astimezone(UTC))
    event.add("summary", f"{booking.title}, {provider_name}")
    event.add("description", _description(booking))
    return event


def _description(booking: Booking) -> str:
    local = booking.starts_at.astimezone(zone(booking.timezone))
    persons = "1 person" if booking.party == 1 else f"{booking.party} persons"
    return f"{local:%Y-%m-%d %H:%M} {booking.timezone}, {persons}, {booking.total}. Booking {booking.id}."
