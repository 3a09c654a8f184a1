"""Builds users, sessions and limits."""

from functools import partial

import redis
import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.identity.directory import UserDirectory
from backend.domains.identity.passwords import PasswordHasher
from backend.domains.identity.preferences import PreferenceService
from backend.domains.identity.service import UserService
from backend.domains.identity.sign_in import SignIn
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import db
from backend.infra.redis import Outage
from backend.web.limits import Counters, LoginAttempts, Rate, RequestLimit
from backend.web.sessions import Sessions


def register_identity(app: Flask, settings: Settings, passwords: PasswordHasher) -> None:
    """Users, their sessions, and how often anybody may ask. SettingsError for a limit that is none."""
    rate = Rate.parse(settings.rate_limit, variable="RATE_LIMIT")
    attempts = Rate.parse(settings.login_attempts, variable="LOGIN_ATTEMPTS")
    register = svcs.flask.register_factory
    svcs.flask.register_value(app, PasswordHasher, passwords)
    register(app, RequestLimit, partial(_request_limit, rate))
    register(app, LoginAttempts, partial(_login_attempts, attempts))
    register(app, Sessions, _sessions)
    register(app, UserService, _users)
    register(app, SignIn, _sign_in)
    register(app, PreferenceService, _preferences)
    register(app, UserDirectory, _directory)


def _request_limit(rate: Rate, container: svcs.Container) -> RequestLimit:
    return RequestLimit(Counters(container.get(redis.Redis)), rate, container.get(Outage))


def _login_attempts(rate: Rate, container: svcs.Container) -> LoginAttempts:
    return LoginAttempts(Counters(container.get(redis.Redis)), rate)


def _sign_in(container: svcs.Container) -> SignIn:
    return SignIn(*container.get(UserService, Sessions, LoginAttempts))


def _sessions(container: svcs.Container) -> Sessions:
    return Sessions(
        redis=container.get(redis.Redis),
        clock=container.get_abstract(Clock),
        lifetime=container.get(Settings).jwt_refresh_expires,
        outage=container.get(Outage),
    )


def _users(container: svcs.Container) -> UserService:
    return UserService(
        session=db.session,
        clock=container.get_abstract(Clock),
        audit=container.get(AuditLog),
        passwords=container.get(PasswordHasher),
    )


def _preferences() -> PreferenceService:
    return PreferenceService(db.session)


def _directory(container: svcs.Container) -> UserDirectory:
    return UserDirectory(db.session, container.get(Sessions))
