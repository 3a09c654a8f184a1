"""How coupons look in answers."""

from dataclasses import fields
from typing import Any

from backend.domains.coupons.entities import Coupon
from backend.domains.coupons.service import Counted


def shown_to_staff(counted: Counted) -> dict[str, Any]:
    """All of a coupon, and how much of it is used."""
    coupon, usage = counted.coupon, counted.usage
    values = {field.name: getattr(coupon, field.name) for field in fields(Coupon)}
    return {**values, "usage": {"uses": usage.uses, "spent_minor": usage.spent_minor}}
