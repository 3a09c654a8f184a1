"""From rows to the values that leave this domain, and back."""

from typing import Any, Final

from backend.domains.coupons.entities import Coupon, CouponDraft, CouponKind
from backend.domains.coupons.models import CouponRow
from backend.kernel.money import Money

_AMOUNTS: Final = ("amount", "minimum_order", "maximum_discount", "budget")


def coupon_of(row: CouponRow) -> Coupon:
    """The coupon that the row holds."""
    return Coupon(
        id=row.id,
        code=row.code,
        label=row.label,
        kind=CouponKind(row.kind),
        percent=row.percent,
        amount=_money(row, row.amount_minor),
        minimum_order=_money(row, row.minimum_order_minor),
        maximum_discount=_money(row, row.maximum_discount_minor),
        budget=_money(row, row.budget_minor),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        categories=tuple(row.categories),
        products=tuple(row.products),
        excluded_products=tuple(row.excluded_products),
        product_kinds=tuple(row.product_kinds),
        first_order_only=row.first_order_only,
        user_id=row.user_id,
        is_public=row.is_public,
        per_user_limit=row.per_user_limit,
        global_limit=row.global_limit,
        stacking_group=row.stacking_group,
        is_exclusive=row.is_exclusive,
        may_go_below_floor=row.may_go_below_floor,
        is_active=row.is_active,
        version=row.version,
    )


def columns_of(draft: CouponDraft) -> dict[str, Any]:
    """The columns that a draft decides."""
    amounts = {
        name: _minor(draft, name) for name in ("amount", "minimum_order", "maximum_discount", "budget")
    }
    return {
        "code": draft.code,
        "label": draft.label,
        "kind": draft.kind.value,
        "percent": draft.percent,
        "currency": draft.currency,
        **{f"{name}_minor": minor for name, minor in amounts.items()},
        "valid_from": draft.valid_from,
        "valid_until": draft.valid_until,
        "categories": list(draft.categories),
        "products": list(draft.products),
        "excluded_products": list(draft.excluded_products),
        "product_kinds": list(draft.product_kinds),
        "first_order_only": draft.first_order_only,
        "user_id": draft.user_id,
        "is_public": draft.is_public,
        "per_user_limit": draft.per_user_limit,
        "global_limit": draft.global_limit,
        "stacking_group": draft.stacking_group,
        "is_exclusive": draft.is_exclusive,
        "may_go_below_floor": draft.may_go_below_floor,
        "is_active": draft.is_active,
    }


def _money(row: CouponRow, minor: int | None) -> Money | None:
    return None if minor is None or row.currency is None else Money(minor, row.currency)


def _minor(draft: CouponDraft, name: str) -> int | None:
    money = draft.amounts.get(name)
    return None if money is None else money.minor
