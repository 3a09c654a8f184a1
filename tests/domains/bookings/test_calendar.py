from datetime import timedelta

import pytest
from icalendar import Calendar

from backend.domains.bookings.calendar import calendar_of
from backend.domains.bookings.models import Booking
from backend.domains.bookings.states import Status
from tests.conftest import NOW


def booking(**changes: object) -> Booking:
    values = {
        "id": "bkg_01kaj3zq6m8v9x2c4b5n7p8q9r",
        "status": Status.CONFIRMED.value,
        "starts_at": NOW + timedelta(days=7),
        "ends_at": NOW + timedelta(days=7, hours=1),
        "timezone": "Europe/Paris",
        "title": "Tax advice; first, free",
        "party": 2,
        "total_minor": 12500,
        "currency": "EUR",
        "version": 3,
        "created_at": NOW,
        "changed_at": NOW + timedelta(minutes=5),
    }
    return Booking(**{**values, **changes})


def event_of(made: Booking) -> Calendar:
    file = Calendar.from_ical(calendar_of(made, provider_name="Grace Hopper", host="climbup.example"))
    (event,) = file.walk("VEVENT")
    return event


class TestCalendarFile:
    def test_tells_the_instants_in_utc_and_the_zone_beside_them(self) -> None:
        file = calendar_of(booking(), provider_name="Grace Hopper", host="climbup.example").decode()

        assert "DTSTART:20261214T090000Z\r\n" in file
        assert "DTEND:20261214T100000Z\r\n" in file
        assert "X-WR-TIMEZONE:Europe/Paris\r\n" in file
        assert "2026-12-14 10:00 Europe/Paris" in file.replace("\r\n ", "")

    def test_keeps_one_uid_and_counts_the_changes(self) -> None:
        first, third = event_of(booking(version=1)), event_of(booking(version=3))

        assert first["uid"] == third["uid"] == "bkg_01kaj3zq6m8v9x2c4b5n7p8q9r@climbup.example"
        assert (first["sequence"], third["sequence"]) == (0, 2)

    def test_escapes_what_has_a_meaning_in_the_format(self) -> None:
        event = event_of(booking(title="Cut, colour; more\nBEGIN:VEVENT"))

        assert event["summary"] == "Cut, colour; more\nBEGIN:VEVENT, Grace Hopper"

    @pytest.mark.parametrize(
        ("status", "expected", "transparency"),
        [
            (Status.PENDING_APPROVAL, "TENTATIVE", "OPAQUE"),
            (Status.PENDING_PAYMENT, "TENTATIVE", "OPAQUE"),
            (Status.CONFIRMED, "CONFIRMED", "OPAQUE"),
            (Status.COMPLETED, "CONFIRMED", "TRANSPARENT"),
            (Status.CANCELLED, "CANCELLED", "TRANSPARENT"),
            (Status.NO_SHOW, "CONFIRMED", "TRANSPARENT"),
        ],
    )
    def test_says_how_firm_it_is(self, status: Status, expected: str, transparency: str) -> None:
        event = event_of(booking(status=status.value))

        assert (event["status"], event["transp"]) == (expected, transparency)
