"""/api/bargain: a price of one's own, haggled out in a few minutes."""

from typing import Any, Final

import svcs
from flask import request

from backend.domains.bargain.schemas import (
    BargainAnswerSchema,
    BargainOfferSchema,
    BargainPageSchema,
    BargainSessionSchema,
    BargainStartSchema,
    BargainStrategySchema,
    Shown,
)
from backend.domains.bargain.service import Bargains
from backend.domains.bargain.starting import BargainStart
from backend.domains.bargain.strategies import Strategies, StrategySet
from backend.kernel.errors import DeniedError
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, is_staff, requires, signed_in
from backend.web.clock import time_now
from backend.web.etags import IF_MATCH, etag_of, this_edit
from backend.web.idempotency import idempotent
from backend.web.limits import address_block
from backend.web.pagination import Page, PageArgs, id_behind, page_of

blueprint: Final = Blueprint(
    "bargain", __name__, url_prefix="/api/bargain", description="Prices that are haggled out"
)
LANGUAGES: Final = ("en", "fr", "de")

_Tagged = tuple[StrategySet, dict[str, str]]


@blueprint.post("/start")
@signed_in
@idempotent(caller_id)
@blueprint.arguments(BargainStartSchema)
@blueprint.response(201, BargainSessionSchema)
@blueprint.alt_response(
    200, description="The bargain over it that was open already", schema=BargainSessionSchema
)
@blueprint.alt_response(404, description="There is no such product or slot")
@blueprint.alt_response(409, description="Its price is final, or it cannot be bought")
@blueprint.alt_response(429, description="Too many bargains lately")
def start(asked: dict[str, Any]) -> tuple[Shown, int]:
    """Begin to bargain over a product or a slot, or go on with what was begun."""
    now = time_now()
    found, is_new = svcs.flask.get(BargainStart).start(
        user_id=caller_id(),
        item=asked["item"],
        strategy=_tried(asked["strategy"]),
        address=address_block(request.remote_addr or ""),
        now=now,
    )
    return Shown(found, now), 201 if is_new else 200


@blueprint.post("/offer")
@signed_in
@idempotent(caller_id)
@blueprint.arguments(BargainOfferSchema)
@blueprint.response(200, BargainAnswerSchema)
@blueprint.alt_response(404, description="No such bargain of the caller")
@blueprint.alt_response(409, description="No more than the last offer, no attempt left, or it has ended")
def offer(asked: dict[str, Any]) -> Shown:
    """Offer a price. It is accepted, countered or refused; more than the list price counts as that."""
    now = time_now()
    found = _bargains().offer(
        session_id=asked["session_id"],
        user_id=caller_id(),
        price=asked["price"],
        said=asked["message"],
        language=request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0],
        now=now,
    )
    return Shown(found, now)


@blueprint.post("/accept-counter/<session_id>")
@signed_in
@idempotent(caller_id)
@blueprint.response(200, BargainSessionSchema)
@blueprint.alt_response(404, description="No such bargain of the caller")
@blueprint.alt_response(409, description="There is no counter-offer, or it was left")
@blueprint.alt_response(410, description="Its time is over")
def accept_counter(session_id: str) -> Shown:
    """Accept the standing counter-offer. Accepting again answers the same deal."""
    now = time_now()
    return Shown(_bargains().accept_counter(session_id=session_id, user_id=caller_id(), now=now), now)


@blueprint.get("/session/<session_id>")
@signed_in
@blueprint.response(200, BargainSessionSchema)
@blueprint.alt_response(404, description="No such bargain of the caller")
def get_session(session_id: str) -> Shown:
    """A bargain as it stands; to be asked again and again where no stream can be read."""
    now = time_now()
    return Shown(_bargains().view(session_id=session_id, user_id=caller_id(), now=now), now)


@blueprint.delete("/session/<session_id>")
@signed_in
@blueprint.response(200, BargainSessionSchema)
@blueprint.alt_response(404, description="No such bargain of the caller")
def abandon(session_id: str) -> Shown:
    """Leave a bargain. One that has ended stays as it ended."""
    now = time_now()
    return Shown(_bargains().abandon(session_id=session_id, user_id=caller_id(), now=now), now)


@blueprint.get("/history")
@signed_in
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, BargainPageSchema)
def history(asked: dict[str, Any]) -> Page[Shown]:
    """The caller's bargains, newest first."""
    now, limit = time_now(), asked["limit"]
    older_than = id_behind(asked["cursor"])
    found = _bargains().history(user_id=caller_id(), older_than=older_than, limit=limit + 1, now=now)
    return page_of([Shown(one, now) for one in found], limit=limit, key=lambda one: [one.view.id])


@blueprint.get("/strategies/<product_id>")
@requires(Role.RULE_EDITOR, Role.ANALYST, Role.SUPPORT)
@blueprint.response(200, BargainStrategySchema)
@blueprint.alt_response(404, description="No such product")
def get_strategy(product_id: str) -> _Tagged:
    """Staff: the strategy that is set for a product; null where rules choose."""
    return _tagged(svcs.flask.get(Strategies).of(product_id=product_id))


@blueprint.put("/strategies/<product_id>")
@requires(Role.RULE_EDITOR)
@blueprint.doc(**IF_MATCH)
@blueprint.arguments(BargainStrategySchema)
@blueprint.response(200, BargainStrategySchema)
@blueprint.alt_response(404, description="No such product")
@blueprint.alt_response(412, description="Changed since it was read")
def set_strategy(asked: dict[str, str | None], product_id: str) -> _Tagged:
    """Staff: set the strategy of a product, before rules are asked; it counts from the next bargain on."""
    strategies = svcs.flask.get(Strategies)
    return _tagged(strategies.set(product_id=product_id, edit=this_edit(), now=time_now(), **asked))


def _tagged(found: StrategySet) -> _Tagged:
    return found, {"ETag": etag_of(found.version)}


def _bargains() -> Bargains:
    return svcs.flask.get(Bargains)


def _tried(strategy: str | None) -> str | None:
    """The strategy that somebody of the staff tries. DeniedError for others."""
    if strategy is not None and not is_staff():
        raise DeniedError("Which strategy is used is for staff to say; leave strategy out.")
    return strategy
