"""Statements of coupons."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Text, and_, any_, bindparam, func, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, CITEXT

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


def counted_by_codes(
    session: DbSession, *, codes: Collection[str], customer_id: str | None, now: datetime
) -> Sequence[tuple[Any, Usage]]:
    """The coupons with these codes, in whatever case of letters, and how much of each is used."""
    values = {"codes": list(codes), "customer": customer_id, "now": now}
    return [(row, _usage(row)) for row in session.execute(_BY_CODES, values)]


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
    values = {"ids": list(coupon_ids), "customer": customer_id, "now": now}
    return {row.id: _usage(row) for row in session.execute(_BY_IDS, values)}


def _usage(row: Any) -> Usage:
    return Usage(row.uses, row.own, int(row.spent))


def _with_usage(*columns: ColumnElement[Any]) -> Select[Any]:
    """These columns of coupons, and how much of each is used by anybody and by the customer.

    Of tables, not of mapped classes: nothing that is read here is changed, and plain rows are quick.
    """
    coupon, counter = CouponRow.__table__, CouponCounterRow.__table__
    own, use = CouponCustomerCounterRow.__table__, CouponUseRow.__table__
    customer = bindparam("customer", type_=Text)
    overdue = (
        select(
            func.count().label("uses"),
            func.count().filter(use.c.customer == customer).label("own"),
            func.sum(use.c.discount_minor).label("spent"),
        )
        .where(
            use.c.coupon_id == coupon.c.id,
            use.c.state == UseState.RESERVED,
            use.c.expires_at <= bindparam("now"),
        )
        .lateral("overdue")
    )
    joined = (
        coupon.outerjoin(counter, counter.c.coupon_id == coupon.c.id)
        .outerjoin(own, and_(own.c.coupon_id == coupon.c.id, own.c.customer == customer))
        .join(overdue, true())
    )
    return select(
        *columns,
        (func.coalesce(counter.c.uses, 0) - overdue.c.uses).label("uses"),
        (func.coalesce(own.c.uses, 0) - overdue.c.own).label("own"),
        func.greatest(counter.c.spent_minor - func.coalesce(overdue.c.spent, 0), 0).label("spent"),
    ).select_from(joined)


# Built once: each priced cart with coupons sends the first.
_COUPONS: Final = CouponRow.__table__.c
_BY_CODES: Final = (
    _with_usage(*_COUPONS)
    .where(_COUPONS.code == any_(bindparam("codes", type_=ARRAY(CITEXT))))
    .order_by(_COUPONS.id)
)
_BY_IDS: Final = _with_usage(_COUPONS.id).where(_COUPONS.id == any_(bindparam("ids", type_=ARRAY(Text))))
