"""Builds coupons: staff's edits of them, and the uses counted against their limits."""

from typing import Final

import svcs
from flask import Flask

from backend.domains.catalog.service import CatalogService
from backend.domains.coupons import jobs
from backend.domains.coupons.editing import CouponEditing
from backend.domains.coupons.service import CouponService
from backend.domains.coupons.uses import CouponUses
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import db

TASKS: Final = jobs.TASKS


def register_coupons(app: Flask) -> None:
    """Register the services of coupons."""
    svcs.flask.register_factory(app, CouponEditing, _editing)
    svcs.flask.register_factory(app, CouponService, lambda: CouponService(db.session))
    svcs.flask.register_factory(app, CouponUses, lambda: CouponUses(db.session))


def _editing(container: svcs.Container) -> CouponEditing:
    return CouponEditing(
        session=db.session,
        clock=container.get_abstract(Clock),
        audit=container.get(AuditLog),
        catalog=container.get(CatalogService),
    )
