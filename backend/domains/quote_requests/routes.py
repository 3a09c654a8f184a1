"""/api/quote-requests: a price of one's own, asked of the provider."""

from typing import Any, Final

import svcs

from backend.domains.pricing.quote_schemas import QuoteSchema
from backend.domains.pricing.service import Quote
from backend.domains.quote_requests.models import QuoteRequest
from backend.domains.quote_requests.schemas import (
    QuoteDeclineSchema,
    QuoteOfferSchema,
    QuoteRequestAnswerSchema,
    QuoteRequestNewSchema,
    QuoteRequestPageSchema,
)
from backend.domains.quote_requests.service import QuoteRequests
from backend.web.api import Blueprint
from backend.web.auth import caller_id, signed_in
from backend.web.clock import time_now
from backend.web.idempotency import idempotent
from backend.web.pagination import Page, PageArgs, id_behind, page_of

blueprint: Final = Blueprint(
    "quote-requests", __name__, url_prefix="/api/quote-requests", description="Prices asked of providers"
)


@blueprint.post("")
@signed_in
@idempotent(caller_id)
@blueprint.arguments(QuoteRequestNewSchema)
@blueprint.response(201, QuoteRequestAnswerSchema)
@blueprint.alt_response(404, description="There is no such slot")
@blueprint.alt_response(409, description="The slot is not offered, or was asked for already")
def ask(asked: dict[str, Any]) -> QuoteRequest:
    """Ask the provider of a slot for a price, saying what is special."""
    return _requests().ask(user_id=caller_id(), now=time_now(), **asked)


@blueprint.get("")
@signed_in
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, QuoteRequestPageSchema)
def list_asked(asked: dict[str, Any]) -> Page[QuoteRequest]:
    """What the caller asked, newest first."""
    found = _requests().of_user(user_id=caller_id(), **_paged(asked))
    return page_of(found, limit=asked["limit"], key=lambda one: [one.id])


@blueprint.get("/received")
@signed_in
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, QuoteRequestPageSchema)
def list_received(asked: dict[str, Any]) -> Page[QuoteRequest]:
    """What the providers were asked that the caller acts for, newest first."""
    found = _requests().of_provider(user_id=caller_id(), **_paged(asked))
    return page_of(found, limit=asked["limit"], key=lambda one: [one.id])


@blueprint.post("/<request_id>/offer")
@signed_in
@blueprint.arguments(QuoteOfferSchema)
@blueprint.response(200, QuoteRequestAnswerSchema)
@blueprint.alt_response(404, description="No such request to a provider of the caller")
@blueprint.alt_response(409, description="It is accepted, declined or withdrawn")
def offer(asked: dict[str, Any], request_id: str) -> QuoteRequest:
    """The provider: offer a price, or another one."""
    return _requests().offer(request_id=request_id, user_id=caller_id(), now=time_now(), **asked)


@blueprint.post("/<request_id>/decline")
@signed_in
@blueprint.arguments(QuoteDeclineSchema)
@blueprint.response(200, QuoteRequestAnswerSchema)
@blueprint.alt_response(404, description="No such request to a provider of the caller")
@blueprint.alt_response(409, description="It is accepted, declined or withdrawn")
def decline(asked: dict[str, Any], request_id: str) -> QuoteRequest:
    """The provider: say no."""
    return _requests().decline(request_id=request_id, user_id=caller_id(), now=time_now(), **asked)


@blueprint.post("/<request_id>/accept")
@signed_in
@blueprint.response(200, QuoteSchema)
@blueprint.alt_response(404, description="No such request of the caller")
@blueprint.alt_response(409, description="There is no offer to accept, or the slot is gone")
@blueprint.alt_response(410, description="The offer's time is over")
def accept(request_id: str) -> Quote:
    """The customer: accept the offer. The quote is booked with POST /api/bookings."""
    return _requests().accept(request_id=request_id, user_id=caller_id(), now=time_now())


@blueprint.delete("/<request_id>")
@signed_in
@blueprint.response(200, QuoteRequestAnswerSchema)
@blueprint.alt_response(404, description="No such request of the caller")
@blueprint.alt_response(409, description="It is accepted, declined or withdrawn")
def withdraw(request_id: str) -> QuoteRequest:
    """The customer: withdraw the request."""
    return _requests().withdraw(request_id=request_id, user_id=caller_id(), now=time_now())


def _requests() -> QuoteRequests:
    return svcs.flask.get(QuoteRequests)


def _paged(asked: dict[str, Any]) -> dict[str, Any]:
    return {"older_than": id_behind(asked["cursor"]), "limit": asked["limit"] + 1}
