"""Builds the catalogue, the slots and the holds."""

from datetime import timedelta
from functools import partial
from typing import Final

import structlog
import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.affiliates.partners import Partners
from backend.domains.availability.holds import HoldService
from backend.domains.availability.schedules import ScheduleService
from backend.domains.availability.service import AvailabilityService
from backend.domains.catalog import jobs as catalog_jobs
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.entities import EXTERNAL, Product
from backend.domains.catalog.listing import ProductListing
from backend.domains.catalog.search import ProductSearch
from backend.domains.catalog.service import CatalogService
from backend.domains.catalog.stock import StockService
from backend.domains.catalog.stock_keeping import StockKeeping
from backend.domains.catalog.travel import TRAVEL
from backend.domains.pricing.entities import FLOOR
from backend.domains.rules.service import RulesRefusedError, RulesService
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import db

TASKS: Final = catalog_jobs.TASKS

log = structlog.get_logger(__name__)


def register_catalog(app: Flask) -> None:
    """What is sold and who performs it."""
    svcs.flask.register_factory(app, CatalogService, lambda: CatalogService(db.session))
    svcs.flask.register_factory(app, CatalogEditing, _catalog_editing)
    svcs.flask.register_factory(app, ProductListing, lambda: ProductListing(db.session))
    svcs.flask.register_factory(app, StockService, lambda: StockService(db.session))
    svcs.flask.register_factory(app, StockKeeping, _stock_keeping)
    svcs.flask.register_factory(app, ProductSearch, lambda: ProductSearch(db.session))


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
        review=partial(_review, container),
    )


def _review(container: svcs.Container, product: Product) -> None:
    """Refuse what no partner sells where it says so; look at the price of what is made or stored here.

    What suppliers sell leaves little over its cost by nature: the floor guards it without assumptions.
    """
    container.get(Partners).check(product)
    if product.kind not in {EXTERNAL, *TRAVEL}:
        _warn_of_price(container, product)


def _warn_of_price(container: svcs.Container, product: Product) -> None:
    """Warn of a product that is not as the floor's rules assume: discounts may meet the floor for it."""
    try:
        premises = container.get(RulesService).rulebook().decisions[FLOOR].premises
    except RulesRefusedError:
        return
    if not premises.allows(price=product.price, cost=product.cost):
        log.warning(
            "product_outside_assumptions",
            product_id=product.id,
            price=str(product.price),
            cost=str(product.cost),
            notice="The floor's rules assume a lower cost or a higher list price ('assumes').",
        )


def _stock_keeping(container: svcs.Container) -> StockKeeping:
    return StockKeeping(db.session, container.get_abstract(Clock), container.get(AuditLog))


def _availability(container: svcs.Container) -> AvailabilityService:
    return AvailabilityService(db.session, container.get(CatalogService))


def _schedules(container: svcs.Container) -> ScheduleService:
    return ScheduleService(
        session=db.session,
        catalog=container.get(CatalogService),
        clock=container.get_abstract(Clock),
        audit=container.get(AuditLog),
    )
