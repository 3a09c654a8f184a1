"""Priced listings: slots of many providers, one query for each table and one engine pass for each stage."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from backend.domains.availability.entities import Slot
from backend.domains.availability.service import AvailabilityService
from backend.domains.pricing.customers import Customers
from backend.domains.pricing.entities import Price
from backend.domains.pricing.facts import House, slot_case
from backend.domains.pricing.price import price_many
from backend.domains.pricing.service import require_currency
from backend.domains.rules.service import RulesService


@dataclass(frozen=True, slots=True)
class PricedSlot:
    """A slot that can be booked, with its price and why."""

    slot: Slot
    price: Price


@dataclass(frozen=True)
class SlotListing:
    """Lists what can be booked, at today's prices."""

    rules: RulesService
    availability: AvailabilityService
    customers: Customers
    house: House

    def list(
        self,
        *,
        provider_ids: Collection[str],
        first: date,
        last: date,
        party: int,
        currency: str | None,
        user_id: str | None,
        now: datetime,
    ) -> list[PricedSlot]:
        """Slots of the providers from `first` to before `last` (local dates), by start, that rules sell.

        Raises InvalidError when a provider does not sell in `currency`.
        """
        slots = self.availability.slots(
            provider_ids=provider_ids, first=first, last=last, party=party, now=now
        )
        for slot in slots:
            require_currency(slot, currency)
        customer = self.customers.customer(user_id)
        cases = [slot_case(slot, party=party, customer=customer, house=self.house, now=now) for slot in slots]
        prices = price_many(self.rules.rulebook(), cases, at=now)
        return [
            PricedSlot(slot, priced)
            for slot, priced in zip(slots, prices, strict=True)
            if not priced.refusals
        ]
