"""Builds coupons: staff's edits of them, what they do for baskets, and the uses counted against limits."""

from functools import partial
from typing import Final

import redis
import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.bookings.access import Actor
from backend.domains.bookings.service import BookingService
from backend.domains.bookings.states import Status
from backend.domains.catalog.service import CatalogService
from backend.domains.checkout.orders import OrderService
from backend.domains.coupons import jobs
from backend.domains.coupons.advice import CouponAdvice
from backend.domains.coupons.baskets import Baskets, CartBaskets
from backend.domains.coupons.editing import CouponEditing
from backend.domains.coupons.service import CouponService
from backend.domains.coupons.uses import CouponUses
from backend.domains.identity.service import UserService
from backend.domains.rules.service import RulesService
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import db
from backend.infra.redis import Outage
from backend.web.limits import CodeGuesses, Counters, Rate

TASKS: Final = jobs.TASKS
LOOKED_AT: Final = 100


def register_coupons(app: Flask, settings: Settings) -> None:
    """Register the services of coupons. SettingsError for a limit of guesses that is none."""
    rate = Rate.parse(settings.coupon_guesses, variable="COUPON_GUESSES")
    register = svcs.flask.register_factory
    register(app, CouponService, lambda: CouponService(db.session))
    register(app, CouponUses, lambda: CouponUses(db.session))
    register(app, CouponEditing, _editing)
    register(app, CouponAdvice, _advice)
    register(app, Baskets, _baskets)
    register(app, CodeGuesses, partial(_guesses, rate))


def _editing(container: svcs.Container) -> CouponEditing:
    return CouponEditing(
        session=db.session,
        clock=container.get_abstract(Clock),
        audit=container.get(AuditLog),
        catalog=container.get(CatalogService),
    )


def _advice(container: svcs.Container) -> CouponAdvice:
    return CouponAdvice(*container.get(CouponService, RulesService))


def _baskets(container: svcs.Container) -> Baskets:
    return Baskets(
        catalog=container.get(CatalogService),
        users=container.get(UserService),
        orders_made=partial(orders_made, container),
        carts=container.get_abstract(CartBaskets),
    )


def _guesses(rate: Rate, container: svcs.Container) -> CodeGuesses:
    return CodeGuesses(Counters(container.get(redis.Redis)), rate, container.get(Outage))


def orders_made(container: svcs.Container, user_id: str) -> int:
    """Orders and bookings of the user that stand, of the latter the newest `LOOKED_AT`."""
    found = container.get(BookingService).bookings_of(
        user_id=user_id,
        actor=Actor(user_id, is_staff=False),
        status=None,
        older_than=None,
        limit=LOOKED_AT,
    )
    alone = sum(booking.status != Status.CANCELLED and booking.order_id is None for booking in found)
    return alone + container.get(OrderService).standing(user_id=user_id)
