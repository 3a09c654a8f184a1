"""/api/currency: exchange rates, conversions, and the rates that staff set."""

from typing import Any, Final

import svcs

from backend.domains.currency.models import CurrencyRateRow
from backend.domains.currency.overrides import RateOverrides
from backend.domains.currency.rates import Conversion
from backend.domains.currency.schemas import (
    ConversionSchema,
    ConvertArgs,
    OverrideArgs,
    RateHistoryArgs,
    RateHistorySchema,
    RatesArgs,
    RatesSchema,
    StoredRateSchema,
)
from backend.domains.currency.service import ExchangeRates
from backend.kernel.money import Money
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import STAFF, caller_id, requires
from backend.web.clock import time_now
from backend.web.idempotency import idempotent
from backend.web.pagination import Page, id_behind, page_of

blueprint: Final = Blueprint(
    "currency", __name__, url_prefix="/api/currency", description="Exchange rates and conversions"
)


@blueprint.get("/rates")
@blueprint.arguments(RatesArgs, location="query")
@blueprint.response(200, RatesSchema)
@blueprint.alt_response(409, description="There is no rate for the base at that time")
def list_rates(asked: dict[str, Any]) -> dict[str, Any]:
    """What one unit of `base` is worth in every other currency, now or at the instant `at`."""
    base, at = asked["base"], asked["at"] or time_now()
    return {"base": base, "at": at, "rates": svcs.flask.get(ExchangeRates).listed(base=base, at=at)}


@blueprint.get("/convert")
@blueprint.arguments(ConvertArgs, location="query")
@blueprint.response(200, ConversionSchema)
@blueprint.alt_response(409, description="There is no rate for one of the currencies, or it is too old")
def convert(asked: dict[str, Any]) -> Conversion:
    """An amount (in minor units) in another currency, now or at the instant `at`."""
    return svcs.flask.get(ExchangeRates).convert(
        money=Money(asked["amount"], asked["source"]),
        target=asked["target"],
        at=asked["at"] or time_now(),
    )


@blueprint.post("/rates")
@idempotent(caller_id)
@blueprint.arguments(OverrideArgs)
@blueprint.response(201, StoredRateSchema)
@blueprint.alt_response(409, description="Far from the present rate, and not confirmed")
@requires(Role.ADMIN)
def set_rate(asked: dict[str, Any]) -> CurrencyRateRow:
    """Say what one euro is worth from now on; it holds over every other rate until it is withdrawn."""
    return svcs.flask.get(RateOverrides).set(**asked, by=caller_id(), now=time_now())


@blueprint.delete("/rates/<rate_id>")
@blueprint.response(200, StoredRateSchema)
@blueprint.alt_response(404, description="No such rate")
@blueprint.alt_response(409, description="A rate of the feed, or one that was withdrawn before")
@requires(Role.ADMIN)
def withdraw_rate(rate_id: str) -> CurrencyRateRow:
    """Let a rate of staff hold no longer; it stays in the history."""
    return svcs.flask.get(RateOverrides).withdraw(rate_id=rate_id, by=caller_id(), now=time_now())


@blueprint.get("/rates/history")
@blueprint.arguments(RateHistoryArgs, location="query")
@blueprint.response(200, RateHistorySchema)
@requires(*STAFF)
def list_history(asked: dict[str, Any]) -> Page[CurrencyRateRow]:
    """What the feed and staff said about a currency, the newest first."""
    found = svcs.flask.get(RateOverrides).history(
        currency=asked["currency"], older_than=id_behind(asked["cursor"]), limit=asked["limit"] + 1
    )
    return page_of(found, limit=asked["limit"], key=lambda row: [row.id])
