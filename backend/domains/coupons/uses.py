"""Reserving, committing and releasing uses of coupons. That no limit is passed is the database's to forbid.

Every verb locks in one order: its reference, the counters of the coupons concerned (by id), and only
then writes uses. A use changes under its coupon's counter alone (docs/decisions/0095-uses-of-coupons.md).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from backend.domains.coupons.entities import UseState
from backend.domains.coupons.models import CouponCounterRow, CouponRow, CouponUseRow
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError, ExpiredError, NotFoundError
from backend.kernel.money import Money

BATCH: Final = 500


class CouponLimitError(ConflictError):
    """A coupon cannot be used once more, or not for so much."""


class ReferenceCommittedError(ConflictError):
    """The uses of an order that is paid are not replaced."""


class UseReleasedError(ExpiredError):
    """What was reserved has been given back."""


@dataclass(frozen=True, slots=True)
class Redemption:
    """One coupon, who uses it (the id of a user, or of a visitor's cart) and what it takes off."""

    coupon_id: str
    customer_id: str
    discount: Money


@dataclass(frozen=True)
class CouponUses:
    """Counts uses of coupons against their limits. Verbs flush; the caller commits.

    A transaction works on one reference, and takes seats and stock before it takes coupons.
    """

    session: DbSession

    def reserve(
        self, *, redemptions: Sequence[Redemption], reference: str, until: datetime, now: datetime
    ) -> None:
        """Reserve all of the redemptions for `reference` until an instant, or none of them.

        What was reserved for the same reference before is replaced. Raises CouponLimitError, which
        says what is left; ReferenceCommittedError; NotFoundError for a coupon that never was.
        """
        self._lock_reference(reference)
        ordered = sorted(redemptions, key=lambda redemption: redemption.coupon_id)
        with self.session.begin_nested():
            held = self._coupons_of(reference)
            counters = self._lock_counters({*held, *(one.coupon_id for one in ordered)})
            self._refuse_committed(reference)
            overdue = and_(CouponUseRow.coupon_id.in_(counters), CouponUseRow.expires_at <= now)
            self.session.execute(delete(CouponUseRow).where(CouponUseRow.reference == reference))
            self._release(and_(_RESERVED, overdue), now)
            for redemption in ordered:
                self._insert(redemption, reference=reference, until=until, now=now)

    def commit(self, *, reference: str, now: datetime) -> None:
        """What is reserved for `reference` is used for good; doing it twice changes nothing.

        A reservation that has expired is still good while nobody else took its place. Raises
        UseReleasedError when something was given back, and then commits nothing.
        """
        self._lock_reference(reference)
        self._lock_counters(self._coupons_of(reference))
        found = self._states(reference)
        if UseState.RELEASED in found:
            raise UseReleasedError(
                "The coupons of this order were kept for a while and have been given back. "
                "Apply them again, if they are still to be had."
            )
        self._settle(and_(_RESERVED, CouponUseRow.reference == reference), UseState.COMMITTED, now)

    def release(self, *, reference: str, now: datetime) -> None:
        """Give back what `reference` reserved or used: it failed, or was cancelled. Twice is harmless."""
        self._lock_reference(reference)
        self._lock_counters(self._coupons_of(reference))
        taken = CouponUseRow.state != UseState.RELEASED
        self._release(and_(taken, CouponUseRow.reference == reference), now)

    def release_expired(self, *, now: datetime) -> int:
        """Give back up to `BATCH` reservations that have expired; how many there were.

        For tidiness: an expired reservation stands in nobody's way even when this never runs.
        """
        overdue = and_(_RESERVED, CouponUseRow.expires_at <= now)
        oldest = select(CouponUseRow.id, CouponUseRow.coupon_id).where(overdue)
        some = self.session.execute(oldest.order_by(CouponUseRow.expires_at).limit(BATCH)).all()
        self._lock_counters({row.coupon_id for row in some})
        return self._release(and_(overdue, CouponUseRow.id.in_([row.id for row in some])), now)

    def _lock_reference(self, reference: str) -> None:
        """One at a time for a reference: what it has is read and replaced as one step."""
        key = func.hashtextextended(f"coupons:{reference}", 0)
        self.session.execute(select(func.pg_advisory_xact_lock(key)))

    def _coupons_of(self, reference: str) -> set[str]:
        query = select(CouponUseRow.coupon_id).where(CouponUseRow.reference == reference).distinct()
        return set(self.session.scalars(query))

    def _lock_counters(self, coupon_ids: Collection[str]) -> list[str]:
        """Lock these coupons, ordered by id. NotFoundError when one was never there."""
        query = (
            select(CouponCounterRow.coupon_id)
            .where(CouponCounterRow.coupon_id.in_(coupon_ids))
            .order_by(CouponCounterRow.coupon_id)
            .with_for_update()
        )
        found = list(self.session.scalars(query))
        missing = sorted(set(coupon_ids).difference(found))
        if missing:
            raise NotFoundError(f"There is no coupon {missing[0]}.")
        return found

    def _states(self, reference: str) -> set[str]:
        query = select(CouponUseRow.state).where(CouponUseRow.reference == reference)
        return set(self.session.scalars(query))

    def _refuse_committed(self, reference: str) -> None:
        if UseState.COMMITTED in self._states(reference):
            raise ReferenceCommittedError("This order is paid; its coupons can only be given back.")

    def _insert(self, redemption: Redemption, *, reference: str, until: datetime, now: datetime) -> None:
        is_user = redemption.customer_id.startswith(f"{ids.USER}_")
        use = CouponUseRow(
            id=ids.new_id(ids.COUPON_USE),
            coupon_id=redemption.coupon_id,
            user_id=redemption.customer_id if is_user else None,
            cart_id=None if is_user else redemption.customer_id,
            discount_minor=redemption.discount.minor,
            currency=redemption.discount.currency,
            state=UseState.RESERVED.value,
            reference=reference,
            expires_at=until,
            created_at=now,
        )
        try:
            with self.session.begin_nested():
                self.session.add(use)
                self.session.flush()
        except IntegrityError as error:
            constraint = violated(error)
            if constraint not in _LIMITS:
                raise
            raise self._limit_error(constraint, redemption) from error

    def _limit_error(self, constraint: str, redemption: Redemption) -> CouponLimitError:
        row = self.session.execute(
            select(CouponRow.code, CouponCounterRow)
            .join(CouponCounterRow, CouponCounterRow.coupon_id == CouponRow.id)
            .where(CouponRow.id == redemption.coupon_id)
        ).one()
        extra: dict[str, object] = {"coupon": row.code, "reason": _LIMITS[constraint]}
        if constraint != "ck_coupon_counters_spent":
            return CouponLimitError(_SENTENCES[constraint].format(code=row.code), extra=extra)
        counter: CouponCounterRow = row[1]
        rest = Money((counter.budget_minor or 0) - counter.spent_minor, redemption.discount.currency)
        extra["left"] = {"amount": rest.minor, "currency": rest.currency}
        sentence = _SENTENCES[constraint].format(code=row.code)
        return CouponLimitError(f"{sentence} Left: {rest}; wanted: {redemption.discount}.", extra=extra)

    def _release(self, which: ColumnElement[bool], now: datetime) -> int:
        return self._settle(which, UseState.RELEASED, now)

    def _settle(self, which: ColumnElement[bool], state: UseState, now: datetime) -> int:
        """Move uses to `state`; how many. Their counters are locked."""
        changed = self.session.execute(
            update(CouponUseRow)
            .where(which)
            .values(state=state.value, settled_at=now)
            .returning(CouponUseRow.id)
            .execution_options(synchronize_session=False)
        )
        return len(changed.all())


_RESERVED: Final = CouponUseRow.state == UseState.RESERVED
# Constraints on counters, by the word for them in problems.
_LIMITS: Final = {
    "ck_coupon_counters_uses": "used_up",
    "ck_coupon_customer_counters_uses": "used_by_you",
    "ck_coupon_counters_spent": "budget_spent",
}
_SENTENCES: Final = {
    "ck_coupon_counters_uses": "The coupon {code} has been used up in the meantime; order without it.",
    "ck_coupon_customer_counters_uses": "You used the coupon {code} as often as you may; order without it.",
    "ck_coupon_counters_spent": "Too little is left of what may be given with the coupon {code}.",
}
