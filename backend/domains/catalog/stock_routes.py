"""/api/products/{id}/stock."""

from typing import Any, Final

import svcs

from backend.domains.catalog.stock_keeping import StockKeeping, StockLevel
from backend.domains.catalog.stock_models import StockMovementRow
from backend.domains.catalog.stock_schemas import (
    StockChangeSchema,
    StockLevelSchema,
    StockMovementPageSchema,
)
from backend.kernel.roles import STAFF, Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, requires
from backend.web.idempotency import idempotent
from backend.web.pagination import Page, PageArgs, number_behind, page_of

stock: Final = Blueprint(
    "stock", __name__, url_prefix="/api/products", description="How many units there are, and why"
)


@stock.get("/<product_id>/stock")
@stock.response(200, StockLevelSchema)
@stock.alt_response(404, description="No such product, or none whose units are counted")
@requires(*STAFF)
def get_stock(product_id: str) -> StockLevel:
    """Staff: the units of a product."""
    return svcs.flask.get(StockKeeping).level(product_id=product_id)


@stock.post("/<product_id>/stock")
@idempotent(caller_id)
@stock.arguments(StockChangeSchema)
@stock.response(201, StockLevelSchema)
@stock.alt_response(404, description="No such product, or none whose units are counted")
@stock.alt_response(409, description="Fewer than are reserved")
@requires(Role.SUPPORT)
def change_stock(change: dict[str, Any], product_id: str) -> StockLevel:
    """Staff: receive units, or put their count right. A delta needs no If-Match: it is right whatever
    was sold meanwhile.
    """
    keeping, actor_id, reason = svcs.flask.get(StockKeeping), caller_id(), change["reason"]
    if "set" in change:
        return keeping.count(product_id=product_id, on_hand=change["set"], reason=reason, actor_id=actor_id)
    delta = change["delta"]
    if delta > 0:
        return keeping.receive(product_id=product_id, quantity=delta, reason=reason, actor_id=actor_id)
    return keeping.correct(product_id=product_id, delta=delta, reason=reason, actor_id=actor_id)


@stock.get("/<product_id>/stock/movements")
@stock.arguments(PageArgs, location="query")
@stock.response(200, StockMovementPageSchema)
@stock.alt_response(404, description="No such product, or none whose units are counted")
@requires(*STAFF)
def list_stock_movements(query: dict[str, Any], product_id: str) -> Page[StockMovementRow]:
    """Staff: every change of the units, newest first."""
    found = svcs.flask.get(StockKeeping).movements(
        product_id=product_id, before=number_behind(query["cursor"]), limit=query["limit"] + 1
    )
    return page_of(found, limit=query["limit"], key=lambda moved: [moved.number])
