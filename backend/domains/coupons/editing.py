"""Changing coupons: every verb is staff's, needs the version they saw, and is in the audit log.

Nothing is deleted: a use must be explained for ever. A retired coupon applies to nothing any more, but
quotes that were given with it are honoured.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend.domains.catalog.service import CatalogService
from backend.domains.coupons.entities import Coupon, CouponDraft
from backend.domains.coupons.models import CouponCounterRow, CouponRow, CouponUseRow
from backend.domains.coupons.rows import columns_of, coupon_of
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError
from backend.kernel.versions import Edit

# Constraints of the database that a draft can break: the field, and what to say of it.
_WRONG: Final = {
    "ck_coupons_code": ("code", "Three to forty letters, digits and hyphens, such as WELCOME-10."),
    "ck_coupons_percent": (
        "percent",
        "Above 0 and at most 100 for a percentage coupon; others have none.",
    ),
    "ck_coupons_amount": ("amount", "A fixed coupon has an amount above zero; others have none."),
    "ck_coupons_minimum_order": ("minimum_order", "Must be above zero."),
    "ck_coupons_maximum_discount": (
        "maximum_discount",
        "Above zero; a fixed coupon has none.",
    ),
    "ck_coupons_budget": ("budget", "Must be above zero."),
    "ck_coupons_validity": ("valid_until", "Must be after valid_from."),
    "ck_coupons_products": ("excluded_products", "A product cannot be both among the products and excluded."),
    "ck_coupons_limits": ("global_limit", "A limit is at least 1; leave it out for none."),
    "ck_coupons_personal": ("is_public", "A personal coupon is not public."),
    "ck_coupons_stacking_group": (
        "stacking_group",
        "Lower case, digits, single hyphens: seasonal.",
    ),
    "fk_coupons_user_id": ("user_id", "There is no such user."),
    "ck_coupon_counters_uses": ("global_limit", "More uses than this are reserved or committed already."),
    "ck_coupon_counters_spent": ("budget", "More than this is reserved or spent already."),
}


@dataclass(frozen=True)
class CouponEditing:
    """Creates, changes and retires. Errors: NotFoundError, StaleError, InvalidError, ConflictError."""

    session: DbSession
    clock: Clock
    audit: AuditLog
    catalog: CatalogService

    def create(self, *, draft: CouponDraft, actor_id: str | None) -> Coupon:
        """A new coupon. ConflictError when its code is taken, in whatever case of letters."""
        self._check(draft)
        row = CouponRow(
            id=ids.new_id(ids.COUPON), created_at=self.clock.now(), version=1, **columns_of(draft)
        )
        self.session.add(row)
        self._flush()
        coupon = coupon_of(row)
        self.audit.record(
            actor_id=actor_id, action="coupon.created", subject=coupon.id, after=document_of(coupon)
        )
        return coupon

    def change(self, *, coupon_id: str, draft: CouponDraft, edit: Edit) -> Coupon:
        """Replace all of a coupon. Its currency stays once it was used: its budget is counted in it."""
        self._check(draft)
        row = self._locked(coupon_id, edit)
        if draft.currency != row.currency and self._is_used(coupon_id):
            raise _invalid("currency", "The coupon has been used, so the currency of its amounts stays.")
        return self._change(row, columns_of(draft), edit=edit, action="coupon.changed")

    def retire(self, *, coupon_id: str, edit: Edit) -> None:
        """Let nobody use it any more; what it gave stays given."""
        row = self._locked(coupon_id, edit)
        self._change(row, {"is_active": False}, edit=edit, action="coupon.retired")

    def _change(self, row: CouponRow, values: Mapping[str, Any], *, edit: Edit, action: str) -> Coupon:
        before = coupon_of(row)
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        self._flush()
        after = coupon_of(row)
        self.audit.record(
            actor_id=edit.actor_id,
            action=action,
            subject=row.id,
            before=document_of(before),
            after=document_of(after),
        )
        return after

    def _locked(self, coupon_id: str, edit: Edit) -> CouponRow:
        # The counter first, as who uses it does: a use refers to the coupon while it holds the counter.
        counted = select(CouponCounterRow).where(CouponCounterRow.coupon_id == coupon_id)
        self.session.execute(counted.with_for_update())
        row = self.session.get(CouponRow, coupon_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFoundError(f"There is no coupon {coupon_id}.")
        edit.expect(row.version)
        return row

    def _is_used(self, coupon_id: str) -> bool:
        query = select(CouponUseRow.id).where(CouponUseRow.coupon_id == coupon_id).limit(1)
        return self.session.scalar(query) is not None

    def _check(self, draft: CouponDraft) -> None:
        """What the tables cannot say of a draft: one currency, and that what it names is there."""
        for name, money in draft.amounts.items():
            if money.currency != draft.currency:
                raise _invalid(name, f"All amounts of a coupon are in one currency, here {draft.currency}.")
        known = {category.slug for category in self.catalog.categories()}
        for slug in draft.categories:
            if slug not in known:
                raise _invalid("categories", f"There is no category {slug!r}.")
        for name in ("products", "excluded_products"):
            wanted = set(getattr(draft, name))
            missing = sorted(wanted - self.catalog.products(product_ids=wanted).keys())
            if missing:
                raise _invalid(name, f"There is no product {missing[0]}.")

    def _flush(self) -> None:
        try:
            self.session.flush()
        except IntegrityError as error:
            constraint = violated(error)
            if constraint == "uq_coupons_code":
                raise ConflictError("There is a coupon with this code; retired ones keep theirs.") from error
            if constraint in _WRONG:
                raise _invalid(*_WRONG[constraint]) from error
            raise


def document_of(coupon: Coupon) -> dict[str, Any]:
    """The coupon in JSON values, for the audit log."""
    return {name: _json_of(value) for name, value in asdict(coupon).items()}


def _json_of(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _invalid(field: str, message: str) -> InvalidError:
    return InvalidError(message, errors={field: [message]})
