"""Builds orders."""

import svcs
from flask import Flask

from backend.domains.bookings.orders import OrderBookings
from backend.domains.catalog.stock import StockService
from backend.domains.checkout.journal import OrderJournal
from backend.domains.checkout.orders import OrderService
from backend.domains.coupons.uses import CouponUses
from backend.infra.audit import AuditLog
from backend.infra.event_buffer import Events
from backend.infra.postgres import db


def register_checkout(app: Flask) -> None:
    """Register the services of orders."""
    register = svcs.flask.register_factory
    register(app, OrderJournal, _journal)
    register(app, OrderService, _orders)


def _journal(container: svcs.Container) -> OrderJournal:
    return OrderJournal(db.session, *container.get(AuditLog, Events))


def _orders(container: svcs.Container) -> OrderService:
    return OrderService(
        session=db.session,
        journal=container.get(OrderJournal),
        bookings=container.get(OrderBookings),
        stock=container.get(StockService),
        coupons=container.get(CouponUses),
    )
