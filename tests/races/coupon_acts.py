"""What a crowd does with coupons (see `tests.races.crowd`)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import svcs

from backend.domains.coupons.editing import CouponEditing
from backend.domains.coupons.entities import CouponDraft
from backend.domains.coupons.service import CouponService
from backend.domains.coupons.uses import CouponUses, Redemption
from backend.kernel.money import Money
from backend.kernel.versions import Edit

KEPT_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Reserve:
    """Reserve coupons for an order."""

    coupon_ids: tuple[str, ...]
    reference: str
    customer_id: str
    discount: Money
    now: datetime

    def do(self) -> None:
        wanted = [Redemption(coupon_id, self.customer_id, self.discount) for coupon_id in self.coupon_ids]
        svcs.flask.get(CouponUses).reserve(
            redemptions=wanted, reference=self.reference, until=self.now + KEPT_FOR, now=self.now
        )


@dataclass(frozen=True)
class Commit:
    """Pay the order."""

    reference: str
    now: datetime

    def do(self) -> None:
        svcs.flask.get(CouponUses).commit(reference=self.reference, now=self.now)


@dataclass(frozen=True)
class Release:
    """Cancel the order."""

    reference: str
    now: datetime

    def do(self) -> None:
        svcs.flask.get(CouponUses).release(reference=self.reference, now=self.now)


@dataclass(frozen=True)
class ReleaseExpired:
    """Give back what expired, as the periodic job does."""

    now: datetime

    def do(self) -> None:
        svcs.flask.get(CouponUses).release_expired(now=self.now)


@dataclass(frozen=True)
class Rename:
    """Give a coupon another code and limit, as staff do."""

    coupon_id: str
    code: str
    global_limit: int

    def do(self) -> None:
        coupon = svcs.flask.get(CouponService).coupon(coupon_id=self.coupon_id)
        values = {name: getattr(coupon, name) for name in CouponDraft.__dataclass_fields__}
        draft = replace(CouponDraft(**values), code=self.code, global_limit=self.global_limit)
        edit = Edit("crowd", coupon.version)
        svcs.flask.get(CouponEditing).change(coupon_id=self.coupon_id, draft=draft, edit=edit)
