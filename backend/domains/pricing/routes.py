"""POST /api/quotes: what something costs, line by line, promised for a while."""

from typing import Any

import svcs

from backend.domains.pricing.desk import QuoteDesk
from backend.domains.pricing.order_quotes import OrderQuote
from backend.domains.pricing.quote_schemas import QuoteRequestSchema, QuoteSchema
from backend.domains.pricing.service import Quote
from backend.domains.pricing.wanted import Wanted
from backend.web.api import Blueprint
from backend.web.auth import optional_caller_id
from backend.web.clock import time_now

blueprint = Blueprint("quotes", __name__, url_prefix="/api/quotes", description="Prices, explained.")


@blueprint.route("", methods=["POST"])
@blueprint.arguments(QuoteRequestSchema)
@blueprint.response(201, QuoteSchema)
@blueprint.alt_response(409, description="A rule refuses to sell it, or the slot is not offered.")
def make_quote(asked: dict[str, Any]) -> Quote | OrderQuote:
    """Price a slot, or an order of several things: lines, total, the rules that fired and nearly fired.

    With it comes a token: that of one slot is for POST /api/bookings, that of an order for
    POST /api/cart/checkout. Visitors may ask; a quote for a signed-in user takes their loyalty tier
    into account and is theirs alone.
    """
    wanted = Wanted(user_id=optional_caller_id(), **asked)
    now = time_now()
    return svcs.flask.get(QuoteDesk).make(wanted=wanted, now=now)
