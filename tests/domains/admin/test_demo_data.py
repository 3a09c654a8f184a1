"""The demonstration's data: written, emptied and counted, over HTTP."""

from dataclasses import replace
from typing import Any

import pytest
import svcs
from flask import Flask

from backend.domains.admin.demo_coupons import HOW_MANY
from backend.domains.admin.demo_customers import CUSTOMERS
from backend.domains.admin.demo_data import SHOP, DemoData, DemoRefusedError
from backend.domains.admin.demo_travel import ROOMS, SEATS
from backend.domains.coupons.entities import CouponKind
from backend.domains.coupons.service import CouponService
from backend.infra.postgres import db
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.bookings import Customer


@pytest.fixture
def admin(app: Flask) -> Customer:
    return Customer.new(app.test_client(), roles=[Role.ADMIN])


def status(admin: Customer) -> dict[str, Any]:
    return admin.get("/api/admin/data-status").json


class TestInitData:
    def test_fills_an_empty_shop(self, admin: Customer) -> None:
        assert status(admin)["is_empty"]

        answer = admin.post("/api/admin/init-data")

        assert answer.status_code == 200
        counts = answer.json["counts"]
        assert (counts["coupons"], counts["travel"]) == (HOW_MANY, len(SEATS) + len(ROOMS))
        assert counts["stock"] == 80 + counts["travel"]
        assert counts["orders"] == sum(customer.orders for customer in CUSTOMERS)
        assert counts["customers"] >= 25

    def test_has_coupons_of_every_kind_and_a_history_and_twice_is_once(self, admin: Customer) -> None:
        once = admin.post("/api/admin/init-data").json

        again = admin.post("/api/admin/init-data").json
        coupons = svcs.flask.get(CouponService).page(after=None, limit=100)
        states = db.session.execute(db.text("SELECT state FROM orders")).scalars().all()

        assert again == once
        assert {coupon.kind for coupon in coupons} == set(CouponKind)
        assert any(coupon.user_id for coupon in coupons)
        assert any(coupon.budget for coupon in coupons)
        assert {"delivered", "cancelled", "returned"} <= set(states)


class TestResetData:
    def test_brings_back_the_same_data_byte_for_byte(self, admin: Customer) -> None:
        before = admin.post("/api/admin/init-data").json
        db.session.execute(db.text("UPDATE products SET price_minor = price_minor + 1"))
        db.session.commit()
        assert status(admin)["digest"] != before["digest"]

        after = admin.post("/api/admin/reset-data").json

        assert after == before
        assert status(admin) == before

    def test_empties_every_table_that_holds_what_is_sold(self, app: Flask) -> None:
        kept = {
            *("users", "audit_log", "events", "idempotency_keys", "alembic_version", "currency_rates"),
            *("rule_releases", "rule_publications", "rule_proposals", "rule_shadows"),
            *("rule_shadow_tallies", "rule_backtests", "ledger_entries", "ledger_postings", "ledger_months"),
            *("gateway_movements", "reconciliations", "gateway_customers", "payout_accounts", "payments"),
            *(
                "conversion_models",
                "payment_parts",
                "payment_shares",
                "payment_operations",
                "payment_events",
                "payment_disputes",
            ),
        }
        query = db.text(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            " AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'procrastinate%'"
        )

        tables = set(db.session.execute(query).scalars())

        assert tables - kept - {"user_preferences"} == set(SHOP)


class TestRefusals:
    @pytest.mark.parametrize("path", ["init-data", "reset-data"])
    def test_of_everybody_but_admins(self, app: Flask, path: str) -> None:
        someone = Customer.new(app.test_client(), roles=[Role.SUPPORT])

        assert someone.post(f"/api/admin/{path}").status_code == 403
        assert someone.get("/api/admin/data-status").status_code == 403

    @pytest.mark.parametrize("verb", ["init", "reset", "status"])
    def test_in_production(self, app: Flask, verb: str) -> None:
        production = replace(svcs.flask.get(DemoData), production=True)
        arguments = {} if verb == "status" else {"actor_id": "demo", "now": NOW}

        with pytest.raises(DemoRefusedError, match="POST /api/products"):
            getattr(production, verb)(**arguments)
