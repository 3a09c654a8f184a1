"""Buyers who check out at the same instant: for the last units, and for what a coupon may give."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.conftest import NOW, Stores
from tests.factories.catalog import make_retail
from tests.factories.coupons import eur, make_coupon
from tests.races.checkout_acts import Place, buyers_with
from tests.races.crowd import Crowd

UNITS: Final = 5
USES: Final = 10
BUDGET: Final = "100.00"
OFF: Final = "9.00"
PRICE: Final = "60.00"
GONE: Final = frozenset({"UnavailableError", "OutOfStockError"})
TOO_LATE: Final = frozenset({"PriceRoseError", "CouponLimitError"})


@dataclass(frozen=True)
class Takings:
    """How the buyers fared, and what was taken in the end."""

    ended: Counter[str]
    orders: int
    sold: int
    reserved: int
    uses: int
    spent_minor: int
    unsummed: int

    def is_right(self, *, orders: int, told: frozenset[str]) -> bool:
        """Whether exactly so many have an order, and all others were told one of these things."""
        others = set(self.ended) - {"done"}
        sums = self.ended["done"] == self.orders == self.sold == orders
        return sums and others <= told and self.reserved == self.unsummed == 0


def race_for_units(stores: Stores, crowd: Crowd, *, buyers: int) -> Takings:
    """Everybody wants one of the last units."""
    product = make_retail(stock=UNITS, price=eur(PRICE))
    users = buyers_with(product.id, count=buyers)
    return _takings(crowd.rush(stores, [[Place(user, NOW)] for user in users]))


def race_for_coupons(stores: Stores, crowd: Crowd, *, buyers: int, most: Money, **limits: object) -> Takings:
    """Everybody wants the reduced price, and nobody the full one."""
    product = make_retail(stock=buyers, price=eur(PRICE))
    coupon = make_coupon(amount=eur(OFF), **limits)
    users = buyers_with(product.id, count=buyers, code=coupon.code)
    return _takings(crowd.rush(stores, [[Place(user, NOW, most)] for user in users]))


def _takings(ended: list[str]) -> Takings:
    db.session.rollback()
    query = text(
        "SELECT (SELECT count(*) FROM orders WHERE state = 'confirmed') AS orders,"
        " (SELECT coalesce(sum(-on_hand_change), 0) FROM stock_movements WHERE why = 'sold') AS sold,"
        " (SELECT sum(reserved) FROM stock_levels) AS reserved,"
        " (SELECT coalesce(sum(uses), 0) FROM coupon_counters) AS uses,"
        " (SELECT coalesce(sum(spent_minor), 0) FROM coupon_counters) AS spent_minor,"
        " (SELECT count(*) FROM orders o WHERE total_minor <>"
        " (SELECT sum(amount_minor) FROM order_lines l WHERE l.order_id = o.id)) AS unsummed"
    )
    row = db.session.execute(query).one()
    return Takings(Counter(ended), **{name: int(number) for name, number in row._mapping.items()})
