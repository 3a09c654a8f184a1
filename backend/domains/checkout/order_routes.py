"""/api/orders: what was ordered, and what becomes of it."""

from typing import Any, Final

import svcs

from backend.domains.bookings.acting import acting
from backend.domains.checkout.order_schemas import (
    OrderHistorySchema,
    OrderListArgs,
    OrderPageSchema,
    OrderSchema,
    ReturnSchema,
    ShipSchema,
)
from backend.domains.checkout.orders import OrderService, OrderView
from backend.web.api import Blueprint
from backend.web.auth import signed_in
from backend.web.clock import time_now
from backend.web.etags import MAYBE_IF_MATCH, etag_of, seen_version
from backend.web.pagination import Page, id_behind, page_of

orders: Final = Blueprint(
    "orders", __name__, url_prefix="/api/orders", description="Orders, from the checkout to the door"
)

_Tagged = tuple[OrderView, dict[str, str]]


@orders.get("")
@signed_in
@orders.arguments(OrderListArgs, location="query")
@orders.response(200, OrderPageSchema)
@orders.alt_response(404, description="No user whose orders the caller may see")
def list_orders(asked: dict[str, Any]) -> Page[OrderView]:
    """The caller's orders, newest first. Staff: those of `user`, or of all customers."""
    actor, limit = acting(), asked["limit"]
    everybodys = None if actor.is_staff else actor.user_id
    found = _orders().orders(
        user_id=asked["user"] or everybodys,
        actor=actor,
        state=asked["state"],
        older_than=id_behind(asked["cursor"]),
        limit=limit + 1,
    )
    return page_of(found, limit=limit, key=lambda view: [view.order.id])


@orders.get("/<order_id>")
@signed_in
@orders.response(200, OrderSchema)
@orders.alt_response(404, description="No such order among those the caller may see")
def read_order(order_id: str) -> _Tagged:
    """One order, for its customer and staff."""
    return _tagged(_orders().order(order_id=order_id, actor=acting()))


@orders.get("/<order_id>/history")
@signed_in
@orders.response(200, OrderHistorySchema)
@orders.alt_response(404, description="No such order among those the caller may see")
def read_order_history(order_id: str) -> Page[Any]:
    """What happened to an order, oldest first."""
    return Page(_orders().history(order_id=order_id, actor=acting()), None)


@orders.delete("/<order_id>")
@orders.doc(**MAYBE_IF_MATCH)
@signed_in
@orders.response(200, OrderSchema)
@orders.alt_response(404, description="No such order among those the caller may see")
@orders.alt_response(409, description="It is shipped, cancelled or over already")
@orders.alt_response(412, description="If-Match names another version than the newest")
def cancel_order(order_id: str) -> _Tagged:
    """Cancel an order until it is shipped (staff: until it is delivered). All it took comes back."""
    service = _orders()
    return _tagged(service.cancel(order_id=order_id, actor=acting(), version=seen_version(), now=time_now()))


@orders.post("/<order_id>/ship")
@signed_in
@orders.arguments(ShipSchema)
@orders.response(200, OrderSchema)
@orders.alt_response(403, description="Only staff can do this")
@orders.alt_response(409, description="There is nothing to ship, or it was shipped")
def ship_order(asked: dict[str, Any], order_id: str) -> _Tagged:
    """The parcel is under way (staff)."""
    return _tagged(_orders().ship(order_id=order_id, actor=acting(), now=time_now(), **asked))


@orders.post("/<order_id>/deliver")
@signed_in
@orders.response(200, OrderSchema)
@orders.alt_response(403, description="Only staff can do this")
@orders.alt_response(409, description="It was not shipped, or is over already")
def deliver_order(order_id: str) -> _Tagged:
    """The customer has it (staff)."""
    return _tagged(_orders().deliver(order_id=order_id, actor=acting(), now=time_now()))


@orders.post("/<order_id>/return")
@signed_in
@orders.arguments(ReturnSchema)
@orders.response(200, OrderSchema)
@orders.alt_response(403, description="Only staff can do this")
@orders.alt_response(409, description="It was not delivered")
def return_order(asked: dict[str, Any], order_id: str) -> _Tagged:
    """All goods came back (staff)."""
    return _tagged(_orders().take_back(order_id=order_id, actor=acting(), now=time_now(), **asked))


def _tagged(view: OrderView) -> _Tagged:
    return view, {"ETag": etag_of(view.order.version)}


def _orders() -> OrderService:
    return svcs.flask.get(OrderService)
