"""From a journey to the columns of its product, once it makes sense, and back again. Pure."""

from datetime import UTC, timedelta
from enum import Enum
from typing import Any, Final

from backend.domains.catalog.travel import FLIGHT, STAY, CabinClass, Flight, Meal, Stay, Travel
from backend.kernel.errors import InvalidError
from backend.kernel.time import ZoneError, utc, zone

LONGEST_FLIGHT: Final = timedelta(days=3)
_OF_BOTH: Final = ("supplier", "country", "timezone")
_OF_FLIGHTS: Final = ("origin", "destination", "origin_city", "destination_city", "cabin_class")
_OF_STAYS: Final = ("place", "room", "meal", "nights")
TRAVEL_COLUMNS: Final = (*_OF_BOTH, "starts_at", "ends_at", *_OF_FLIGHTS, *_OF_STAYS)
"""The columns of a product that a journey has; all of them are NULL for other products."""


def travel_values(travel: Travel | None) -> dict[str, Any]:
    """The columns of a journey, or of none. InvalidError names the field that makes no sense."""
    values: dict[str, Any] = dict.fromkeys(TRAVEL_COLUMNS)
    if travel is None:
        return values
    _check_zone(travel)
    if isinstance(travel, Flight):
        _check_flight(travel)
    own = (*_OF_BOTH, *(_OF_FLIGHTS if isinstance(travel, Flight) else _OF_STAYS))
    told = {name: getattr(travel, name) for name in own}
    plain = {name: value.value if isinstance(value, Enum) else value for name, value in told.items()}
    return {**values, **plain, "starts_at": travel.starts_at, "ends_at": travel.ends_at}


def travel_of(row: Any) -> Travel | None:
    """The journey in the row of a product."""
    if row.kind == FLIGHT:
        return Flight(
            **{name: getattr(row, name) for name in (*_OF_BOTH, *_OF_FLIGHTS[:-1])},
            cabin_class=CabinClass(row.cabin_class),
            departs_at=row.starts_at.astimezone(UTC),
            arrives_at=row.ends_at.astimezone(UTC),
        )
    if row.kind == STAY:
        return Stay(
            **{name: getattr(row, name) for name in (*_OF_BOTH, "place", "room", "nights")},
            meal=Meal(row.meal),
            check_in=row.starts_at.astimezone(zone(row.timezone)).date(),
        )
    return None


def _check_zone(travel: Travel) -> None:
    try:
        zone(travel.timezone)
    except ZoneError as error:
        raise _invalid(travel, "timezone", f"{error}.") from error


def _check_flight(flight: Flight) -> None:
    if flight.origin == flight.destination:
        raise _invalid(flight, "destination", "A flight goes to another airport.")
    if not timedelta(0) < utc(flight.arrives_at) - utc(flight.departs_at) <= LONGEST_FLIGHT:
        raise _invalid(flight, "arrives_at", "A flight arrives after it departs, within three days.")


def _invalid(travel: Travel, field: str, sentence: str) -> InvalidError:
    name = f"{FLIGHT if isinstance(travel, Flight) else STAY}.{field}"
    return InvalidError(sentence, errors={name: [sentence]})
