"""The demo data: a small house of consultants in five time zones, and one user of each role.

The same people every time; only their ids, and the dates of their absences, follow the clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Final, NamedTuple

from backend.domains.availability.schedule import Mode
from backend.domains.catalog.drafts import CategoryDraft
from backend.domains.catalog.entities import PricePer
from backend.kernel.roles import Role

# For development only, and no secret: it is in the README.
PASSWORD: Final = "climb every mountain"  # noqa: S105

USERS: Final = {
    "demo@climbup.example": ("Demi Moreau", Role.CUSTOMER),
    "provider@climbup.example": ("Priya Shrestha", Role.PROVIDER),
    "expert@climbup.example": ("Elena Petrova", Role.EXPERT),
    "analyst@climbup.example": ("Ana Silva", Role.ANALYST),
    "editor@climbup.example": ("Ravi Kumar", Role.RULE_EDITOR),
    "support@climbup.example": ("Sam Okafor", Role.SUPPORT),
    "admin@climbup.example": ("Ada Minh", Role.ADMIN),
}

TAX: Final = "tax-advice"
CAREER: Final = "career-coaching"
CLIMBING: Final = "climbing-course"
CATEGORIES: Final = {
    "advice": CategoryDraft(name="Advice", position=0),
    TAX: CategoryDraft(name="Tax advice", parent="advice", position=0),
    CAREER: CategoryDraft(name="Career coaching", parent="advice", position=1),
    "outdoors": CategoryDraft(name="Outdoors", position=1),
    CLIMBING: CategoryDraft(name="Climbing course", parent="outdoors", position=0),
}


class Place(NamedTuple):
    """Where somebody works, and what they are paid in."""

    timezone: str
    currency: str


PARIS: Final = Place("Europe/Paris", "EUR")
LONDON: Final = Place("Europe/London", "GBP")
NEW_YORK: Final = Place("America/New_York", "USD")
TOKYO: Final = Place("Asia/Tokyo", "JPY")
KATHMANDU: Final = Place("Asia/Kathmandu", "USD")

OFFICE: Final = ((time(9), time(12)), (time(13), time(18)))
EVENINGS: Final = ((time(12), time(21)),)
MORNINGS: Final = ((time(6, 30), time(12, 30)),)

MONDAY_TO_FRIDAY: Final = range(5)
TUESDAY_TO_SATURDAY: Final = range(1, 6)
WEEKEND: Final = (5, 6)
EVERY_DAY: Final = range(7)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A product; price and cost in major units of the consultant's currency."""

    name: str
    minutes: int
    price: str
    cost: str
    step: int | None = None
    per: PricePer = PricePer.BOOKING
    party: int = 1


@dataclass(frozen=True, kw_only=True)
class Consultant:
    """Somebody who can be booked; `away` counts days from today, [first, last)."""

    name: str
    category: str
    place: Place
    years: int
    offers: tuple[Offer, ...]
    days: Iterable[int] = MONDAY_TO_FRIDAY
    hours: tuple[tuple[time, time], ...] = OFFICE
    mode: Mode = Mode.CALENDAR
    units: int = 1
    buffer_minutes: int = 0
    notice_minutes: int = 120
    away: tuple[int, int] | None = None
    user: str | None = None


def talk(price: str, cost: str, *, party: int = 2) -> Offer:
    """An hour with the consultant."""
    return Offer(name="Consultation, 60 min", minutes=60, price=price, cost=cost, party=party)


def call(price: str, cost: str) -> Offer:
    """Half an hour for one person."""
    return Offer(name="Quick call, 30 min", minutes=30, price=price, cost=cost)


def lesson(price: str, cost: str) -> Offer:
    """A class with ten places, every two hours."""
    return Offer(
        name="Beginners' class, 90 min",
        minutes=90,
        step=120,
        price=price,
        cost=cost,
        per=PricePer.PERSON,
        party=10,
    )


CONSULTANTS: Final = (
    Consultant(
        name="Marie Laurent",
        category=TAX,
        place=PARIS,
        years=12,
        offers=(talk("100", "40"), call("60", "25")),
        buffer_minutes=15,
    ),
    Consultant(
        name="Jean Dubois",
        category=TAX,
        place=PARIS,
        years=3,
        offers=(talk("70", "34"),),
        hours=EVENINGS,
        days=TUESDAY_TO_SATURDAY,
    ),
    Consultant(
        name="Claire Bernard",
        category=CLIMBING,
        place=PARIS,
        years=8,
        offers=(lesson("35", "12"),),
        mode=Mode.INVENTORY,
        units=10,
        days=WEEKEND,
        hours=((time(9), time(19)),),
    ),
    Consultant(
        name="Oliver Smith",
        category=CAREER,
        place=LONDON,
        years=21,
        offers=(talk("140", "60"), call("80", "30")),
        away=(10, 17),
    ),
    Consultant(
        name="Amelia Jones",
        category=CAREER,
        place=LONDON,
        years=0,
        offers=(talk("50", "24"),),
        mode=Mode.TOGGLE,
        hours=EVENINGS,
    ),
    Consultant(
        name="Isla Brown",
        category=CLIMBING,
        place=LONDON,
        years=15,
        offers=(lesson("32", "12"),),
        mode=Mode.INVENTORY,
        units=10,
        hours=EVENINGS,
    ),
    Consultant(
        name="Michael Johnson",
        category=TAX,
        place=NEW_YORK,
        years=10,
        offers=(talk("150", "70"), call("90", "40")),
        buffer_minutes=10,
    ),
    Consultant(
        name="Emily Davis",
        category=CAREER,
        place=NEW_YORK,
        years=6,
        offers=(talk("110", "50"),),
        mode=Mode.TOGGLE,
        days=TUESDAY_TO_SATURDAY,
    ),
    Consultant(
        name="Haruto Sato",
        category=TAX,
        place=TOKYO,
        years=25,
        offers=(talk("20000", "9000"),),
        notice_minutes=24 * 60,
    ),
    Consultant(
        name="Yui Tanaka",
        category=CAREER,
        place=TOKYO,
        years=4,
        offers=(talk("9000", "4000"), call("5000", "2000")),
        hours=MORNINGS,
        days=EVERY_DAY,
    ),
    Consultant(
        name="Priya Shrestha",
        category=CLIMBING,
        place=KATHMANDU,
        years=18,
        offers=(lesson("25", "8"),),
        mode=Mode.INVENTORY,
        units=10,
        hours=MORNINGS,
        days=EVERY_DAY,
        user="provider@climbup.example",
    ),
    Consultant(
        name="Tenzing Gurung",
        category=CAREER,
        place=KATHMANDU,
        years=2,
        offers=(talk("40", "15", party=4),),
        away=(5, 7),
    ),
)
