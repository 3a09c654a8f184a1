"""Builds what fills the shop with the demonstration."""

import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.admin.demo_data import DemoData
from backend.domains.availability.schedules import ScheduleService
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.listing import ProductListing
from backend.domains.catalog.stock_keeping import StockKeeping
from backend.domains.checkout.carts import CartStore
from backend.domains.checkout.orders import OrderService
from backend.domains.checkout.placing import Checkout
from backend.domains.coupons.editing import CouponEditing
from backend.domains.identity.service import UserService
from backend.infra.audit import AuditLog
from backend.infra.postgres import db


def register_admin(app: Flask) -> None:
    """Register the services of the admin domain."""
    svcs.flask.register_factory(app, DemoData, _demo)


def _demo(container: svcs.Container) -> DemoData:
    return DemoData(
        session=db.session,
        production=container.get(Settings).production,
        users=container.get(UserService),
        catalog=container.get(CatalogEditing),
        listing=container.get(ProductListing),
        stock=container.get(StockKeeping),
        schedules=container.get(ScheduleService),
        coupons=container.get(CouponEditing),
        carts=container.get(CartStore),
        checkout=container.get(Checkout),
        orders=container.get(OrderService),
        audit=container.get(AuditLog),
    )
