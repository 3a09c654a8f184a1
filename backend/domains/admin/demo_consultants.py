"""Opens the house of consultants of the demonstration, through the services, as staff would."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from backend.domains.admin.demo_house import CATEGORIES, CONSULTANTS, Consultant, Offer
from backend.domains.availability.schedule import (
    MINUTE,
    ExceptionKind,
    OpeningHours,
    ScheduleException,
)
from backend.domains.availability.schedules import SchedulePatch, ScheduleService
from backend.domains.catalog.drafts import ProductDraft, ProviderDraft
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.entities import Provider
from backend.kernel.money import Money
from backend.kernel.time import zone
from backend.kernel.versions import Edit


@dataclass(frozen=True)
class DemoConsultants:
    """Writes them; the caller commits."""

    catalog: CatalogEditing
    schedules: ScheduleService
    actor_id: str
    now: datetime

    def open(self, user_ids: dict[str, str]) -> int:
        """All of them; how many. `user_ids` are those of the users who act for some, by e-mail."""
        for slug, draft in CATEGORIES.items():
            self.catalog.create_category(slug=slug, draft=draft, actor_id=self.actor_id)
        for consultant in CONSULTANTS:
            self._add(consultant, user_ids[consultant.user] if consultant.user else None)
        return len(CONSULTANTS)

    def _add(self, who: Consultant, user_id: str | None) -> None:
        draft = ProviderDraft(
            name=who.name,
            category=who.category,
            experience_years=who.years,
            timezone=who.place.timezone,
            currency=who.place.currency,
            user_id=user_id,
        )
        provider = self.catalog.create_provider(draft=draft, actor_id=self.actor_id)
        for offer in who.offers:
            self.catalog.create_product(draft=_product(offer, provider), actor_id=self.actor_id)
        today = self.now.astimezone(zone(who.place.timezone)).date()
        patch = SchedulePatch(
            mode=who.mode,
            hours={day: tuple(_stretch(day, *hours) for hours in who.hours) for day in who.days},
            exceptions=_absence(today, who.away),
            buffer_after=who.buffer_minutes * MINUTE,
            notice=who.notice_minutes * MINUTE,
            units=who.units,
        )
        self.schedules.change(provider_id=provider.id, patch=patch, edit=Edit(self.actor_id, version=0))


def _product(offer: Offer, provider: Provider) -> ProductDraft:
    return ProductDraft(
        name=offer.name,
        provider_id=provider.id,
        category=provider.category,
        duration_minutes=offer.minutes,
        slot_step_minutes=offer.step,
        price=Money.of(Decimal(offer.price), provider.currency),
        cost=Money.of(Decimal(offer.cost), provider.currency),
        price_per=offer.per,
        max_party=offer.party,
    )


def _stretch(weekday: int, opens: time, closes: time) -> OpeningHours:
    return OpeningHours(weekday, opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute)


def _absence(today: date, away: tuple[int, int] | None) -> tuple[ScheduleException, ...]:
    if away is None:
        return ()
    first, last = (datetime.combine(today + timedelta(days=days), time()) for days in away)
    return (ScheduleException(ExceptionKind.CLOSED, first, last),)
