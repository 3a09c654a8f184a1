"""/api/auth: registering, signing in and out, the caller, their sessions."""

from dataclasses import replace
from typing import Any, Final

import svcs
from flask import request

from backend.domains.identity.schemas import (
    LoginSchema,
    ProfileSchema,
    RegisterSchema,
    SessionPageSchema,
    SignedInSchema,
    UserSchema,
)
from backend.domains.identity.service import User, UserService
from backend.domains.identity.sign_in import SignedIn, SignIn
from backend.web import tokens
from backend.web.api import Blueprint
from backend.web.auth import caller, signed_in
from backend.web.pagination import Page
from backend.web.sessions import Device, OpenSession, RefreshTicket, Sessions

blueprint: Final = Blueprint(
    "auth", __name__, url_prefix="/api/auth", description="Who is calling, and since when"
)


@blueprint.post("/register")
@blueprint.arguments(RegisterSchema)
@blueprint.response(201, SignedInSchema)
@blueprint.alt_response(409, description="The e-mail address is registered already")
def register(details: dict[str, Any]) -> SignedIn:
    """Register a customer, who is signed in at once (the same answer as login)."""
    cookies = details.pop("cookies")
    return _delivered(svcs.flask.get(SignIn).register(device=_device(), **details), cookies=cookies)


@blueprint.post("/login")
@blueprint.arguments(LoginSchema)
@blueprint.response(200, SignedInSchema)
@blueprint.alt_response(401, description="No user has this e-mail address and password")
@blueprint.alt_response(429, description="Too many failed logins on the account or from the address")
def login(credentials: dict[str, Any]) -> SignedIn:
    """Sign in with e-mail and password."""
    cookies = credentials.pop("cookies")
    return _delivered(svcs.flask.get(SignIn).login(device=_device(), **credentials), cookies=cookies)


@blueprint.post("/refresh")
@blueprint.response(200, SignedInSchema)
@blueprint.alt_response(401, description="Expired, ended, or used before: then its session ends")
def refresh() -> SignedIn:
    """Exchange the refresh token (Bearer, or cookie with X-CSRF-TOKEN) for new tokens."""
    return _refreshed(cookies=tokens.in_cookies())


@blueprint.get("/refresh")
@blueprint.response(200, SignedInSchema)
@blueprint.alt_response(401, description="Expired, ended, or used before: then its session ends")
def refresh_by_get() -> SignedIn:
    """The same with the token in the header only: a link to this address must not use up a cookie."""
    return _refreshed(cookies=False)


@blueprint.post("/logout")
@blueprint.response(204)
@blueprint.alt_response(401, description="No valid token")
def logout() -> None:
    """End the session of the token, which may be of either kind, and clear the cookies."""
    claims = tokens.read_any()
    svcs.flask.get(SignIn).logout(user_id=claims["sub"], session_id=claims["sid"])
    tokens.forget()


@blueprint.get("/me")
@blueprint.response(200, UserSchema)
@signed_in
def me() -> User:
    """The caller."""
    return svcs.flask.get(UserService).user(caller().user_id)


@blueprint.get("/profile")
@blueprint.response(200, UserSchema)
@signed_in
def profile() -> User:
    """The caller's profile."""
    return svcs.flask.get(UserService).user(caller().user_id)


@blueprint.put("/profile")
@blueprint.arguments(ProfileSchema)
@blueprint.response(200, UserSchema)
@signed_in
def change_profile(changes: dict[str, Any]) -> User:
    """Change the caller's name, locale or country."""
    return svcs.flask.get(UserService).change_profile(user_id=caller().user_id, **changes)


@blueprint.get("/sessions")
@blueprint.response(200, SessionPageSchema)
@signed_in
def sessions() -> Page[OpenSession]:
    """Where the caller is signed in."""
    return Page(svcs.flask.get(Sessions).of(user_id=caller().user_id), None)


@blueprint.delete("/sessions")
@blueprint.response(204)
@signed_in
def end_all_sessions() -> None:
    """Sign out everywhere, here too."""
    svcs.flask.get(Sessions).revoke_all(user_id=caller().user_id)
    tokens.forget()


@blueprint.delete("/sessions/<session_id>")
@blueprint.response(204)
@blueprint.alt_response(404, description="The caller has no such session")
@signed_in
def end_session(session_id: str) -> None:
    """Sign out somewhere."""
    svcs.flask.get(Sessions).revoke(session_id=session_id, user_id=caller().user_id)


def _device() -> Device:
    return Device(user_agent=request.user_agent.string, address=request.remote_addr or "")


def _refreshed(*, cookies: bool) -> SignedIn:
    claims = tokens.read_refresh(cookies=cookies)
    ticket = RefreshTicket(session_id=claims["sid"], refresh_id=claims["jti"])
    return _delivered(svcs.flask.get(SignIn).refresh(user_id=claims["sub"], ticket=ticket), cookies=cookies)


def _delivered(signed: SignedIn, *, cookies: bool) -> SignedIn:
    return replace(signed, tokens=tokens.deliver(signed.tokens, cookies=cookies))
