"""How coupons look in answers."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from backend.domains.coupons.advice import Verdict
from backend.domains.coupons.eligibility import Assessment
from backend.domains.coupons.entities import Coupon
from backend.domains.coupons.service import Counted, PastUse


def shown_to_staff(counted: Counted) -> dict[str, Any]:
    """All of a coupon, and how much of it is used."""
    usage = {"uses": counted.usage.uses, "spent_minor": counted.usage.spent_minor}
    return {**_values(counted.coupon), "usage": usage}


def shown(counted: Counted, found: Assessment | None = None) -> dict[str, Any]:
    """A coupon as its customer sees it, with what it does for a basket when one was looked at."""
    coupon = counted.coupon
    return {
        **_values(coupon),
        "personal": coupon.user_id is not None,
        "used": counted.usage.by_customer,
        "discount": None if found is None else found.discount,
        "failures": None if found is None else found.failures,
    }


def verdict_of(verdict: Verdict) -> dict[str, Any]:
    """What one code does."""
    combination = verdict.combination
    return {
        "valid": bool(combination.applied),
        "discount": combination.discount,
        "failures": [failure for out in combination.left_out for failure in out.failures],
        "better": [_named(found.coupon, discount=found.discount) for found in verdict.better],
    }


def combination_of(verdict: Verdict) -> dict[str, Any]:
    """What several codes do together."""
    combination = verdict.combination
    applied = [
        _named(
            one.coupon,
            discount=one.relief.discount,
            lines=list(one.relief.shares),
            shipping=one.relief.shipping,
        )
        for one in combination.applied
    ]
    return {
        **verdict_of(verdict),
        "applied": applied,
        "left_out": combination.left_out,
        "exact": combination.is_exact,
    }


def past_uses(found: Iterable[PastUse]) -> list[dict[str, Any]]:
    """Uses with the names of their coupons."""
    return [
        {
            **_named(use.coupon, discount=use.discount),
            "id": use.id,
            "state": use.state,
            "reference": use.reference,
            "at": use.at,
        }
        for use in found
    ]


def _values(coupon: Coupon) -> dict[str, Any]:
    return {field.name: getattr(coupon, field.name) for field in fields(Coupon)}


def _named(coupon: Coupon, **more: Any) -> dict[str, Any]:
    return {"code": coupon.code, "label": coupon.label, **more}
