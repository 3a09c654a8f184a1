"""Buyers who check out at the same instant: for the last units, and for what a coupon may give."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import svcs
from sqlalchemy import text

from backend.domains.availability.service import AvailabilityService
from backend.infra.postgres import db
from tests.conftest import NOW, Stores
from tests.factories.bookings import make_class, next_week
from tests.factories.catalog import make_retail
from tests.factories.coupons import eur, make_coupon
from tests.races.checkout_acts import Place, buyers_with
from tests.races.crowd import Crowd

UNITS: Final = 5
PRICE: Final = eur("60.00")
OFF: Final = eur("9.00")
# Ten times 9.00 EUR by the limit of one coupon, eleven times by the budget of the other.
LIMITS: Final[dict[str, dict[str, Any]]] = {"USES": {"global_limit": 10}, "BUDGET": {"budget": eur("100.00")}}
REDUCTIONS: Final = 10 + 11
GONE: Final = frozenset({"UnavailableError", "OutOfStockError", "SlotTakenError"})
TOO_LATE: Final = frozenset({"PriceRoseError", "CouponLimitError"})


@dataclass(frozen=True)
class Takings:
    """How the buyers fared, and what was taken in the end; `given` has uses and money by coupon."""

    ended: Counter[str]
    orders: int
    sold: int
    seats: int
    reserved: int
    unsummed: int
    given: dict[str, tuple[int, int]]

    def is_right(self, *, orders: int, told: frozenset[str]) -> bool:
        """Whether exactly so many have an order, and all others were told one of these things."""
        others = set(self.ended) - {"done"}
        sums = self.ended["done"] == self.orders == self.sold == orders
        return sums and others <= told and self.reserved == self.unsummed == 0


def race_for_units(stores: Stores, crowd: Crowd, *, buyers: int) -> Takings:
    """Everybody wants one of the last units."""
    product = make_retail(stock=UNITS, price=PRICE)
    users = buyers_with(product.id, count=buyers)
    return _takings(crowd.rush(stores, [[Place(user, NOW)] for user in users]))


def race_for_seats(stores: Stores, crowd: Crowd, *, buyers: int) -> Takings:
    """Everybody wants one of plenty of goods, and with it one of a class's few seats."""
    product, klass = make_retail(stock=buyers, price=PRICE), make_class(seats=UNITS)
    day = next_week(NOW)
    availability = svcs.flask.get(AvailabilityService)
    slot, *_ = availability.slots(
        provider_ids=[klass.provider.id], first=day, last=day + timedelta(days=1), party=1, now=NOW
    )
    users = buyers_with(product.id, count=buyers, slot_id=slot.id)
    return _takings(crowd.rush(stores, [[Place(user, NOW)] for user in users]))


def race_for_coupons(stores: Stores, crowd: Crowd, *, buyers: int) -> Takings:
    """Half of them want the one coupon, half the other; nobody pays the full price."""
    product = make_retail(stock=buyers, price=PRICE)
    users: list[str] = []
    for code, limits in LIMITS.items():
        make_coupon(code=code, amount=OFF, **limits)
        users += buyers_with(product.id, count=buyers // 2, code=code)
    return _takings(crowd.rush(stores, [[Place(user, NOW, PRICE - OFF)] for user in users]))


def _takings(ended: list[str]) -> Takings:
    db.session.rollback()
    query = text(
        "SELECT (SELECT count(*) FROM orders WHERE state = 'confirmed') AS orders,"
        " (SELECT coalesce(sum(-on_hand_change), 0)::int FROM stock_movements WHERE why = 'sold') AS sold,"
        " (SELECT coalesce(sum(seats), 0)::int FROM allocations) AS seats,"
        " (SELECT sum(reserved)::int FROM stock_levels) AS reserved,"
        " (SELECT count(*) FROM orders o WHERE total_minor <>"
        " (SELECT sum(amount_minor) FROM order_lines l WHERE l.order_id = o.id)) AS unsummed"
    )
    row = db.session.execute(query).one()
    coupons = text(
        "SELECT code, uses, spent_minor FROM coupons c JOIN coupon_counters n ON n.coupon_id = c.id"
    )
    given = {code: (uses, spent) for code, uses, spent in db.session.execute(coupons)}
    return Takings(Counter(ended), **row._mapping, given=given)
