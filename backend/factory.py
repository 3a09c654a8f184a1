"""`create_app`: the web shell with every domain's blueprint on it."""

from typing import Final

from click import Command
from flask import Flask
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from backend import wiring
from backend.cli import ledger, rules, users, worker
from backend.config import ROOT, Settings
from backend.domains.admin import routes as admin
from backend.domains.affiliates import routes as affiliates
from backend.domains.availability import routes as availability
from backend.domains.backtesting import routes as backtesting
from backend.domains.bargain import report_routes as bargain_reports
from backend.domains.bargain import routes as bargain
from backend.domains.bargain import stream_routes as bargain_streams
from backend.domains.bookings import request_routes
from backend.domains.bookings import routes as bookings
from backend.domains.catalog import product_routes, stock_routes
from backend.domains.catalog import routes as catalog
from backend.domains.checkout import advice_routes, mixed_routes, order_routes, purchase_routes
from backend.domains.checkout import routes as cart
from backend.domains.coupons import routes as coupons
from backend.domains.currency import routes as currency
from backend.domains.identity import routes as identity
from backend.domains.identity import user_routes
from backend.domains.ledger import routes as statements
from backend.domains.messages import routes as messages
from backend.domains.payments import account_routes as payout_accounts
from backend.domains.payments import reconciliation_routes as reconciliation
from backend.domains.payments import routes as payments
from backend.domains.pricing import routes as pricing
from backend.domains.pricing import what_if_routes
from backend.domains.quote_requests import routes as quote_requests
from backend.domains.rules import proposal_routes
from backend.domains.rules import routes as rule_routes
from backend.domains.shadow import routes as shadow
from backend.domains.waitlist import routes as waitlist
from backend.infra.postgres import db, engine_options, sqlalchemy_url
from backend.web import app as web_app
from backend.web import docs, errors, headers, health, limits, metrics, observability, tokens
from backend.web.api import Blueprint, make_api

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    health.blueprint,
    identity.blueprint,
    user_routes.users,
    purchase_routes.blueprint,
    catalog.categories,
    catalog.providers,
    product_routes.products,
    stock_routes.stock,
    currency.blueprint,
    statements.blueprint,
    affiliates.blueprint,
    reconciliation.blueprint,
    availability.availability,
    availability.holds,
    payout_accounts.blueprint,
    coupons.blueprint,
    pricing.blueprint,
    what_if_routes.blueprint,
    shadow.blueprint,
    backtesting.blueprint,
    quote_requests.blueprint,
    bargain.blueprint,
    bargain_streams.blueprint,
    bargain_reports.reports,
    bookings.blueprint,
    request_routes.requests,
    waitlist.blueprint,
    payments.payments,
    cart.blueprint,
    advice_routes.advice,
    mixed_routes.mixed,
    order_routes.orders,
    messages.blueprint,
    rule_routes.blueprint,
    admin.blueprint,
    proposal_routes.blueprint,
)
COMMANDS: Final[tuple[Command, ...]] = (
    rules.group,
    users.group,
    ledger.group,
    worker.command,
)


def create_app(settings: Settings, parts: wiring.Parts | None = None) -> Flask:
    """The WSGI application of `settings`, whose store urls must be set (see `backend.cli.stores`)."""
    app = web_app.ClimbUp("backend")
    observability.install(app)
    _configure(app, settings)
    _trust_proxies(app, settings.proxy_count)
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"))
    JWTManager(app)
    tokens.install(app)
    wiring.register_parts(app, settings, parts or wiring.Parts())
    headers.install(app, settings)
    errors.register(app)
    web_app.install(app)
    limits.install(app)
    api = make_api(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(docs.blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        TESTING=settings.environment == "test",
        SECRET_KEY=settings.jwt_secret,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SQLALCHEMY_DATABASE_URI=sqlalchemy_url(settings.postgres_url or ""),
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(pool_size=settings.web_threads),
        JWT_SECRET_KEY=settings.jwt_secret,
        JWT_ACCESS_TOKEN_EXPIRES=settings.jwt_access_expires,
        JWT_REFRESH_TOKEN_EXPIRES=settings.jwt_refresh_expires,
        JWT_TOKEN_LOCATION=["headers", "cookies"],
        # Seconds that the clocks of two of our machines may differ.
        JWT_DECODE_LEEWAY=5,
        JWT_REFRESH_COOKIE_PATH="/api/auth",
        JWT_COOKIE_CSRF_PROTECT=True,
        JWT_COOKIE_SECURE=settings.production,
        JWT_COOKIE_SAMESITE="Lax",
    )


def _trust_proxies(app: Flask, count: int) -> None:
    """Believe the last `count` proxies about the client's address, scheme and host; 0 believes nobody."""
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
