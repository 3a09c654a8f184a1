"""/api/cart: what somebody means to buy, priced at every step, and the checkout.

A cart itself is in Redis: but for the checkout its views only read what PostgreSQL has.
"""

from typing import Any, Final

import svcs
from flask import request

from backend.domains.availability.slot_ids import parse_slot_id
from backend.domains.checkout.cart_prices import PricedCart
from backend.domains.checkout.carts import CartOwner
from backend.domains.checkout.order_schemas import CheckoutSchema, PlacedOrderSchema
from backend.domains.checkout.orders import OrderView
from backend.domains.checkout.owners import HEADER, CartOwners
from backend.domains.checkout.placing import Checkout, CheckoutWish
from backend.domains.checkout.schemas import (
    CartAddSchema,
    CartCodesSchema,
    CartOptionsSchema,
    CartSchema,
    CartUpdateSchema,
)
from backend.domains.checkout.service import CartService
from backend.domains.payments.answering import opens_payment
from backend.infra.event_buffer import Sightings
from backend.web.api import Blueprint
from backend.web.app import only_reads
from backend.web.auth import caller_id, optional_caller_id, signed_in
from backend.web.clock import time_now
from backend.web.etags import etag_of
from backend.web.idempotency import idempotent
from backend.web.limits import CodeGuesses

blueprint: Final = Blueprint(
    "cart", __name__, url_prefix="/api/cart", description="Carts, and how they become orders"
)

_Tagged = tuple[PricedCart, dict[str, str]]


@blueprint.get("")
@blueprint.response(200, CartSchema)
@only_reads
def read_cart() -> _Tagged:
    """The caller's cart at today's prices: the user's, or that of `X-Cart-Id` or its cookie."""
    return _tagged(_carts().view(owner=_owner(), now=time_now()))


@blueprint.post("/add")
@blueprint.arguments(CartAddSchema)
@blueprint.response(200, CartSchema)
@blueprint.alt_response(404, description="No such product or slot, or no such bargain of the caller")
@blueprint.alt_response(409, description="It cannot be had, not in this number, or the cart is full")
@blueprint.alt_response(410, description="The price that was bargained for has run out")
@only_reads
def add_item(asked: dict[str, Any]) -> _Tagged:
    """Put a product, a slot, or what you bargained for in.

    The same product again adds up; the same slot again changes its party. What was bargained for takes the
    place of the same at its usual price, in the number that was bargained for.
    """
    bargain_id = asked.pop("bargain_id")
    if bargain_id is not None:
        return _tagged(_carts().add_deal(owner=_owner(), bargain_id=bargain_id, now=time_now()))
    found = _tagged(_carts().add(owner=_owner(), now=time_now(), **asked))
    _note_added(**asked)
    return found


@blueprint.put("/update")
@blueprint.arguments(CartUpdateSchema)
@blueprint.response(200, CartSchema)
@blueprint.alt_response(404, description="No such item in the cart")
@blueprint.alt_response(409, description="So many cannot be had, or another number was bargained for")
@only_reads
def update_item(asked: dict[str, Any]) -> _Tagged:
    """Change the quantity of a product, or the party at a slot."""
    return _tagged(_carts().update(owner=_owner(), now=time_now(), **asked))


@blueprint.delete("/remove/<item_id>")
@blueprint.response(200, CartSchema)
@blueprint.alt_response(404, description="No such item in the cart")
@only_reads
def remove_item(item_id: str) -> _Tagged:
    """Take an item out."""
    return _tagged(_carts().remove(owner=_owner(), item_id=item_id, now=time_now()))


@blueprint.delete("/clear")
@blueprint.response(200, CartSchema)
@only_reads
def clear() -> _Tagged:
    """Take everything out, coupons too."""
    return _tagged(_carts().clear(owner=_owner(), now=time_now()))


@blueprint.post("/clear")
@blueprint.response(200, CartSchema)
@only_reads
def clear_by_post() -> _Tagged:
    """The same, for clients that cannot send DELETE."""
    return _tagged(_carts().clear(owner=_owner(), now=time_now()))


@blueprint.put("/coupons")
@blueprint.arguments(CartCodesSchema)
@blueprint.response(200, CartSchema)
@blueprint.alt_response(429, description="Too many unknown codes")
@only_reads
def set_coupons(asked: dict[str, Any]) -> _Tagged:
    """Use these codes. Which of them apply together, and why others do not, is in `coupons`."""
    codes, who = asked["codes"], (optional_caller_id(), request.remote_addr or "")
    guesses = svcs.flask.get(CodeGuesses)
    guesses.begin(len(codes), who=who)
    priced = _carts().set_codes(owner=_owner(), codes=codes, now=time_now())
    guesses.forgive(len(codes) - priced.unknown_codes, who=who)
    return _tagged(priced)


@blueprint.delete("/coupons/<code>")
@blueprint.response(200, CartSchema)
@blueprint.alt_response(404, description="The code is not in the cart")
@only_reads
def remove_coupon(code: str) -> _Tagged:
    """Do not use a code any more."""
    return _tagged(_carts().remove_code(owner=_owner(), code=code, now=time_now()))


@blueprint.put("/options")
@blueprint.arguments(CartOptionsSchema)
@blueprint.response(200, CartSchema)
@only_reads
def choose_options(asked: dict[str, Any]) -> _Tagged:
    """Choose how it is delivered and paid, in which currency, and to which country it goes."""
    return _tagged(_carts().choose(owner=_owner(), now=time_now(), **asked))


@blueprint.post("/checkout")
@signed_in
@opens_payment
@idempotent(caller_id)
@blueprint.arguments(CheckoutSchema)
@blueprint.response(201, PlacedOrderSchema)
@blueprint.alt_response(403, description="The quote was made for another user")
@blueprint.alt_response(409, description="Something cannot be had, the price is higher, or it was ordered")
@blueprint.alt_response(410, description="The quote, or a price that was bargained for, has expired")
def checkout(wish: CheckoutWish) -> tuple[OrderView, dict[str, str]]:
    """Order what is in the cart, all or nothing. Send an `Idempotency-Key` to be able to repeat it.

    By card, the order waits for its `payment`: pay it with its `client_secret`.
    """
    placing = svcs.flask.get(Checkout)
    placed = placing.place(owner=_owner(), user_id=caller_id(), wish=wish, now=time_now())
    return placed, {"ETag": etag_of(placed.order.version), "Location": f"/api/orders/{placed.order.id}"}


def _note_added(*, product_id: str | None, slot_id: str | None, **_: Any) -> None:
    """Tell the behaviour log what was put in."""
    slot = parse_slot_id(slot_id or "")
    product_id = product_id or (slot and slot[0])
    if product_id:
        svcs.flask.get(Sightings).note(
            name="cart.added",
            product_id=product_id,
            user_id=optional_caller_id(),
            visitor=request.remote_addr or "",
            now=time_now(),
        )


def _owner() -> CartOwner:
    """Whose cart it is; what they had in it as a visitor is added."""
    return _carts().adopt(svcs.flask.get(CartOwners).of_request(), now=time_now())


def _tagged(cart: PricedCart) -> _Tagged:
    return cart, {HEADER: cart.contents.id}


def _carts() -> CartService:
    return svcs.flask.get(CartService)
