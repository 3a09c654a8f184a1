"""The composition root: the only place where services are built. Views fetch them with `svcs.flask.get`."""

from dataclasses import dataclass

import procrastinate
import redis
import svcs
from flask import Flask
from sqlalchemy import Engine

from backend.config import Settings
from backend.domains.identity.passwords import PasswordHasher
from backend.domains.payments.gateway import PaymentGateway
from backend.infra import redis as redis_client
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock, SystemClock
from backend.infra.closing import on_close
from backend.infra.event_buffer import EventBuffer, Events, Sightings
from backend.infra.events import EmbeddedEventStore, EventStore, MongoEventStore
from backend.infra.jobs import JobQueue, Task, queue_app
from backend.infra.postgres import IDLE_SECONDS, DbSession, db, ping_idle
from backend.infra.redis import Outage
from backend.infra.rule_trial import TryRules, try_rulebook
from backend.wiring.admin import register_admin
from backend.wiring.affiliates import register_affiliates
from backend.wiring.availability import TASKS as CATALOG_TASKS
from backend.wiring.availability import register_availability, register_catalog
from backend.wiring.backtesting import TASKS as BACKTEST_TASKS
from backend.wiring.backtesting import register_backtesting
from backend.wiring.bargain import TASKS as BARGAIN_TASKS
from backend.wiring.bargain import register_bargain
from backend.wiring.bargain_insight import TASKS as BARGAIN_INSIGHT_TASKS
from backend.wiring.bargain_insight import register_bargain_insight
from backend.wiring.bargain_streams import register_bargain_streams
from backend.wiring.behaviour import TASKS as BEHAVIOUR_TASKS
from backend.wiring.behaviour import register_behaviour
from backend.wiring.bookings import TASKS as BOOKING_TASKS
from backend.wiring.bookings import register_bookings
from backend.wiring.checkout import TASKS as CHECKOUT_TASKS
from backend.wiring.checkout import register_checkout
from backend.wiring.coupons import TASKS as COUPON_TASKS
from backend.wiring.coupons import register_coupons
from backend.wiring.currency import TASKS as CURRENCY_TASKS
from backend.wiring.currency import register_currency
from backend.wiring.gateway import register_gateway
from backend.wiring.identity import register_identity
from backend.wiring.ledger import register_ledger
from backend.wiring.messages import TASKS as MESSAGE_TASKS
from backend.wiring.messages import register_messages
from backend.wiring.operations import TASKS as OPERATIONS_TASKS
from backend.wiring.operations import register_operations
from backend.wiring.payments import TASKS as PAYMENT_TASKS
from backend.wiring.payments import register_payments
from backend.wiring.payout_accounts import TASKS as ACCOUNT_TASKS
from backend.wiring.payout_accounts import register_payout_accounts
from backend.wiring.pricing import register_pricing
from backend.wiring.reconciliation import TASKS as RECONCILIATION_TASKS
from backend.wiring.reconciliation import register_reconciliation
from backend.wiring.rules import register_rules
from backend.wiring.shadow import register_shadow
from backend.wiring.streams import register_streams


@dataclass(frozen=True)
class Parts:
    """What a test may replace by a fake; None means the real one."""

    clock: Clock | None = None
    events: EventStore | None = None
    passwords: PasswordHasher | None = None
    try_rules: TryRules | None = None
    gateway: PaymentGateway | None = None


def register_parts(app: Flask, settings: Settings, parts: Parts) -> None:
    """Register the stores, the clock and every domain's service with `app`."""
    svcs.flask.init_app(app)
    with app.app_context():
        engine = db.engine
    on_close(app, engine.dispose)
    ping_idle(engine, after=IDLE_SECONDS)
    _register_infra(app, settings, parts, engine)
    register_streams(app, settings)
    register_identity(app, settings, parts.passwords or PasswordHasher())
    register_catalog(app)
    register_currency(app, settings)
    register_ledger(app)
    register_affiliates(app, settings)
    register_behaviour(app)
    register_reconciliation(app)
    register_gateway(app, settings, parts.gateway)
    register_availability(app, settings)
    register_shadow(app, engine)
    register_rules(app, settings, engine, parts.try_rules or try_rulebook)
    register_operations(app, settings)
    register_coupons(app, settings)
    register_pricing(app, settings)
    register_bargain_insight(app)
    register_bargain(app, settings)
    register_bargain_streams(app)
    register_payout_accounts(app)
    register_payments(app, settings, takes_cards=bool(parts.gateway or settings.stripe_secret_key))
    register_bookings(app)
    register_checkout(app, settings)
    register_messages(app, settings)
    register_backtesting(app)
    register_admin(app)


def _register_infra(app: Flask, settings: Settings, parts: Parts, engine: Engine) -> None:
    svcs.flask.register_value(app, Settings, settings)
    svcs.flask.register_value(app, Clock, parts.clock or SystemClock())
    client = redis_client.connect(_required(settings.redis_url))
    on_close(app, client.close)
    svcs.flask.register_value(app, redis.Redis, client)
    svcs.flask.register_value(app, Outage, Outage())
    store = parts.events or _event_store(app, settings, engine)
    svcs.flask.register_value(app, EventStore, store)
    buffer = EventBuffer(store)
    on_close(app, buffer.close)
    svcs.flask.register_value(app, EventBuffer, buffer)
    svcs.flask.register_value(app, Sightings, Sightings(buffer))
    svcs.flask.register_factory(app, Events, _events)
    svcs.flask.register_value(app, procrastinate.App, queue_app(_required(settings.postgres_url)))
    svcs.flask.register_factory(app, JobQueue, _job_queue)
    svcs.flask.register_factory(app, AuditLog, _audit_log)


def session() -> DbSession:
    """The session of the running request or job."""
    return db.session


def tasks() -> list[Task]:
    """Every background task of every domain."""
    return [
        *CATALOG_TASKS,
        *BARGAIN_TASKS,
        *BARGAIN_INSIGHT_TASKS,
        *BEHAVIOUR_TASKS,
        *BOOKING_TASKS,
        *CHECKOUT_TASKS,
        *COUPON_TASKS,
        *PAYMENT_TASKS,
        *ACCOUNT_TASKS,
        *CURRENCY_TASKS,
        *MESSAGE_TASKS,
        *BACKTEST_TASKS,
        *RECONCILIATION_TASKS,
        *OPERATIONS_TASKS,
    ]


# svcs hands its container to a factory whose parameter is annotated with it.


def _job_queue(container: svcs.Container) -> JobQueue:
    return JobQueue(session(), container.get(procrastinate.App))


def _audit_log(container: svcs.Container) -> AuditLog:
    return AuditLog(session(), container.get_abstract(Clock))


def _events(container: svcs.Container) -> Events:
    return Events(session(), container.get_abstract(Clock), container.get(EventBuffer))


def _event_store(app: Flask, settings: Settings, engine: Engine) -> EventStore:
    if not settings.mongo_url:
        return EmbeddedEventStore(engine)
    store = MongoEventStore(settings.mongo_url)
    on_close(app, store.close)
    return store


def _required(url: str | None) -> str:
    if url is None:
        raise ValueError("a store has no url; backend.cli.stores.resolve starts the embedded ones")
    return url
