"""Writes the demo data (`demo_house.py`) into an empty database, through the services, as staff would."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

import svcs
from flask import Flask
from sqlalchemy import text

from backend.cli.demo_house import CATEGORIES, CONSULTANTS, PASSWORD, USERS, Consultant, Offer
from backend.config import Settings
from backend.domains.admin.demo_catalog import seed_catalog
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
from backend.domains.catalog.service import CatalogService
from backend.domains.catalog.stock_keeping import StockKeeping
from backend.domains.identity.service import UserService
from backend.infra.clock import Clock
from backend.infra.postgres import db
from backend.kernel.errors import DeniedError
from backend.kernel.money import Money
from backend.kernel.roles import Role
from backend.kernel.time import zone
from backend.kernel.versions import Edit

ACTOR: Final = "demo"
# Any constant will do: two processes that start at once take turns.
_LOCK: Final = 0x64656D6F


@dataclass(frozen=True)
class _House:
    """Writes the demo data through the services, as staff would."""

    users: UserService
    catalog: CatalogEditing
    schedules: ScheduleService
    now: datetime
    user_ids: dict[str, str] = field(default_factory=dict)

    def fill(self) -> None:
        """Everything, in one transaction that the caller commits."""
        for email, (name, role) in USERS.items():
            roles = {Role.CUSTOMER, role}
            self.user_ids[email] = self.users.register(
                email=email, password=PASSWORD, name=name, roles=roles
            ).id
        for slug, draft in CATEGORIES.items():
            self.catalog.create_category(slug=slug, draft=draft, actor_id=ACTOR)
        for consultant in CONSULTANTS:
            self._add(consultant)

    def _add(self, who: Consultant) -> None:
        draft = ProviderDraft(
            name=who.name,
            category=who.category,
            experience_years=who.years,
            timezone=who.place.timezone,
            currency=who.place.currency,
            user_id=self.user_ids[who.user] if who.user else None,
        )
        provider = self.catalog.create_provider(draft=draft, actor_id=ACTOR)
        for offer in who.offers:
            self.catalog.create_product(draft=_product(offer, provider), actor_id=ACTOR)
        today = self.now.astimezone(zone(who.place.timezone)).date()
        patch = SchedulePatch(
            mode=who.mode,
            hours={day: tuple(_stretch(day, *hours) for hours in who.hours) for day in who.days},
            exceptions=_absence(today, who.away),
            buffer_after=who.buffer_minutes * MINUTE,
            notice=who.notice_minutes * MINUTE,
            units=who.units,
        )
        self.schedules.change(provider_id=provider.id, patch=patch, edit=Edit(ACTOR, version=0))


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


def seed(app: Flask) -> bool:
    """Fill an empty database; True if it did, False when there are providers already.

    Says so in one line. DeniedError in production, which has real customers or will have.
    """
    with app.app_context():
        if svcs.flask.get(Settings).production:
            raise DeniedError("Demo data is refused in production; CLIMBUP_ENV says that this is.")
        db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        listed = svcs.flask.get(CatalogService).list_providers(category=None, after=None, limit=1)
        if listed:
            db.session.rollback()
            return False
        users, catalog, schedules = svcs.flask.get(UserService, CatalogEditing, ScheduleService)
        now = svcs.flask.get_abstract(Clock).now()
        _House(users, catalog, schedules, now).fill()
        goods = seed_catalog(editing=catalog, stock=svcs.flask.get(StockKeeping), actor_id=ACTOR, now=now)
        db.session.commit()
    emails = ", ".join(USERS)
    print(
        f"demo: {len(CONSULTANTS)} consultants, {goods} goods;"
        f" sign in as {emails} with the password {PASSWORD!r}"
    )
    return True
