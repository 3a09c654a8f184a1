"""Coupons and baskets: as values, and as coupons committed (in a test's transaction that ends a savepoint)."""

import itertools
from decimal import Decimal
from typing import Any

import svcs

from backend.domains.coupons.editing import CouponEditing
from backend.domains.coupons.eligibility import VISITOR, Basket, BasketLine, Shopper
from backend.domains.coupons.entities import Coupon, CouponDraft, CouponKind
from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.conftest import NOW

_numbers = itertools.count(1)


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def draft(**changes: Any) -> CouponDraft:
    """Ten percent of everything, unless told otherwise; `amount=` makes a fixed coupon."""
    kind = CouponKind.FIXED if "amount" in changes else CouponKind.PERCENTAGE
    percent = Decimal(10) if kind is CouponKind.PERCENTAGE else None
    if changes.get("kind") is CouponKind.FREE_SHIPPING:
        percent = None
    values = {"code": f"TEST-{next(_numbers)}", "label": "A test", "kind": kind, "percent": percent}
    return CouponDraft(**{**values, **changes})


def coupon(**changes: Any) -> Coupon:
    """A coupon that is in no database."""
    wanted = draft(**{name: value for name, value in changes.items() if name != "id"})
    values = {name: getattr(wanted, name) for name in CouponDraft.__dataclass_fields__}
    return Coupon(id=changes.get("id", f"cpn_{wanted.code.lower()}"), **values)


def make_coupon(**changes: Any) -> Coupon:
    """A coupon that is there now."""
    made = svcs.flask.get(CouponEditing).create(draft=draft(**changes), actor_id=None)
    db.session.commit()
    return made


def line(amount: str | Money = "100.00", **changes: Any) -> BasketLine:
    """One product of category running-shoes, below shoes; `amount` as a text is of EUR."""
    values: dict[str, Any] = {
        "product_id": f"prd_{next(_numbers)}",
        "kind": "retail",
        "categories": ("running-shoes", "shoes"),
        "quantity": 1,
        "amount": amount if isinstance(amount, Money) else eur(amount),
    }
    return BasketLine(**{**values, **changes})


def basket(
    *lines: BasketLine, shipping: str | Money = "0.00", shopper: Shopper = VISITOR, **changes: Any
) -> Basket:
    """A basket at NOW; one line of 100.00 EUR unless told otherwise."""
    cost = shipping if isinstance(shipping, Money) else eur(shipping)
    values: dict[str, Any] = {"lines": lines or (line(),), "shipping": cost, "shopper": shopper}
    return Basket(**{**values, "now": NOW, **changes})
