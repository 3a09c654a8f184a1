"""What is to be known of a journey that is sold: a flight, or a stay in a house with rooms. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from backend.kernel.time import utc, wall_to_utc_or_after, zone

FLIGHT: Final = "flight"
STAY: Final = "stay"
TRAVEL: Final = (FLIGHT, STAY)
# When rooms are handed out and given back, on the clock of the house.
CHECK_IN: Final = time(15)
CHECK_OUT: Final = time(11)


class CabinClass(StrEnum):
    """The class in which a flight is flown."""

    ECONOMY = "economy"
    PREMIUM_ECONOMY = "premium_economy"
    BUSINESS = "business"
    FIRST = "first"


class Meal(StrEnum):
    """The meals of a stay by the codes of the trade: none, breakfast, half board, full board, all of it."""

    RO = "RO"
    BB = "BB"
    HB = "HB"
    FB = "FB"
    AI = "AI"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Journey:
    """`supplier` is the outside system that it is bought from, `timezone` (an IANA name) that of its start.

    `country` (ISO 3166-1 alpha-2) is where its tax is due: where the house stands, or the flight departs.
    """

    supplier: str
    country: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight(_Journey):
    """Seats in one class from an airport to another, by their IATA codes; instants are in UTC."""

    origin: str
    destination: str
    origin_city: str
    destination_city: str
    cabin_class: CabinClass
    departs_at: datetime
    arrives_at: datetime

    @property
    def route(self) -> str:
        """From where to where, such as CDG-JFK."""
        return f"{self.origin}-{self.destination}"

    @property
    def title(self) -> str:
        """Which flight it is, on the clock of the airport: CDG-JFK, 2026-12-17 13:30."""
        local = self.departs_at.astimezone(zone(self.timezone))
        return f"{self.route}, {local:%Y-%m-%d %H:%M}"

    @property
    def starts_at(self) -> datetime:
        """From this instant on nobody can board it."""
        return utc(self.departs_at)

    @property
    def begun_notice(self) -> str:
        """What to tell who wants it too late."""
        return "This flight has departed."

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return utc(self.arrives_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay(_Journey):
    """Rooms of one kind for so many nights from the day `check_in` on, in a house at `place`."""

    place: str
    room: str
    meal: Meal
    check_in: date
    nights: int

    @property
    def title(self) -> str:
        """Which stay it is: Lisbon, 2026-12-17, 4 nights."""
        nights = "1 night" if self.nights == 1 else f"{self.nights} nights"
        return f"{self.place}, {self.check_in.isoformat()}, {nights}"

    @property
    def starts_at(self) -> datetime:
        """When the rooms are handed out."""
        return wall_to_utc_or_after(self.check_in, CHECK_IN, zone(self.timezone))

    @property
    def begun_notice(self) -> str:
        """What to tell who wants it too late."""
        return "This stay has begun."

    @property
    def ends_at(self) -> datetime:
        """When they are given back."""
        last = self.check_in + timedelta(days=self.nights)
        return wall_to_utc_or_after(last, CHECK_OUT, zone(self.timezone))


Travel = Flight | Stay
