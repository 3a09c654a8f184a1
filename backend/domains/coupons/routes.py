"""/api/coupons: what staff offer, what a customer may use, and what it does for a basket."""

from typing import Any, Final

import svcs
from flask import request

from backend.domains.coupons.advice import CouponAdvice, Verdict
from backend.domains.coupons.baskets import Baskets, Item
from backend.domains.coupons.editing import CouponEditing
from backend.domains.coupons.eligibility import Basket
from backend.domains.coupons.entities import Coupon, CouponDraft
from backend.domains.coupons.presentation import combination_of, past_uses, shown, shown_to_staff, verdict_of
from backend.domains.coupons.schemas import (
    CouponApplySchema,
    CouponCombinationSchema,
    CouponHistorySchema,
    CouponValidateSchema,
    CouponVerdictSchema,
    OfferedCouponsSchema,
    OfferedQuerySchema,
)
from backend.domains.coupons.service import CouponService
from backend.domains.coupons.staff_schemas import CouponDraftSchema, CouponPageSchema, CouponSchema
from backend.kernel.money import Money
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, optional_caller_id, requires, signed_in
from backend.web.clock import time_now
from backend.web.etags import IF_MATCH, etag_of, this_edit
from backend.web.idempotency import idempotent
from backend.web.limits import CodeGuesses
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
    found = _coupons().page(after=id_behind(asked["cursor"]), limit=limit + 1)
    return page_of(_shown(found), limit=limit, key=lambda coupon: [coupon["id"]])


@blueprint.get("/<coupon_id>")
@blueprint.response(200, CouponSchema)
@blueprint.alt_response(404, description="No such coupon")
@requires(Role.SUPPORT, Role.ANALYST)
def get_coupon(coupon_id: str) -> _Tagged:
    """Staff: one coupon, with its ETag."""
    return _tagged(_coupons().coupon(coupon_id=coupon_id))


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


@blueprint.get("/available")
@blueprint.arguments(OfferedQuerySchema, location="query")
@blueprint.response(200, OfferedCouponsSchema)
def list_available(asked: dict[str, Any]) -> dict[str, Any]:
    """Coupons that the caller may use now: public ones and the caller's own; for products, the best first."""
    items = [Item(product_id=product_id) for product_id in asked["product_id"]]
    return {"items": _offered_for(items) if items else _offered(), "next": None}


@blueprint.get("/user")
@signed_in
@blueprint.response(200, OfferedCouponsSchema)
def list_own() -> dict[str, Any]:
    """Coupons that are the caller's alone or were used by the caller, newest first."""
    return {"items": _counted(_coupons().of_user(user_id=caller_id())), "next": None}


@blueprint.get("/history")
@signed_in
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, CouponHistorySchema)
def list_history(asked: dict[str, Any]) -> Page[dict[str, Any]]:
    """The caller's uses of coupons, newest first, without those that were given back."""
    after, limit = id_behind(asked["cursor"]), asked["limit"]
    found = _coupons().history(user_id=caller_id(), after=after, limit=limit + 1)
    return page_of(past_uses(found), limit=limit, key=lambda use: [use["id"]])


@blueprint.post("/validate")
@blueprint.arguments(CouponValidateSchema)
@blueprint.response(200, CouponVerdictSchema)
@blueprint.alt_response(404, description="No such product")
@blueprint.alt_response(429, description="Too many unknown codes")
def validate(asked: dict[str, Any]) -> dict[str, Any]:
    """Whether a code is good for a basket, every reason why not, and which coupons would save more."""
    return verdict_of(_verdict([asked.pop("code")], **asked))


@blueprint.post("/apply")
@blueprint.arguments(CouponApplySchema)
@blueprint.response(200, CouponCombinationSchema)
@blueprint.alt_response(404, description="No such product")
@blueprint.alt_response(429, description="Too many unknown codes")
def apply(asked: dict[str, Any]) -> dict[str, Any]:
    """What several codes do for a basket: the best combination that the rules allow. Nothing is used yet."""
    return combination_of(_verdict(asked.pop("codes"), **asked))


def _verdict(codes: list[str], *, items: list[Item], shipping: Money | None) -> Verdict:
    """What the codes do; those that nobody offers count as guesses."""
    basket = _basket(items, shipping)
    who = basket.shopper.user_id, request.remote_addr or ""
    guesses = svcs.flask.get(CodeGuesses)
    guesses.begin(len(codes), who=who)
    verdict = svcs.flask.get(CouponAdvice).verdict(codes=codes, basket=basket)
    guesses.forgive(len(codes) - verdict.unknown, who=who)
    return verdict


def _basket(items: list[Item], shipping: Money | None) -> Basket:
    baskets, user_id = svcs.flask.get(Baskets), optional_caller_id()
    if not items:
        return baskets.of_cart(user_id=user_id, now=time_now())
    return baskets.of_items(items, shipping=shipping, user_id=user_id, now=time_now())


def _offered() -> list[dict[str, Any]]:
    return _counted(_coupons().offered_to(user_id=optional_caller_id(), now=time_now()))


def _offered_for(items: list[Item]) -> list[dict[str, Any]]:
    found = svcs.flask.get(CouponAdvice).offered(_basket(items, None))
    counted = _coupons().counted(
        [one.coupon for one in found], customer_id=optional_caller_id(), now=time_now()
    )
    return [shown(*pair) for pair in zip(counted, found, strict=True)]


def _counted(coupons: list[Coupon]) -> list[dict[str, Any]]:
    counted = _coupons().counted(coupons, customer_id=optional_caller_id(), now=time_now())
    return [shown(one) for one in counted]


def _coupons() -> CouponService:
    return svcs.flask.get(CouponService)


def _shown(coupons: list[Coupon]) -> list[dict[str, Any]]:
    counted = _coupons().counted(coupons, customer_id=None, now=time_now())
    return [shown_to_staff(one) for one in counted]


def _tagged(coupon: Coupon) -> _Tagged:
    return _shown([coupon])[0], {"ETag": etag_of(coupon.version)}
