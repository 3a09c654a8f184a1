"""Categories, providers and products, committed (inside a test's transaction that only ends a savepoint)."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.dialects.postgresql import insert

from backend.domains.catalog.entities import EXTERNAL, RETAIL, PricePer, Product, Provider, SlotProduct
from backend.domains.catalog.models import CategoryRow, ProductRow, ProviderRow
from backend.domains.catalog.rows import product_of, provider_of, slot_product_of
from backend.domains.catalog.stock_models import StockMovementRow
from backend.domains.catalog.travel import FLIGHT, STAY, Meal, Stay
from backend.domains.catalog.travel_values import travel_values
from backend.infra.postgres import db
from backend.kernel import ids
from backend.kernel.money import Money
from tests.conftest import NOW

_IN_TEN_DAYS: Final = NOW + timedelta(days=10)
_IN_TWENTY_DAYS: Final = (NOW + timedelta(days=20)).date()


def make_category(slug: str = "tax-advice", *, name: str = "Tax advice", parent: str | None = None) -> str:
    """The slug of a category that is there now."""
    values = {"slug": slug, "name": name, "parent": parent, "position": 0, "is_active": True, "version": 1}
    db.session.execute(insert(CategoryRow).values(values).on_conflict_do_nothing())
    db.session.commit()
    return slug


def make_provider(
    *,
    name: str = "Grace Hopper",
    category: str = "tax-advice",
    experience_years: int = 12,
    timezone: str = "Europe/Paris",
    currency: str = "EUR",
    user_id: str | None = None,
    is_active: bool = True,
) -> Provider:
    """A consultant, without a schedule (see `tests.factories.availability.make_schedule`)."""
    row = ProviderRow(
        id=ids.new_id(ids.PROVIDER),
        user_id=user_id,
        name=name,
        category=make_category(category),
        experience_years=experience_years,
        timezone=timezone,
        currency=currency,
        is_active=is_active,
        created_at=NOW,
        version=1,
    )
    db.session.add(row)
    db.session.commit()
    return provider_of(row)


def make_product(
    provider: Provider | None = None,
    *,
    name: str = "Consultation, 60 min",
    category: str = "tax-advice",
    duration_minutes: int = 60,
    slot_step_minutes: int | None = None,
    price: Money | None = None,
    cost: Money | None = None,
    price_per: PricePer = PricePer.BOOKING,
    max_party: int = 1,
    is_active: bool = True,
) -> SlotProduct:
    """A product of kind slot of `provider` (a new one by default), 100.00 of its currency unless told."""
    provider = provider or make_provider()
    price = price or Money.of("100", provider.currency)
    row = ProductRow(
        id=ids.new_id(ids.PRODUCT),
        kind="slot",
        name=name,
        description="",
        provider_id=provider.id,
        category=make_category(category),
        duration_minutes=duration_minutes,
        slot_step_minutes=slot_step_minutes,
        price_minor=price.minor,
        cost_minor=None if cost is None else cost.minor,
        currency=price.currency,
        price_per=price_per,
        max_party=max_party,
        is_active=is_active,
        created_at=NOW,
        version=1,
    )
    db.session.add(row)
    db.session.commit()
    return slot_product_of(row)


def make_retail(
    *,
    name: str = "Headphones",
    category: str = "electronics",
    subcategory: str | None = None,
    price: Money | None = None,
    stock: int = 0,
    **columns: Any,
) -> Product:
    """A retail product of the house with `stock` units, 100.00 EUR unless told; `columns` as in its row."""
    price = price or Money.of("100", "EUR")
    make_category(category)
    if subcategory:
        make_category(subcategory, parent=category)
    row = ProductRow(
        **{
            "id": ids.new_id(ids.PRODUCT),
            "kind": RETAIL,
            "name": name,
            "description": "",
            "category": category,
            "subcategory": subcategory,
            "price_minor": price.minor,
            "currency": price.currency,
            "price_per": PricePer.UNIT.value,
            "max_party": 1,
            "is_active": True,
            "created_at": NOW,
            "version": 1,
            **columns,
        }
    )
    db.session.add(row)
    db.session.flush()
    if stock:
        db.session.add(
            StockMovementRow(
                product_id=row.id, why="received", on_hand_change=stock, reserved_change=0, at=NOW, reason=""
            )
        )
    db.session.commit()
    return product_of(row)


def make_external(
    *,
    name: str = "Hotel Lumen",
    price: Money | None = None,
    partner: str = "Booking.com",
    external_url: str = "https://www.booking.com/hotel/fr/lumen.html?aid=1&lang=en",
    **columns: Any,
) -> Product:
    """What a partner sells, 120.00 EUR a night unless told; `columns` as in its row."""
    return make_retail(
        name=name,
        category="hotels",
        price=price or Money.of("120", "EUR"),
        kind=EXTERNAL,
        price_per=PricePer.BOOKING.value,
        partner=partner,
        external_url=external_url,
        **columns,
    )


def make_flight(
    *,
    name: str = "Paris to Nice",
    origin: str = "CDG",
    destination: str = "NCE",
    cabin_class: str = "economy",
    departs_at: datetime = _IN_TEN_DAYS,
    stock: int = 9,
    **columns: Any,
) -> Product:
    """Seats of a flight within France in ten days, 100.00 EUR each unless told; `columns` as in its row."""
    return make_retail(
        **{
            "name": name,
            "category": "flights",
            "kind": FLIGHT,
            "stock": stock,
            "supplier": "demo",
            "country": "FR",
            "timezone": "Europe/Paris",
            "origin": origin,
            "destination": destination,
            "origin_city": "Paris",
            "destination_city": "Nice",
            "cabin_class": cabin_class,
            "starts_at": departs_at,
            "ends_at": departs_at + timedelta(minutes=95),
            "tax_class": "intermediate",
            **columns,
        }
    )


def make_stay(
    *,
    name: str = "Casa Azul",
    check_in: date = _IN_TWENTY_DAYS,
    nights: int = 3,
    stock: int = 4,
    **columns: Any,
) -> Product:
    """Double rooms in Lisbon in twenty days, 100.00 EUR for all nights unless told; `columns` as in its row."""
    stay = Stay(
        supplier="demo",
        country="PT",
        timezone="Europe/Lisbon",
        place="Lisbon",
        room="double",
        meal=Meal.BB,
        check_in=check_in,
        nights=nights,
    )
    return make_retail(
        **{
            "name": name,
            "category": "stays",
            "kind": STAY,
            "stock": stock,
            "tax_class": "super_reduced",
            **travel_values(stay),
            **columns,
        }
    )
