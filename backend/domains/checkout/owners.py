"""Whose cart a request is about: the user's, or that of the visitor who shows its id.

A visitor's cart is known by the header `X-Cart-Id`, or by a signed cookie that no script can read.
"""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from flask import Response, after_this_request, request
from itsdangerous import BadSignature, URLSafeSerializer

from backend.domains.checkout.carts import CartOwner
from backend.kernel import ids
from backend.web.auth import optional_caller_id

HEADER: Final = "X-Cart-Id"
COOKIE: Final = "climbup_cart"


@dataclass(frozen=True)
class CartOwners:
    """Recognises the owners of carts, and lets browsers of visitors remember theirs.

    Who asks for an owner adds the visitor's cart to the user's (`CartService.adopt`): a browser forgets it
    with the next answer, unless that is an error.
    """

    secret: str
    remembered: timedelta
    secure: bool

    def of_request(self) -> CartOwner:
        """Who asks; a visitor without a cart gets the id of a new one. UnauthenticatedError."""
        user_id, shown = optional_caller_id(), self._shown()
        if user_id is not None:
            after_this_request(self._forget)
            return CartOwner(user_id, shown)
        cart_id = shown or ids.new_secret_id(ids.CART)

        def remember(response: Response) -> Response:
            if not _is_well(response):
                return response
            response.set_cookie(
                COOKIE,
                self._signer().dumps(cart_id),
                max_age=self.remembered,
                path="/api",
                httponly=True,
                secure=self.secure,
                samesite="Lax",
            )
            return response

        after_this_request(remember)
        return CartOwner(None, cart_id)

    def _shown(self) -> str | None:
        """The id that the request shows, if it has the shape of one and a cookie is of ours."""
        cookie = request.cookies.get(COOKIE, "")
        try:
            shown = request.headers.get(HEADER) or self._signer().loads(cookie)
        except BadSignature:
            return None
        return shown if isinstance(shown, str) and ids.is_id(shown, ids.CART) else None

    def _forget(self, response: Response) -> Response:
        """The visitor's cart is the user's by now."""
        if COOKIE in request.cookies and _is_well(response):
            response.delete_cookie(COOKIE, path="/api")
        return response

    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret, salt="climbup.cart.1")


def _is_well(response: Response) -> bool:
    return response.status_code < HTTPStatus.BAD_REQUEST
