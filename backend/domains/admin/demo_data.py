"""The demonstration as a whole: written into an empty shop, emptied again, and what of it is there.

The same data every time, but for ids and for instants, which follow the clock.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from backend.domains.admin.demo_catalog import seed_catalog
from backend.domains.admin.demo_consultants import DemoConsultants
from backend.domains.admin.demo_coupons import demo_coupons
from backend.domains.admin.demo_customers import CUSTOMERS
from backend.domains.admin.demo_history import DemoHistory
from backend.domains.admin.demo_house import PASSWORD, USERS
from backend.domains.admin.demo_partners import seed_partners
from backend.domains.admin.demo_travel import seed_travel
from backend.domains.availability.schedules import ScheduleService
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.listing import ProductFilter, ProductListing, Sort
from backend.domains.catalog.stock_keeping import StockKeeping
from backend.domains.checkout.carts import CartStore
from backend.domains.checkout.orders import OrderService
from backend.domains.checkout.placing import Checkout
from backend.domains.coupons.editing import CouponEditing
from backend.domains.identity.service import UserService
from backend.infra.audit import AuditLog
from backend.infra.postgres import DbSession
from backend.kernel.errors import DeniedError, NotFoundError
from backend.kernel.roles import Role

ACTOR: Final = "demo"
# Any constant will do: two processes that start at once take turns.
_LOCK: Final = 0x64656D6F
# More goods than the demonstration has.
_ALL: Final = 1000
# Grams; the post takes several of them.
LIGHT: Final = 4000
# What a reset empties, in one statement: users, rules and everything kept for the record stay.
SHOP: Final = (
    *("bargain_offers", "bargain_sessions", "bargain_strategies", "demand_models"),
    *("affiliate_clicks", "affiliate_links", "sent_mails", "receipts", "receipt_series"),
    *("order_events", "order_lines", "orders", "quote_requests", "booking_events", "booking_quotes"),
    *("bookings", "waitlist", "quotes", "allocations", "slot_counters", "schedule_exceptions"),
    *("opening_hours", "schedules", "coupon_uses", "coupon_customer_counters", "coupon_counters"),
    *("coupons", "stock_movements", "stock_reservations", "stock_levels", "product_prices"),
    *("products", "providers", "categories"),
)
# Histories that the database else refuses to empty.
_KEPT: Final = ("order_events", "booking_events", "receipts")
# What the digest is of: what a person would see, without ids and instants.
_SEEN: Final[Mapping[str, str]] = {
    "categories": "SELECT slug, name, parent, position FROM categories",
    "providers": "SELECT name, category, experience_years, timezone, currency FROM providers",
    "products": (
        "SELECT name, kind, category, subcategory, price_minor, currency, rating, partner, external_url"
        " FROM products"
    ),
    "travel": (
        "SELECT name, kind, supplier, origin, destination, cabin_class, place, room, meal, nights, tax_class"
        " FROM products WHERE kind IN ('flight', 'stay')"
    ),
    "stock": (
        "SELECT p.name, s.on_hand, s.reserved FROM stock_levels s JOIN products p ON p.id = s.product_id"
    ),
    "customers": "SELECT email, name, country, loyalty_tier FROM users WHERE email LIKE '%climbup.example'",
    "coupons": (
        "SELECT code, label, kind, percent, amount_minor, minimum_order_minor, maximum_discount_minor,"
        " categories, first_order_only, per_user_limit, global_limit, budget_minor, stacking_group,"
        " is_exclusive FROM coupons"
    ),
    "orders": (
        "SELECT u.email, o.state, o.total_minor, o.currency FROM orders o JOIN users u ON u.id = o.user_id"
    ),
}


class DemoRefusedError(DeniedError):
    """Demo data has no place in production."""


@dataclass(frozen=True, slots=True)
class DemoStatus:
    """How many of everything there is, and a digest that is equal for equal data."""

    counts: Mapping[str, int]
    digest: str
    is_empty: bool


@dataclass(frozen=True)
class DemoData:
    """Verbs flush; the caller commits. All of them raise DemoRefusedError in production."""

    session: DbSession
    production: bool
    users: UserService
    catalog: CatalogEditing
    listing: ProductListing
    stock: StockKeeping
    schedules: ScheduleService
    coupons: CouponEditing
    carts: CartStore
    checkout: Checkout
    orders: OrderService
    audit: AuditLog

    def init(self, *, actor_id: str, now: datetime) -> bool:
        """Fill the shop; False, changing nothing, when there is something in it already."""
        self._take_turns()
        if not self.status().is_empty:
            return False
        user_ids = self._people()
        consultants = DemoConsultants(self.catalog, self.schedules, ACTOR, now)
        consultants.open(user_ids)
        seed_catalog(editing=self.catalog, stock=self.stock, actor_id=ACTOR, now=now)
        seed_partners(editing=self.catalog, actor_id=ACTOR)
        seed_travel(editing=self.catalog, stock=self.stock, actor_id=ACTOR, now=now)
        goods = self._goods(now)
        self._coupons(user_ids, goods[0], now)
        history = DemoHistory(self.carts, self.checkout, self.orders, ACTOR, now)
        history.write(user_ids, goods)
        self._note("demo.initialised", actor_id)
        return True

    def reset(self, *, actor_id: str, now: datetime) -> None:
        """Empty the shop, whoever filled it, and fill it with the demonstration."""
        self._take_turns()
        # What is still to be checked of the transaction so far is checked now: tables are about to change.
        self.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        for table in _KEPT:
            self.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        self.session.execute(text(f"TRUNCATE {', '.join(SHOP)}"))
        for table in _KEPT:
            self.session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        self.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        self.session.expire_all()
        self._note("demo.emptied", actor_id)
        self.init(actor_id=actor_id, now=now)

    def status(self) -> DemoStatus:
        """What there is now."""
        self._refuse_production()
        seen = {name: self._seen(query) for name, query in _SEEN.items()}
        counts = {name: len(rows) for name, rows in seen.items()}
        digest = hashlib.sha256(json.dumps(seen).encode()).hexdigest()
        is_empty = not any(counts[name] for name in ("categories", "providers", "products", "coupons"))
        return DemoStatus(counts, f"sha256:{digest}", is_empty)

    def _seen(self, query: str) -> list[list[str]]:
        return sorted([str(value) for value in row] for row in self.session.execute(text(query)))

    def _take_turns(self) -> None:
        self._refuse_production()
        self.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})

    def _refuse_production(self) -> None:
        if self.production:
            raise DemoRefusedError(
                "Demo data is refused in production; CLIMBUP_ENV says that this is. "
                "Staff create what is sold with POST /api/products."
            )

    def _people(self) -> dict[str, str]:
        """One user of each role and all customers, by e-mail; those who are there stay as they are."""
        found: dict[str, str] = {}
        for email, (name, role) in USERS.items():
            found[email] = self._person(email, name=name, roles={Role.CUSTOMER, role})
        for one in CUSTOMERS:
            found[one.email] = self._person(
                one.email, name=one.name, country=one.country, loyalty_tier=one.tier
            )
        return found

    def _person(self, email: str, **told: Any) -> str:
        try:
            return self.users.user_with_email(email=email).id
        except NotFoundError:
            return self.users.register(email=email, password=PASSWORD, **told).id

    def _goods(self, now: datetime) -> list[str]:
        """The ids of goods that can be had and are easily sent, in the order of their names."""
        where = ProductFilter(kind="retail", in_stock=True)
        found = self.listing.page(where=where, sort=Sort.NAME, after=None, limit=_ALL, now=now)
        return [one.product.id for one in found if (one.product.weight_grams or 0) <= LIGHT]

    def _coupons(self, user_ids: Mapping[str, str], product_id: str, now: datetime) -> None:
        category = self.listing.one(product_id=product_id, now=now).product.category
        drafts = demo_coupons(
            now=now, category=category, product_id=product_id, user_id=user_ids[CUSTOMERS[0].email]
        )
        for draft in drafts:
            self.coupons.create(draft=draft, actor_id=ACTOR)

    def _note(self, action: str, actor_id: str) -> None:
        self.audit.record(actor_id=actor_id, action=action, subject="demo")
