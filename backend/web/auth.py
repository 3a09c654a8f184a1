"""Who is calling: an access token in the `Authorization` header, or in a cookie with a CSRF double submit."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import structlog
import svcs
from flask import g

from backend.kernel.errors import DeniedError, UnauthenticatedError
from backend.kernel.roles import STAFF, Role
from backend.web import tokens
from backend.web.sessions import Sessions

__all__ = [
    "STAFF",
    "Caller",
    "Role",
    "caller",
    "caller_id",
    "is_staff",
    "optional_caller",
    "requires",
    "signed_in",
]

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request."""

    user_id: str
    roles: frozenset[Role]
    session_id: str

    def has(self, *roles: Role) -> bool:
        """Whether the caller has one of `roles`; an admin has them all."""
        return Role.ADMIN in self.roles or not self.roles.isdisjoint(roles)


def caller() -> Caller:
    """Who is calling. UnauthenticatedError when nobody is signed in."""
    found = optional_caller()
    if found is None:
        raise UnauthenticatedError(
            "Send `Authorization: Bearer <access token>`; POST /api/auth/login gives one."
        )
    return found


def optional_caller() -> Caller | None:
    """Who is calling, or None for a visitor. A bad or expired token is an error, never a visitor."""
    if "caller" not in g:
        g.caller = _read_token()
        if g.caller is not None:
            structlog.contextvars.bind_contextvars(user_id=g.caller.user_id)
    found: Caller | None = g.caller
    return found


def is_staff() -> bool:
    """Whether one of the staff is calling. A bad or expired token is an error here, too."""
    found = optional_caller()
    return found is not None and not found.roles.isdisjoint(STAFF)


def _read_token() -> Caller | None:
    claims = tokens.read_access()
    if claims is None:
        return None
    found = Caller(claims["sub"], frozenset(Role(r) for r in claims["roles"]), claims["sid"])
    svcs.flask.get(Sessions).see(session_id=found.session_id, user_id=found.user_id)
    return found


def optional_caller_id() -> str | None:
    """The id of who is calling, or None for a visitor."""
    found = optional_caller()
    return None if found is None else found.user_id


def caller_id() -> str:
    """The id of who is calling: the owner of idempotency keys."""
    return caller().user_id


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """The view is for signed-in users."""

    @functools.wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        caller()
        return view(*args, **kwargs)

    return _documented(checked)


def requires(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The view is for users with one of `roles` (and for admins)."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            if not caller().has(*roles):
                raise DeniedError(f"This needs the role {' or '.join(roles)}.")
            return view(*args, **kwargs)

        return _documented(checked)

    return decorate


def _documented(view: Callable[P, R]) -> Callable[P, R]:
    """Mark the operation in /openapi.json as needing a bearer token (read by flask-smorest)."""
    doc = {**getattr(view, "_apidoc", {})}
    doc["manual_doc"] = {**doc.get("manual_doc", {}), "security": [{"bearer": []}]}
    view._apidoc = doc  # type: ignore[attr-defined]  # noqa: SLF001
    return view
