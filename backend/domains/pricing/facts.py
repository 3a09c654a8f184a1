"""What rules may know of a slot that somebody wants: facts by their names in `rules/vocabulary.yaml`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from backend.domains.availability.entities import Slot
from backend.domains.catalog.entities import PricePer
from backend.domains.pricing.entities import Case
from backend.kernel.time import zone

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HUNDREDTH_HOUR: Final = timedelta(seconds=36)


@dataclass(frozen=True, slots=True)
class Customer:
    """What is known of who asks; all of it may be unknown (a visitor)."""

    loyalty_tier: str | None = None
    country: str | None = None


VISITOR: Final = Customer()


def slot_case(slot: Slot, *, party: int, customer: Customer, now: datetime) -> Case:
    """The pricing case of `party` persons at `slot`, asked for at `now`."""
    product = slot.product
    persons = party if product.price_per is PricePer.PERSON else 1
    cost = None if product.cost is None else product.cost * persons
    return Case(
        facts=slot_facts(slot, party=party, customer=customer, now=now),
        label=product.name,
        base=product.price * persons,
        cost=cost,
    )


def slot_facts(slot: Slot, *, party: int, customer: Customer, now: datetime) -> dict[str, Any]:
    """The facts of a slot; times are those of the provider's wall clock."""
    product, provider = slot.product, slot.provider
    local = slot.starts_at.astimezone(zone(provider.timezone))
    taken = slot.seats_total - slot.seats_left
    return {
        "kind": product.kind,
        "category": product.category,
        "provider_id": provider.id,
        "product_id": product.id,
        "weekday": WEEKDAYS[local.weekday()],
        "start_time": local.time().replace(second=0, microsecond=0),
        "start_date": local.date(),
        "month": local.month,
        "timezone": provider.timezone,
        **lead_facts(slot.starts_at, now=now, timezone=provider.timezone),
        "experience_years": provider.experience_years,
        "party": party,
        "seats_total": slot.seats_total,
        "seats_taken": taken,
        "occupancy": percentage(taken, slot.seats_total),
        "duration_minutes": product.duration_minutes,
        "loyalty_tier": customer.loyalty_tier,
        "customer_country": customer.country,
        "currency": product.price.currency,
        "price_per": product.price_per.value,
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
