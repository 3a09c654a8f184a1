"""What partners sell in the demonstration: beds, tours and tables, at invented places."""

from typing import Final, NamedTuple

from backend.domains.catalog.drafts import CategoryDraft, ProductDraft
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.entities import EXTERNAL, PricePer
from backend.kernel.money import Money

TRAVEL: Final = "travel"
HOTELS: Final = "hotels"
ACTIVITIES: Final = "activities"
TABLES: Final = "restaurants"
FLIGHTS: Final = "flights"
CATEGORIES: Final = {
    TRAVEL: CategoryDraft(name="Travel", position=2),
    HOTELS: CategoryDraft(name="Hotels", parent=TRAVEL, position=0),
    ACTIVITIES: CategoryDraft(name="Activities", parent=TRAVEL, position=1),
    TABLES: CategoryDraft(name="Restaurants", parent=TRAVEL, position=2),
    FLIGHTS: CategoryDraft(name="Flights", parent=TRAVEL, position=3),
}


class Tip(NamedTuple):
    """Something at a partner's; the price is what it cost there when somebody looked."""

    name: str
    category: str
    partner: str
    url: str
    price: str
    currency: str = "EUR"
    per: PricePer = PricePer.BOOKING


TIPS: Final = (
    Tip(
        name="Hotel Lumen, Chamonix",
        category=HOTELS,
        partner="Booking.com",
        url="https://www.booking.com/hotel/fr/lumen-chamonix.html",
        price="142.00",
    ),
    Tip(
        name="Gasthof Alpenblick, Grindelwald",
        category=HOTELS,
        partner="Booking.com",
        url="https://www.booking.com/hotel/ch/gasthof-alpenblick.html",
        price="168.00",
        currency="CHF",
    ),
    Tip(
        name="Kathmandu Courtyard House",
        category=HOTELS,
        partner="Booking.com",
        url="https://www.booking.com/hotel/np/kathmandu-courtyard-house.html",
        price="58.00",
        currency="USD",
    ),
    Tip(
        name="Glacier walk with a guide, half a day",
        category=ACTIVITIES,
        partner="Viator",
        url="https://www.viator.com/tours/Chamonix/Glacier-walk/d5000-1001",
        price="95.00",
        per=PricePer.PERSON,
    ),
    Tip(
        name="Paris by night, boat and walk",
        category=ACTIVITIES,
        partner="GetYourGuide",
        url="https://www.getyourguide.com/paris-l16/by-night-t1002/",
        price="39.00",
        per=PricePer.PERSON,
    ),
    Tip(
        name="Table at The Lantern, London",
        category=TABLES,
        partner="OpenTable",
        url="https://www.opentable.co.uk/r/the-lantern-london",
        price="0.00",
        currency="GBP",
    ),
    Tip(
        name="Table at Marrow & Thyme, New York",
        category=TABLES,
        partner="Resy",
        url="https://resy.com/cities/new-york-ny/venues/marrow-and-thyme",
        price="0.00",
        currency="USD",
    ),
    Tip(
        name="Flights from Paris to Kathmandu",
        category=FLIGHTS,
        partner="Skyscanner",
        url="https://www.skyscanner.net/transport/flights/pari/ktm/",
        price="780.00",
        per=PricePer.PERSON,
    ),
)


def seed_partners(*, editing: CatalogEditing, actor_id: str) -> int:
    """Create the categories of travel, and what partners sell in them; how many. The caller commits."""
    for slug, category in CATEGORIES.items():
        editing.create_category(slug=slug, draft=category, actor_id=actor_id)
    for tip in TIPS:
        editing.create_product(draft=_draft(tip), actor_id=actor_id)
    return len(TIPS)


def _draft(tip: Tip) -> ProductDraft:
    return ProductDraft(
        kind=EXTERNAL,
        name=tip.name,
        description=f"{tip.name}: sold by {tip.partner}, on their own pages.",
        category=TRAVEL,
        subcategory=tip.category,
        price=Money.of(tip.price, tip.currency),
        price_per=tip.per,
        partner=tip.partner,
        external_url=tip.url,
    )
