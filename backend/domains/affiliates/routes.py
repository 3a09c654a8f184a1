"""/api/affiliate: links to what partners sell. Only addresses that staff wrote at a product are led to."""

from typing import Final

import svcs
from flask import Response, redirect, request

from backend.domains.affiliates.schemas import LinkSchema, LinkWantedSchema
from backend.domains.affiliates.service import AffiliateLinks, Link
from backend.kernel.errors import UnauthenticatedError
from backend.web.api import Blueprint
from backend.web.auth import optional_caller_id
from backend.web.clock import time_now

blueprint: Final = Blueprint(
    "affiliate", __name__, url_prefix="/api/affiliate", description="Links to what partners sell"
)


@blueprint.post("/links")
@blueprint.arguments(LinkWantedSchema)
@blueprint.response(201, LinkSchema)
@blueprint.alt_response(404, description="No such product")
@blueprint.alt_response(409, description="No partner sells it")
def make_link(wanted: dict[str, str]) -> Link:
    """Make a link to an external product, for whoever asks. Nothing is charged, here or later."""
    now = time_now()
    links = svcs.flask.get(AffiliateLinks)
    return links.issue(product_id=wanted["product_id"], user_id=optional_caller_id(), order_id=None, now=now)


@blueprint.get("/go/<link_id>")
@blueprint.doc(responses={"302": {"description": "On to the partner's page"}})
@blueprint.alt_response(404, description="No such link")
def follow_link(link_id: str) -> Response:
    """Go to the partner's page. That the link was followed is noted, without the visitor's address."""
    url = svcs.flask.get(AffiliateLinks).follow(
        link_id=link_id,
        user_id=_clicker(),
        address=request.remote_addr or "",
        now=time_now(),
    )
    onward = redirect(url, 302)
    onward.headers["Cache-Control"] = "no-store"
    return onward  # type: ignore[return-value]


def _clicker() -> str | None:
    """Who is signed in; browsers send cookies that have expired, and are let through like visitors."""
    try:
        return optional_caller_id()
    except UnauthenticatedError:
        return None
