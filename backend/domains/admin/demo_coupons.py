"""Coupons of the demonstration: every kind, every condition, every limit."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from backend.domains.coupons.entities import CouponDraft, CouponKind
from backend.kernel.money import Money

CURRENCY: Final = "EUR"
HOW_MANY: Final = 14
_YEAR: Final = timedelta(days=365)
_DAY: Final = timedelta(days=1)


def demo_coupons(*, now: datetime, category: str, product_id: str, user_id: str) -> Iterator[CouponDraft]:
    """Fourteen of them. One is for a category, one for a product, one for a user alone."""
    opened = now - 90 * _DAY
    for code, label, terms in (
        *_percentages(category, product_id),
        *_amounts(user_id),
        *_others(now),
    ):
        values: dict[str, Any] = {"valid_from": opened, "valid_until": now + _YEAR, "is_public": True}
        yield CouponDraft(code=code, label=label, **{**values, **terms})


def _percentages(category: str, product_id: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    ten = {"kind": CouponKind.PERCENTAGE, "percent": Decimal(10)}
    yield (
        "WELCOME10",
        "10 % off your first order",
        {
            **ten,
            "first_order_only": True,
            "per_user_limit": 1,
            "stacking_group": "welcome",
        },
    )
    yield (
        "AUTUMN15",
        "15 % in autumn, at most 30 EUR",
        {
            **ten,
            "percent": Decimal(15),
            "maximum_discount": _eur("30.00"),
            "stacking_group": "seasonal",
        },
    )
    yield (
        "CATEGORY20",
        "20 % on one department",
        {
            **ten,
            "percent": Decimal(20),
            "categories": (category,),
            "stacking_group": "seasonal",
        },
    )
    yield (
        "PICK25",
        "25 % on the pick of the month",
        {
            **ten,
            "percent": Decimal(25),
            "products": (product_id,),
            "global_limit": 100,
        },
    )
    yield (
        "ALONE30",
        "30 % from 200 EUR, with no other coupon",
        {
            **ten,
            "percent": Decimal(30),
            "minimum_order": _eur("200.00"),
            "is_exclusive": True,
        },
    )
    yield (
        "CLEAR40",
        "40 % while the budget lasts",
        {
            **ten,
            "percent": Decimal(40),
            "budget": _eur("500.00"),
            "stacking_group": "clearance",
        },
    )


def _amounts(user_id: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    five = {"kind": CouponKind.FIXED, "amount": _eur("5.00")}
    yield "FIVE", "5 EUR off", {**five, "minimum_order": _eur("25.00")}
    yield (
        "TWENTY100",
        "20 EUR off from 100 EUR",
        {
            **five,
            "amount": _eur("20.00"),
            "minimum_order": _eur("100.00"),
        },
    )
    yield (
        "FIRST50",
        "10 EUR for the first fifty",
        {
            **five,
            "amount": _eur("10.00"),
            "global_limit": 50,
            "per_user_limit": 1,
        },
    )
    yield (
        "ADVICE15",
        "15 EUR off a consultation",
        {
            **five,
            "amount": _eur("15.00"),
            "product_kinds": ("slot",),
        },
    )
    yield (
        "ALICE25",
        "25 EUR for you alone",
        {
            **five,
            "amount": _eur("25.00"),
            "user_id": user_id,
            "is_public": False,
            "per_user_limit": 1,
        },
    )


def _others(now: datetime) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    yield (
        "FREESHIP",
        "Free delivery from 30 EUR",
        {
            "kind": CouponKind.FREE_SHIPPING,
            "minimum_order": _eur("30.00"),
        },
    )
    yield (
        "LASTYEAR",
        "5 % until yesterday",
        {
            "kind": CouponKind.PERCENTAGE,
            "percent": Decimal(5),
            "valid_until": now - _DAY,
        },
    )
    yield (
        "NEXTMONTH",
        "12 % from next month on",
        {
            "kind": CouponKind.PERCENTAGE,
            "percent": Decimal(12),
            "valid_from": now + 30 * _DAY,
        },
    )


def _eur(amount: str) -> Money:
    return Money.of(amount, CURRENCY)
