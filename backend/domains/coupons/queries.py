"""Statements of coupons."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select

from backend.domains.coupons.entities import Usage, UseState
from backend.domains.coupons.models import (
    CouponCounterRow,
    CouponCustomerCounterRow,
    CouponRow,
    CouponUseRow,
)
from backend.infra.postgres import DbSession

# More coupons than a person could want to look at.
MOST_SHOWN: Final = 100


def by_codes(session: DbSession, codes: Collection[str]) -> Sequence[CouponRow]:
    """The coupons with these codes, in whatever case of letters."""
    return session.scalars(select(CouponRow).where(CouponRow.code.in_(codes)).order_by(CouponRow.id)).all()


def offered_to(session: DbSession, *, user_id: str | None, now: datetime) -> Sequence[CouponRow]:
    """Coupons valid now that are public, or the user's own; the newest `MOST_SHOWN`."""
    whose: ColumnElement[bool] = CouponRow.is_public.is_(True)
    if user_id is not None:
        whose = or_(whose, CouponRow.user_id == user_id)
    query = select(CouponRow).where(
        whose,
        CouponRow.is_active,
        or_(CouponRow.valid_from.is_(None), CouponRow.valid_from <= now),
        or_(CouponRow.valid_until.is_(None), CouponRow.valid_until > now),
    )
    return session.scalars(query.order_by(CouponRow.id.desc()).limit(MOST_SHOWN)).all()


def of_user(session: DbSession, *, user_id: str) -> Sequence[CouponRow]:
    """The newest `MOST_SHOWN` coupons that are this user's alone or were used by them, old ones too."""
    used = select(CouponUseRow.coupon_id).where(
        CouponUseRow.customer == user_id, CouponUseRow.state != UseState.RELEASED
    )
    query = select(CouponRow).where(or_(CouponRow.user_id == user_id, CouponRow.id.in_(used)))
    return session.scalars(query.order_by(CouponRow.id.desc()).limit(MOST_SHOWN)).all()


def coupons(session: DbSession, *, after: str | None, limit: int) -> Sequence[CouponRow]:
    """Up to `limit` coupons older than `after`, newest first, retired ones too."""
    query = select(CouponRow).order_by(CouponRow.id.desc()).limit(limit)
    return session.scalars(query if after is None else query.where(CouponRow.id < after)).all()


def uses_of(
    session: DbSession, *, user_id: str, after: str | None, limit: int
) -> Sequence[tuple[CouponUseRow, CouponRow]]:
    """The newest uses of a user that were not given back, each with its coupon."""
    query = (
        select(CouponUseRow, CouponRow)
        .join(CouponRow, CouponRow.id == CouponUseRow.coupon_id)
        .where(CouponUseRow.customer == user_id, CouponUseRow.state != UseState.RELEASED)
        .order_by(CouponUseRow.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(CouponUseRow.id < after)
    return [(use, coupon) for use, coupon in session.execute(query)]


def usages(
    session: DbSession, *, coupon_ids: Collection[str], customer_id: str | None, now: datetime
) -> dict[str, Usage]:
    """How much of each coupon is used; what was reserved and has expired does not count."""
    values = {"coupons": list(coupon_ids), "customer": customer_id, "now": now}
    return {row[0]: Usage(row[1], row[2], int(row[3])) for row in session.execute(_USAGES, values)}


def _usages() -> Select[Any]:
    """The query of `usages`, built once: each priced cart with coupons sends it."""
    use, counter, own = CouponUseRow, CouponCounterRow, CouponCustomerCounterRow
    coupons_asked = bindparam("coupons", type_=use.coupon_id.type, expanding=True)
    customer = bindparam("customer", type_=use.customer.type)
    overdue = (
        select(
            use.coupon_id,
            func.count().label("uses"),
            func.count().filter(use.customer == customer).label("own"),
            func.sum(use.discount_minor).label("spent"),
        )
        .where(
            use.coupon_id.in_(coupons_asked),
            use.state == UseState.RESERVED,
            use.expires_at <= bindparam("now"),
        )
        .group_by(use.coupon_id)
        .subquery()
    )
    return (
        select(
            counter.coupon_id,
            counter.uses - func.coalesce(overdue.c.uses, 0),
            func.coalesce(own.uses, 0) - func.coalesce(overdue.c.own, 0),
            func.greatest(counter.spent_minor - func.coalesce(overdue.c.spent, 0), 0),
        )
        .outerjoin(overdue, overdue.c.coupon_id == counter.coupon_id)
        .outerjoin(own, and_(own.coupon_id == counter.coupon_id, own.customer == customer))
        .where(counter.coupon_id.in_(coupons_asked))
    )


_USAGES: Final = _usages()
