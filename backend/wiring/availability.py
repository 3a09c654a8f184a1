"""Builds the catalogue, the slots and the holds."""

from datetime import timedelta

import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.availability.holds import HoldService
from backend.domains.availability.schedules import ScheduleService
from backend.domains.availability.service import AvailabilityService
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.service import CatalogService
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import db


def register_catalog(app: Flask) -> None:
    """What is sold and who performs it."""
    svcs.flask.register_factory(app, CatalogService, lambda: CatalogService(db.session))
    svcs.flask.register_factory(app, CatalogEditing, _catalog_editing)


def register_availability(app: Flask, settings: Settings) -> None:
    """When it can be booked, and the seats that are taken."""
    kept_for = timedelta(seconds=settings.hold_seconds)

    def holds(container: svcs.Container) -> HoldService:
        available = container.get(AvailabilityService)
        return HoldService(db.session, available, kept_for, per_user=settings.holds_per_user)

    svcs.flask.register_factory(app, AvailabilityService, _availability)
    svcs.flask.register_factory(app, ScheduleService, _schedules)
    svcs.flask.register_factory(app, HoldService, holds)


def _catalog_editing(container: svcs.Container) -> CatalogEditing:
    return CatalogEditing(
        session=db.session,
        clock=container.get_abstract(Clock),
        audit=container.get(AuditLog),
        catalog=container.get(CatalogService),
    )


def _availability(container: svcs.Container) -> AvailabilityService:
    return AvailabilityService(db.session, container.get(CatalogService))


def _schedules(container: svcs.Container) -> ScheduleService:
    return ScheduleService(
        session=db.session,
        catalog=container.get(CatalogService),
        clock=container.get_abstract(Clock),
        audit=container.get(AuditLog),
    )
