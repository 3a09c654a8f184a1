"""The tokens of a session: access (who, in which roles) and refresh (good once), in JSON or in cookies."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import jwt
from flask import Flask, Response, after_this_request, current_app, request
from flask_jwt_extended import (
    create_access_token,
    create_refresh_token,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
    verify_jwt_in_request,
)
from flask_jwt_extended.exceptions import CSRFError, JWTExtendedException, NoAuthorizationError
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from backend.kernel.errors import UnauthenticatedError
from backend.kernel.roles import Role
from backend.web.sessions import RefreshTicket

# Of how many access tokens a process remembers that they are good; each is some 2 kB.
REMEMBERED: Final = 2_048
# Requests of which flask-jwt-extended reads no token.
_NOT_READ: Final = frozenset({"OPTIONS"})
_VERIFIED: Final = "climbup.verified_tokens"


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client keeps after login; the access token is good for `expires_in` seconds.

    The tokens are empty for a browser that has them in cookies, out of reach of its scripts.
    """

    access_token: str
    refresh_token: str
    expires_in: int


def issue(*, user_id: str, roles: frozenset[Role], ticket: RefreshTicket) -> TokenPair:
    """Signed tokens. Claims: `sub` the user, `sid` the session, `roles` (access), `jti` (refresh)."""
    session = {"sid": ticket.session_id}
    return TokenPair(
        access_token=create_access_token(user_id, additional_claims={**session, "roles": sorted(roles)}),
        refresh_token=create_refresh_token(user_id, additional_claims={**session, "jti": ticket.refresh_id}),
        expires_in=int(current_app.config["JWT_ACCESS_TOKEN_EXPIRES"].total_seconds()),
    )


def deliver(pair: TokenPair, *, cookies: bool) -> TokenPair:
    """What of `pair` to answer: all of it, or with `cookies` only its duration, the rest in cookies."""
    after_this_request(_never_stored)
    if not cookies:
        return pair

    def put(response: Response) -> Response:
        set_access_cookies(response, pair.access_token)
        set_refresh_cookies(response, pair.refresh_token)
        return response

    after_this_request(put)
    return replace(pair, access_token="", refresh_token="")


def forget() -> None:
    """Clear the cookies with the answer to this request."""

    def clear(response: Response) -> Response:
        unset_jwt_cookies(response)
        return response

    after_this_request(clear)


def in_cookies() -> bool:
    """Whether this request may bring its token in a cookie: an `Authorization` header rules that out.

    Otherwise a script of the page could have the tokens of a cookie answered where it can read them.
    """
    return "Authorization" not in request.headers


def install(app: Flask) -> None:
    """Remember tokens that were verified: a signature that was good stays so until its token expires."""
    app.extensions[_VERIFIED] = lru_cache(maxsize=REMEMBERED)(_verified)


def read_access() -> Mapping[str, Any] | None:
    """The claims of the access token, or None when the request brings none. UnauthenticatedError."""
    header = request.headers.get("Authorization")
    if header is None or request.method in _NOT_READ:
        return _read("access", cookies=in_cookies(), optional=True)
    remembered: Callable[[str], Mapping[str, Any]] = current_app.extensions[_VERIFIED]
    claims = remembered(header)
    # Who is late is judged anew, and told so.
    return claims if time.time() < claims.get("exp", 0) else _verified(header)


def read_refresh(*, cookies: bool) -> dict[str, Any]:
    """The claims of the refresh token, which must be there (in a cookie, or in the header)."""
    return _read("refresh", cookies=cookies, refresh=True) or {}


def read_any() -> dict[str, Any]:
    """The claims of the token, access or refresh, which must be there. UnauthenticatedError."""
    return _read("access", cookies=in_cookies(), verify_type=False) or {}


def _verified(header: str) -> Mapping[str, Any]:
    """The claims of the access token in the request's header, which is the one given. UnauthenticatedError.

    A good token is read once here; flask-jwt-extended reads it four times. What is wrong with a bad one is
    for the latter to say.
    """
    scheme, _, token = header.partition(" ")
    config = current_app.config
    key, algorithm, leeway = config["JWT_SECRET_KEY"], config["JWT_ALGORITHM"], config["JWT_DECODE_LEEWAY"]
    try:
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], leeway=leeway)
    except PyJWTError:
        claims = {}
    is_good = scheme == "Bearer" and claims.get("type") == "access"
    return claims if is_good else _read("access", cookies=False) or {}


def _read(kind: str, *, cookies: bool, **options: bool) -> dict[str, Any] | None:
    try:
        found = verify_jwt_in_request(locations=["cookies" if cookies else "headers"], **options)
    except ExpiredSignatureError:
        raise UnauthenticatedError(f"The {kind} token has expired; {_remedy(kind)}.") from None
    except NoAuthorizationError:
        raise UnauthenticatedError(f"Send `Authorization: Bearer <{kind} token>`; {_remedy(kind)}.") from None
    except CSRFError:
        raise UnauthenticatedError(
            f"With cookies, send the header X-CSRF-TOKEN with the value of the cookie csrf_{kind}_token."
        ) from None
    except (JWTExtendedException, PyJWTError) as error:
        raise UnauthenticatedError(f"The {kind} token is not valid: {error}.") from None
    return None if found is None else found[1]


def _remedy(kind: str) -> str:
    if kind == "access":
        return "POST /api/auth/login or /api/auth/refresh gives one"
    return "POST /api/auth/login gives one"


def _never_stored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
