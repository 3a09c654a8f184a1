"""What rules may know of what somebody wants: facts by their names in `rules/vocabulary.yaml`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from backend.domains.availability.entities import Slot
from backend.domains.catalog.entities import RETAIL, PricePer, Product
from backend.domains.catalog.travel import Flight, Travel
from backend.domains.pricing.entities import Case
from backend.kernel.time import zone

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HUNDREDTH_HOUR: Final = timedelta(seconds=36)


@dataclass(frozen=True, slots=True)
class Customer:
    """What is known of who asks; all of it may be unknown (a visitor).

    `country` is where the customer, or what is sent to them, is; `is_business` that they gave the number
    under which they pay value added tax. `expert_id` is the user who advised them.
    """

    loyalty_tier: str | None = None
    country: str | None = None
    is_business: bool = False
    expert_id: str | None = None


VISITOR: Final = Customer()


@dataclass(frozen=True, slots=True)
class House:
    """The company that sells: the country in which it is, and how it rounds tax."""

    country: str
    tax_by_invoice: bool = False

    def tax_facts(
        self, kind: str, customer: Customer, *, takes_place_in: str | None = None
    ) -> dict[str, Any]:
        """Where the tax of something is due.

        Journeys are taxed where they take place, whoever buys them (articles 47 and 48 of Directive
        2006/112/EC); goods where they go, and what businesses buy where they are; other services here.
        """
        abroad = customer.country not in {None, self.country}
        follows = kind == RETAIL or customer.is_business
        here = customer.country if abroad and follows else self.country
        return {
            "tax_country": takes_place_in or here,
            "business_customer": customer.is_business,
            "cross_border": abroad,
        }


def slot_case(slot: Slot, *, party: int, customer: Customer, house: House, now: datetime) -> Case:
    """The pricing case of `party` persons at `slot`, asked for at `now`."""
    product = slot.product
    persons = party if product.price_per is PricePer.PERSON else 1
    cost = None if product.cost is None else product.cost * persons
    return Case(
        facts=slot_facts(slot, party=party, customer=customer, house=house, now=now),
        label=product.name,
        base=product.price * persons,
        cost=cost,
    )


def unit_case(product: Product, *, quantity: int, customer: Customer, house: House, now: datetime) -> Case:
    """The pricing case of `quantity` units of goods, seats of a flight, or rooms of a stay."""
    facts = {**_product_facts(product, customer, house), "quantity": quantity}
    if product.travel is not None:
        facts |= travel_facts(product.travel, quantity=quantity, customer=customer, now=now)
    return Case(
        facts=facts,
        label=product.name if quantity == 1 else f"{product.name} ({quantity})",
        base=product.price * quantity,
        cost=None if product.cost is None else product.cost * quantity,
    )


def slot_facts(slot: Slot, *, party: int, customer: Customer, house: House, now: datetime) -> dict[str, Any]:
    """The facts of a slot; times are those of the provider's wall clock."""
    product, provider = slot.product, slot.provider
    taken = slot.seats_total - slot.seats_left
    return {
        **_product_facts(product, customer, house),
        **_start_facts(slot.starts_at, now=now, timezone=provider.timezone),
        "experience_years": provider.experience_years,
        "party": party,
        "seats_total": slot.seats_total,
        "seats_taken": taken,
        "occupancy": percentage(taken, slot.seats_total),
        "duration_minutes": product.duration_minutes,
    }


def travel_facts(travel: Travel, *, quantity: int, customer: Customer, now: datetime) -> dict[str, Any]:
    """The facts of a flight or a stay; times are those of the clock where it starts.

    The market is the customer's country. Each unit of a flight is a passenger's; of a stay it is a room,
    and how many persons sleep in it nobody said.
    """
    own: dict[str, Any] = (
        {"route": travel.route, "cabin_class": travel.cabin_class.value, "party": quantity}
        if isinstance(travel, Flight)
        else {"room": travel.room, "nights": travel.nights, "meal": travel.meal.value}
    )
    return {
        **own,
        **_start_facts(travel.starts_at, now=now, timezone=travel.timezone),
        "supplier": travel.supplier,
        "market": customer.country,
    }


def _start_facts(starts_at: datetime, *, now: datetime, timezone: str) -> dict[str, Any]:
    """When it starts, on the clock of the place, and how long until then."""
    local = starts_at.astimezone(zone(timezone))
    return {
        "weekday": WEEKDAYS[local.weekday()],
        "start_time": local.time().replace(second=0, microsecond=0),
        "start_date": local.date(),
        "month": local.month,
        "timezone": timezone,
        **lead_facts(starts_at, now=now, timezone=timezone),
    }


def _product_facts(product: Product, customer: Customer, house: House) -> dict[str, Any]:
    """What every product has, and who buys it."""
    price_per = None if product.price_per is PricePer.UNIT else product.price_per.value
    return {
        "kind": product.kind,
        "category": product.category,
        "brand": product.brand,
        "tags": product.tags or None,
        "is_reduced": product.was_price is not None,
        "provider_id": product.provider_id,
        "product_id": product.id,
        "currency": product.price.currency,
        "price_per": price_per,
        "tax_class": product.tax_class.value,
        **customer_facts(customer),
        **house.tax_facts(
            product.kind, customer, takes_place_in=None if product.travel is None else product.travel.country
        ),
    }


def customer_facts(customer: Customer) -> dict[str, Any]:
    """What is known of who buys."""
    return {
        "loyalty_tier": customer.loyalty_tier,
        "customer_country": customer.country,
        "expert_id": customer.expert_id,
    }


def lead_facts(starts_at: datetime, *, now: datetime, timezone: str) -> dict[str, Any]:
    """How long until it starts: hours to the hundredth, and calendar days where the provider is."""
    tz = zone(timezone)
    days = (starts_at.astimezone(tz).date() - now.astimezone(tz).date()).days
    hours = Decimal((starts_at - now) // _HUNDREDTH_HOUR) / 100
    return {"lead_hours": hours, "lead_days": days}


def percentage(part: int, whole: int) -> Decimal:
    """`part` of `whole` in percent, to two decimals; 0 of nothing."""
    if whole == 0:
        return Decimal(0)
    return (Decimal(part) * 100 / whole).quantize(Decimal("0.01"))
