"""Writes the demonstration into an empty database when the development server starts."""

import svcs
from flask import Flask

from backend.domains.admin.demo_data import ACTOR, DemoData
from backend.domains.admin.demo_house import PASSWORD, USERS
from backend.infra.clock import Clock
from backend.infra.postgres import db


def seed(app: Flask) -> bool:
    """Fill an empty shop; True if it did, False when there is something in it already.

    Says so in one line. DemoRefusedError in production, which has real customers or will have.
    """
    with app.app_context():
        demo = svcs.flask.get(DemoData)
        if not demo.init(actor_id=ACTOR, now=svcs.flask.get_abstract(Clock).now()):
            db.session.rollback()
            return False
        counts = demo.status().counts
        db.session.commit()
    things = ", ".join(f"{counts[name]} {name}" for name in ("providers", "products", "coupons", "orders"))
    print(f"demo: {things}; sign in as {', '.join(USERS)} with the password {PASSWORD!r}")
    return True
