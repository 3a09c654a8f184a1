"""/api/cart/hand-over and /api/cart/expert: carts that experts put together for customers."""

from typing import Any, Final

import svcs

from backend.domains.checkout.advice_schemas import HandOverSchema
from backend.domains.checkout.cart_prices import PricedCart
from backend.domains.checkout.handing_over import CartHandOver, HandOver
from backend.domains.checkout.owners import CartOwners
from backend.domains.checkout.schemas import CartSchema
from backend.domains.checkout.service import CartService
from backend.infra.clock import Clock
from backend.web.api import Blueprint
from backend.web.auth import Role, caller_id, requires, signed_in
from backend.web.idempotency import idempotent

advice: Final = Blueprint(
    "advice", __name__, url_prefix="/api/cart", description="Carts that experts put together for customers"
)


@advice.post("/hand-over")
@requires(Role.EXPERT)
@idempotent(caller_id)
@advice.arguments(HandOverSchema)
@advice.response(200, CartSchema)
@advice.alt_response(404, description="No such customer")
@advice.alt_response(409, description="There is nothing in the expert's cart")
def hand_over(wish: HandOver) -> PricedCart:
    """Expert: add what is in your cart, codes too, to a customer's; yours is empty then.

    The customer sees who advised them and the note, and pays when they like.
    """
    return svcs.flask.get(CartHandOver).hand_over(expert_id=caller_id(), wish=wish, now=_now())


@advice.delete("/expert")
@signed_in
@advice.response(200, CartSchema)
def drop_advice() -> PricedCart:
    """Keep what is in the cart, and let no expert be credited for it."""
    carts = svcs.flask.get(CartService)
    owner = carts.adopt(svcs.flask.get(CartOwners).of_request(), now=_now())
    return carts.drop_advice(owner=owner, now=_now())


def _now() -> Any:
    return svcs.flask.get_abstract(Clock).now()
