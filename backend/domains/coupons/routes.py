"""/api/coupons: what staff offer, what a customer may use, and what it does for a basket."""

from typing import Any, Final

import svcs

from backend.domains.coupons.editing import CouponEditing
from backend.domains.coupons.entities import Coupon, CouponDraft
from backend.domains.coupons.presentation import shown_to_staff
from backend.domains.coupons.service import CouponService
from backend.domains.coupons.staff_schemas import CouponDraftSchema, CouponPageSchema, CouponSchema
from backend.infra.clock import Clock
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, requires
from backend.web.etags import IF_MATCH, etag_of, this_edit
from backend.web.idempotency import idempotent
from backend.web.pagination import Page, PageArgs, id_behind, page_of

blueprint: Final = Blueprint(
    "coupons", __name__, url_prefix="/api/coupons", description="Coupons: offering them and using them"
)

_Tagged = tuple[dict[str, Any], dict[str, str]]


@blueprint.get("")
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, CouponPageSchema)
@requires(Role.SUPPORT, Role.ANALYST)
def list_coupons(asked: dict[str, Any]) -> Page[dict[str, Any]]:
    """Staff: all coupons with how much of them is used, newest first, retired ones too."""
    limit = asked["limit"]
    found = svcs.flask.get(CouponService).page(after=id_behind(asked["cursor"]), limit=limit + 1)
    return page_of(_shown(found), limit=limit, key=lambda coupon: [coupon["id"]])


@blueprint.get("/<coupon_id>")
@blueprint.response(200, CouponSchema)
@blueprint.alt_response(404, description="No such coupon")
@requires(Role.SUPPORT, Role.ANALYST)
def get_coupon(coupon_id: str) -> _Tagged:
    """Staff: one coupon, with its ETag."""
    return _tagged(svcs.flask.get(CouponService).coupon(coupon_id=coupon_id))


@blueprint.post("")
@idempotent(caller_id)
@blueprint.arguments(CouponDraftSchema)
@blueprint.response(201, CouponSchema)
@blueprint.alt_response(409, description="The code is taken")
@requires(Role.SUPPORT)
def create_coupon(draft: CouponDraft) -> _Tagged:
    """Staff: offer a coupon."""
    return _tagged(svcs.flask.get(CouponEditing).create(draft=draft, actor_id=caller_id()))


@blueprint.put("/<coupon_id>")
@blueprint.doc(**IF_MATCH)
@blueprint.arguments(CouponDraftSchema)
@blueprint.response(200, CouponSchema)
@blueprint.alt_response(404, description="No such coupon")
@blueprint.alt_response(412, description="Changed since it was read")
@requires(Role.SUPPORT)
def change_coupon(draft: CouponDraft, coupon_id: str) -> _Tagged:
    """Staff: replace all of a coupon. Limits cannot go below what is used."""
    editing = svcs.flask.get(CouponEditing)
    return _tagged(editing.change(coupon_id=coupon_id, draft=draft, edit=this_edit()))


@blueprint.delete("/<coupon_id>")
@blueprint.doc(**IF_MATCH)
@blueprint.response(204)
@blueprint.alt_response(404, description="No such coupon")
@blueprint.alt_response(412, description="Changed since it was read")
@requires(Role.SUPPORT)
def retire_coupon(coupon_id: str) -> None:
    """Staff: retire a coupon. Quotes given with it are honoured."""
    svcs.flask.get(CouponEditing).retire(coupon_id=coupon_id, edit=this_edit())


def _shown(coupons: list[Coupon]) -> list[dict[str, Any]]:
    now = svcs.flask.get_abstract(Clock).now()
    counted = svcs.flask.get(CouponService).counted(coupons, customer_id=None, now=now)
    return [shown_to_staff(one) for one in counted]


def _tagged(coupon: Coupon) -> _Tagged:
    return _shown([coupon])[0], {"ETag": etag_of(coupon.version)}
