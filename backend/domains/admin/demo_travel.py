"""Flights and stays of the demonstration, some days from now; prices, houses and times are invented.

What they cost leaves room to bargain: ten to thirty percent lie between prices with markup and floors.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from backend.domains.admin.demo_partners import FLIGHTS, HOTELS, TRAVEL
from backend.domains.catalog.drafts import ProductDraft
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.entities import TaxClass
from backend.domains.catalog.stock_keeping import StockKeeping
from backend.domains.catalog.travel import FLIGHT, STAY, CabinClass, Flight, Meal, Stay
from backend.kernel.money import Money
from backend.kernel.time import wall_to_utc_or_after, zone

SUPPLIER: Final = "demo"
CURRENCY: Final = "EUR"
ECONOMY, PREMIUM, BUSINESS = CabinClass.ECONOMY, CabinClass.PREMIUM_ECONOMY, CabinClass.BUSINESS
# Of flights from one country to another.
ZERO: Final = TaxClass.ZERO
_LONG_HAUL: Final = 300


class Airport(NamedTuple):
    """Where flights begin and end."""

    city: str
    country: str
    timezone: str


AIRPORTS: Final = {
    "CDG": Airport("Paris", "FR", "Europe/Paris"),
    "NCE": Airport("Nice", "FR", "Europe/Paris"),
    "FRA": Airport("Frankfurt", "DE", "Europe/Berlin"),
    "BER": Airport("Berlin", "DE", "Europe/Berlin"),
    "BCN": Airport("Barcelona", "ES", "Europe/Madrid"),
    "MAD": Airport("Madrid", "ES", "Europe/Madrid"),
    "VIE": Airport("Vienna", "AT", "Europe/Vienna"),
    "FCO": Airport("Rome", "IT", "Europe/Rome"),
    "LHR": Airport("London", "GB", "Europe/London"),
    "ZRH": Airport("Zurich", "CH", "Europe/Zurich"),
    "LIS": Airport("Lisbon", "PT", "Europe/Lisbon"),
    "JFK": Airport("New York", "US", "America/New_York"),
    "HND": Airport("Tokyo", "JP", "Asia/Tokyo"),
    "KTM": Airport("Kathmandu", "NP", "Asia/Kathmandu"),
}


class Seats(NamedTuple):
    """A flight in `days` days, at a local time; `price` in euros, of which it costs us `cost` percent."""

    route: str
    cabin: CabinClass
    days: int
    departs: time
    minutes: int
    price: str
    cost: int
    seats: int
    tax: TaxClass = ZERO


class Place(NamedTuple):
    """Where houses stand; `tax` is the class of stays there."""

    country: str
    timezone: str
    tax: TaxClass


PLACES: Final = {
    "Nice": Place("FR", "Europe/Paris", TaxClass.INTERMEDIATE),
    "Chamonix": Place("FR", "Europe/Paris", TaxClass.INTERMEDIATE),
    "Lisbon": Place("PT", "Europe/Lisbon", TaxClass.SUPER_REDUCED),
    "Vienna": Place("AT", "Europe/Vienna", TaxClass.REDUCED),
    "Madrid": Place("ES", "Europe/Madrid", TaxClass.REDUCED),
    "Kyoto": Place("JP", "Asia/Tokyo", TaxClass.STANDARD),
    # Taxes of these countries are not in the rules' table.
    "New York": Place("US", "America/New_York", ZERO),
    "Kathmandu": Place("NP", "Asia/Kathmandu", ZERO),
}


class Rooms(NamedTuple):
    """A house's rooms of one kind from `days` days on; `price` in euros for all nights."""

    house: str
    place: str
    room: str
    meal: Meal
    days: int
    nights: int
    price: str
    cost: int
    rooms: int


SEATS: Final = (
    Seats("CDG-JFK", ECONOMY, 14, time(13, 30), 505, "520.00", 78, 24),
    Seats("CDG-JFK", BUSINESS, 14, time(13, 30), 505, "2350.00", 82, 6),
    Seats("JFK-CDG", PREMIUM, 24, time(19, 15), 435, "990.00", 80, 9),
    Seats("CDG-NCE", ECONOMY, 10, time(8, 15), 95, "118.00", 64, 31, TaxClass.INTERMEDIATE),
    Seats("NCE-CDG", ECONOMY, 13, time(19, 40), 95, "109.00", 74, 18, TaxClass.INTERMEDIATE),
    Seats("CDG-LIS", ECONOMY, 21, time(11, 5), 155, "169.00", 77, 27),
    Seats("FRA-BER", ECONOMY, 9, time(7, 0), 70, "129.00", 70, 22, TaxClass.STANDARD),
    Seats("BCN-MAD", ECONOMY, 12, time(17, 20), 80, "84.00", 71, 36, TaxClass.REDUCED),
    Seats("VIE-FCO", ECONOMY, 30, time(9, 50), 95, "119.00", 79, 40),
    Seats("LHR-ZRH", BUSINESS, 17, time(16, 45), 105, "385.00", 76, 8),
    Seats("ZRH-CDG", ECONOMY, 5, time(6, 40), 75, "138.00", 88, 3),
    Seats("FRA-KTM", ECONOMY, 40, time(21, 30), 560, "860.00", 80, 14),
    Seats("HND-CDG", BUSINESS, 35, time(10, 15), 860, "2890.00", 84, 4),
    Seats("CDG-HND", CabinClass.FIRST, 28, time(11, 0), 800, "6450.00", 81, 0),
)
ROOMS: Final = (
    Rooms("Hotel Belvedere", "Nice", "double", Meal.BB, 10, 3, "426.00", 73, 12),
    Rooms("Chalet Alpenblick", "Chamonix", "family", Meal.HB, 75, 7, "1480.00", 70, 5),
    Rooms("Casa Azul", "Lisbon", "double", Meal.BB, 21, 4, "388.00", 75, 9),
    Rooms("Hotel am Dom", "Vienna", "single", Meal.BB, 30, 3, "297.00", 74, 7),
    Rooms("Gran Via Suites", "Madrid", "suite", Meal.RO, 12, 2, "340.00", 72, 4),
    Rooms("Hudson Lofts", "New York", "double", Meal.RO, 14, 5, "1150.00", 80, 11),
    Rooms("Garden House", "Kathmandu", "twin", Meal.BB, 41, 6, "318.00", 77, 15),
    Rooms("Ryokan Sakura", "Kyoto", "tatami", Meal.HB, 36, 2, "640.00", 78, 3),
)


def seed_travel(*, editing: CatalogEditing, stock: StockKeeping, actor_id: str, now: datetime) -> int:
    """Create the flights and stays in the categories of the partners, with their stock; how many.

    The caller commits.
    """
    agency = _Agency(editing, stock, actor_id, now)
    for seats in SEATS:
        agency.offer(agency.flight(seats), seats.seats)
    for rooms in ROOMS:
        agency.offer(agency.stay(rooms), rooms.rooms)
    return len(SEATS) + len(ROOMS)


@dataclass(frozen=True)
class _Agency:
    """The services, and the instant from which days are counted."""

    editing: CatalogEditing
    stock: StockKeeping
    actor_id: str
    now: datetime

    def offer(self, draft: ProductDraft, units: int) -> None:
        """A product with so many seats or rooms."""
        made = self.editing.create_product(draft=draft, actor_id=self.actor_id)
        if units:
            self.stock.receive(product_id=made.id, quantity=units, reason="Allotment", actor_id=self.actor_id)

    def flight(self, seats: Seats) -> ProductDraft:
        """Departs at its local time, so many days from today where it departs."""
        origin, destination = seats.route.split("-")
        here, there = AIRPORTS[origin], AIRPORTS[destination]
        tz = zone(here.timezone)
        day = self.now.astimezone(tz).date() + timedelta(days=seats.days)
        departs_at = wall_to_utc_or_after(day, seats.departs, tz)
        cabin = seats.cabin.value.replace("_", " ")
        return ProductDraft(
            kind=FLIGHT,
            name=f"{here.city} to {there.city}, {cabin}",
            description=f"A seat in {cabin} from {here.city} ({origin}) to {there.city} ({destination}).",
            category=TRAVEL,
            subcategory=FLIGHTS,
            tags=("flight", *(["long-haul"] if seats.minutes > _LONG_HAUL else [])),
            tax_class=seats.tax,
            travel=Flight(
                supplier=SUPPLIER,
                country=here.country,
                timezone=here.timezone,
                origin=origin,
                destination=destination,
                origin_city=here.city,
                destination_city=there.city,
                cabin_class=seats.cabin,
                departs_at=departs_at,
                arrives_at=departs_at + timedelta(minutes=seats.minutes),
            ),
            price=Money.of(seats.price, CURRENCY),
            cost=_cost(seats.price, seats.cost),
        )

    def stay(self, rooms: Rooms) -> ProductDraft:
        """From so many days on, counted where the house is."""
        place = PLACES[rooms.place]
        today = self.now.astimezone(zone(place.timezone)).date()
        return ProductDraft(
            kind=STAY,
            name=f"{rooms.house}, {rooms.place}: {rooms.nights} nights",
            description=f"A {rooms.room} room in {rooms.place} for {rooms.nights} nights.",
            category=TRAVEL,
            subcategory=HOTELS,
            tags=("hotel", rooms.room),
            tax_class=place.tax,
            travel=Stay(
                supplier=SUPPLIER,
                country=place.country,
                timezone=place.timezone,
                place=rooms.place,
                room=rooms.room,
                meal=rooms.meal,
                check_in=today + timedelta(days=rooms.days),
                nights=rooms.nights,
            ),
            price=Money.of(rooms.price, CURRENCY),
            cost=_cost(rooms.price, rooms.cost),
        )


def _cost(price: str, percent: int) -> Money:
    return Money.of((Decimal(price) * percent / 100).quantize(Decimal("0.01")), CURRENCY)
