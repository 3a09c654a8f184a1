"""The consultants on whom is measured, in stores of the bench's own under `var/bench`."""

import os
from datetime import UTC, datetime, timedelta
from typing import Final

import svcs
from flask import Flask
from sqlalchemy.dialects.postgresql import insert

from backend.config import ROOT, Settings
from backend.domains.availability.models import OpeningHoursRow, ScheduleRow
from backend.domains.catalog.models import CategoryRow, ProductRow, ProviderRow
from backend.domains.catalog.service import CatalogService
from backend.infra.clock import Clock
from backend.infra.postgres import db
from backend.kernel import ids

FOLDER: Final = ROOT / "var" / "bench"
ENVIRONMENT: Final = {
    **os.environ,  # noqa: TID251 (what a child process inherits, with a few changes)
    "DATA_DIR": str(FOLDER),
    "LOG_FILE": str(FOLDER / "app.log"),
    "LOG_LEVEL": "WARNING",
    "RATE_LIMIT": "10000000 per minute",
}
ENOUGH: Final = 50
CATEGORIES: Final = ("tax-advice", "legal-advice", "career-coaching")
ZONES: Final = ("Europe/Paris", "America/New_York", "Asia/Tokyo", "Australia/Sydney", "Africa/Nairobi")
# In minutes of the provider's day: nine hours, with a break at noon.
HOURS: Final = ((9 * 60, 13 * 60), (14 * 60, 19 * 60))
WORKDAYS: Final = range(5)


def settings() -> Settings:
    """The settings of the bench, whose stores are embedded unless the environment names others."""
    return Settings.from_env(ENVIRONMENT)


def week(now: datetime) -> tuple[datetime, datetime]:
    """Monday after next and the Monday that follows, so that notice and horizon hide nothing."""
    monday = now.astimezone(UTC) + timedelta(days=14 - now.weekday())
    return monday, monday + timedelta(days=7)


def ensure_enough(app: Flask) -> list[str]:
    """The ids of fifty active consultants who work all week; those that lack are added."""
    with app.app_context():
        catalog = svcs.flask.get(CatalogService)
        now = svcs.flask.get_abstract(Clock).now()
        there = catalog.list_providers(category=None, after=None, limit=ENOUGH)
        for number in range(len(there), ENOUGH):
            _add(number, now)
        db.session.commit()
        return [one.id for one in catalog.list_providers(category=None, after=None, limit=ENOUGH)]


def _add(number: int, now: datetime) -> None:
    category, provider_id = CATEGORIES[number % len(CATEGORIES)], ids.new_id(ids.PROVIDER)
    values = {"slug": category, "name": category, "position": 0, "is_active": True, "version": 1}
    db.session.execute(insert(CategoryRow).values(values).on_conflict_do_nothing())
    common = {"category": category, "currency": "EUR", "is_active": True, "created_at": now, "version": 1}
    db.session.add(
        ProviderRow(
            id=provider_id,
            name=f"Consultant {number}",
            experience_years=number % 30,
            timezone=ZONES[number % len(ZONES)],
            **common,
        )
    )
    db.session.flush()
    db.session.add(
        ProductRow(
            id=ids.new_id(ids.PRODUCT),
            kind="slot",
            name="Consultation",
            description="",
            provider_id=provider_id,
            duration_minutes=60,
            price_minor=8_000 + 100 * number,
            cost_minor=5_000,
            price_per="booking",
            max_party=4,
            **common,
        )
    )
    _open(provider_id)


def _open(provider_id: str) -> None:
    schedule = ScheduleRow(
        provider_id=provider_id,
        mode="calendar",
        is_open=True,
        buffer_before_minutes=0,
        buffer_after_minutes=0,
        notice_minutes=0,
        horizon_days=180,
        units=1,
        version=1,
    )
    db.session.add(schedule)
    db.session.flush()
    for weekday in WORKDAYS:
        for opens, closes in HOURS:
            hours = OpeningHoursRow(provider_id=provider_id, weekday=weekday, opens=opens, closes=closes)
            db.session.add(hours)
