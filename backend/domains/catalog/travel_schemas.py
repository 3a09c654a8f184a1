"""JSON of flights and stays."""

from datetime import UTC, date, datetime
from typing import Any, Final

import marshmallow as ma

from backend.domains.catalog.travel import CabinClass, Flight, Meal, Stay
from backend.web.fields import InstantField, Schema, write_instant

Length, Regexp = ma.validate.Length, ma.validate.Regexp
MOST_NIGHTS: Final = 365
# Dates far from all calendars of travel are mistakes, and instants at the ends of time have no other zones.
_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2200, 1, 1)
_AT: Final = ma.validate.Range(
    datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC), max_inclusive=False
)
_SUPPLIER: Final = Regexp(
    r"[a-z0-9]+(-[a-z0-9]+)*\Z", error="Must look like hotelbeds: lower case, digits, single hyphens."
)


def airport_field(**options: Any) -> ma.fields.String:
    """An airport."""
    shape = Regexp(r"[A-Z]{3}\Z", error="Three capital letters of IATA, such as CDG.")
    return ma.fields.String(validate=[Length(equal=3), shape], **options)


def travel_instant_field(**options: Any) -> InstantField:
    """An instant at which somebody may travel."""
    return InstantField(validate=_AT, **options)


def _text(longest: int = 100) -> ma.fields.String:
    return ma.fields.String(required=True, validate=Length(1, longest))


class _JourneySchema(Schema):
    """What a flight and a stay have in common."""

    supplier = ma.fields.String(
        required=True,
        validate=[Length(1, 60), _SUPPLIER],
        metadata={"description": "the outside system that it is bought from", "example": "demo"},
    )
    country = ma.fields.String(
        required=True,
        validate=[Length(equal=2), Regexp(r"[A-Z]{2}\Z", error="Two letters of ISO 3166, such as FR.")],
        metadata={"description": "where the house stands, or the flight departs: there its tax is due"},
    )
    timezone = ma.fields.String(
        required=True,
        validate=Length(1, 64),
        metadata={"description": "of the house, or of the airport of departure", "example": "Europe/Paris"},
    )


class FlightDraftSchema(_JourneySchema):
    """Seats in one class of a flight, as staff write them."""

    origin = airport_field(required=True)
    destination = airport_field(required=True)
    origin_city = _text()
    destination_city = _text()
    cabin_class = ma.fields.Enum(CabinClass, by_value=True, required=True)
    departs_at = travel_instant_field(required=True)
    arrives_at = travel_instant_field(required=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """The value that the service takes."""
        return Flight(**data)


class FlightSchema(FlightDraftSchema):
    """Seats in one class of a flight; nobody can buy them from `departs_at` on."""

    route = ma.fields.String(required=True, metadata={"example": "CDG-JFK"})

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """Itself: nobody sends it."""
        return data


class StayDraftSchema(_JourneySchema):
    """Rooms of one kind for some nights, as staff write them."""

    place = _text()
    room = _text(60)
    meal = ma.fields.Enum(Meal, by_value=True, required=True)
    check_in = ma.fields.Date(
        required=True, validate=ma.validate.Range(_FIRST, _LAST), metadata={"example": "2026-12-24"}
    )
    nights = ma.fields.Integer(strict=True, required=True, validate=ma.validate.Range(1, MOST_NIGHTS))

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """The value that the service takes."""
        return Stay(**data)


class StaySchema(StayDraftSchema):
    """Rooms of one kind for some nights; nobody can buy them from `starts_at` on: the time of check-in."""

    starts_at = InstantField(required=True)
    ends_at = InstantField(required=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """Itself: nobody sends it."""
        return data


def write_flight(travel: object) -> dict[str, Any] | None:
    """The JSON of a flight; None for anything else."""
    if not isinstance(travel, Flight):
        return None
    return {
        "supplier": travel.supplier,
        "country": travel.country,
        "timezone": travel.timezone,
        "origin": travel.origin,
        "destination": travel.destination,
        "origin_city": travel.origin_city,
        "destination_city": travel.destination_city,
        "cabin_class": travel.cabin_class.value,
        "departs_at": write_instant(travel.departs_at),
        "arrives_at": write_instant(travel.arrives_at),
        "route": travel.route,
    }


def write_stay(travel: object) -> dict[str, Any] | None:
    """The JSON of a stay; None for anything else."""
    if not isinstance(travel, Stay):
        return None
    return {
        "supplier": travel.supplier,
        "country": travel.country,
        "timezone": travel.timezone,
        "place": travel.place,
        "room": travel.room,
        "meal": travel.meal.value,
        "check_in": travel.check_in.isoformat(),
        "nights": travel.nights,
        "starts_at": write_instant(travel.starts_at),
        "ends_at": write_instant(travel.ends_at),
    }
