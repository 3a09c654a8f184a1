"""Users and the headers that let them in. Both need an application context."""

import itertools
from collections.abc import Iterable
from dataclasses import replace

import svcs
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from backend.domains.identity.models import UserRow
from backend.domains.identity.service import User, UserService
from backend.infra.postgres import db
from backend.kernel.roles import Role
from backend.web import tokens
from backend.web.sessions import Device, Sessions

PASSWORD = "correct horse battery"

_numbers = itertools.count(1)


def make_user(
    *,
    email: str | None = None,
    name: str = "Ada Lovelace",
    roles: Iterable[Role] = (Role.CUSTOMER,),
    password: str = PASSWORD,
    locale: str = "en",
    country: str | None = None,
    loyalty_tier: str = "none",
) -> User:
    """A registered user, committed (inside a test's transaction that only ends a savepoint)."""
    user = svcs.flask.get(UserService).register(
        email=email or f"user{next(_numbers)}@example.com",
        password=password,
        name=name,
        roles=roles,
        locale=locale,
        country=country,
    )
    db.session.execute(update(UserRow).where(UserRow.id == user.id).values(loyalty_tier=loyalty_tier))
    db.session.commit()
    return replace(user, loyalty_tier=loyalty_tier)


def auth_headers(app: Flask | FlaskClient, user: User) -> dict[str, str]:
    """Headers of a request by `user`, who is signed in with a session of its own."""
    application = app.application if isinstance(app, FlaskClient) else app
    with application.app_context():
        ticket = svcs.flask.get(Sessions).open(user_id=user.id, device=Device("pytest", "127.0.0.1"))
        pair = tokens.issue(user_id=user.id, roles=user.roles, ticket=ticket)
    return {"Authorization": f"Bearer {pair.access_token}"}
