"""What every test may use: a real PostgreSQL and Valkey, an application, and a clock that obeys."""

from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import redis
import structlog
import svcs
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import HealthCheck, is_hypothesis_test
from hypothesis import settings as hypothesis_settings
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from backend.config import ROOT, Settings
from backend.factory import create_app
from backend.infra import embedded
from backend.infra.closing import close_app
from backend.infra.event_buffer import EventBuffer
from backend.infra.postgres import db, libpq_conninfo, with_database
from backend.local_stripe.local import LocalStripe
from backend.wiring import Parts
from tests.factories.payments import gateway_of, open_local_stripe
from tests.fakes.clock import FakeClock
from tests.fakes.events import FakeEventStore
from tests.fakes.passwords import CHEAP
from tests.fakes.trials import try_once

# The same examples in every run, here and in continuous integration; `--hypothesis-profile explore` takes others.
for profile, the_same_examples in (("suite", True), ("explore", False)):
    hypothesis_settings.register_profile(
        profile,
        max_examples=60,
        deadline=None,
        derandomize=the_same_examples,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
hypothesis_settings.load_profile("suite")

# Folders of tests that walk through everything.
WALKS = {"journeys", "races"}
# One Monday morning, in a week without a change of clocks in the zones that tests use.
NOW = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage where the same lines run again and again: it would double what these tests take."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)) or WALKS & set(item.path.parts):
            item.add_marker("no_cover")


class OwnContextClient(FlaskClient):
    """Gives each request an application context of its own, as a server does, also when a test has one open.

    Flask would else reuse the test's context, and with it `g` (who is calling) and the session.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request and return its answer."""
        return Context().run(super().open, *args, **kwargs)


@dataclass(frozen=True)
class Stores:
    """Where this test process has its database and its Redis."""

    postgres_url: str
    redis_url: str


def pytest_configure(config: pytest.Config) -> None:
    """Migrate the template database once, in the process that starts the others."""
    # Plain lines: structlog's own default renders every local variable of a traceback, for seconds.
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ]
    )
    if not hasattr(config, "workerinput"):
        urls = embedded.ensure_running(ROOT / "var" / "test", durable=False)
        _recreate(urls.postgres, "template_climbup", template="template0")
        template = with_database(urls.postgres, "template_climbup")
        app = create_app(_settings(Stores(template, urls.redis)))
        with app.app_context():
            upgrade()
        close_app(app)


def _recreate(server: str, name: str, *, template: str) -> None:
    with psycopg.connect(libpq_conninfo(server), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())


def _empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()


def _settings(stores: Stores, **changes: object) -> Settings:
    values = {
        "environment": "test",
        "jwt_secret": "a secret that only tests know, of a decent length",
        "postgres_url": stores.postgres_url,
        "redis_url": stores.redis_url,
        "data_dir": ROOT / "var" / "test",
        "rules_reload": False,
        "rules_poll_seconds": 0,
        "matcher": "compiled",
        "rate_limit": "1000000 per minute",
        **changes,
    }
    return Settings(**values)  # type: ignore[arg-type]


def make_settings(stores: Stores, **changes: object) -> Settings:
    """Settings of a test application, with `changes`."""
    return _settings(stores, **changes)


@pytest.fixture(scope="session")
def worker_number(request: pytest.FixtureRequest) -> int:
    """Which of the parallel test processes this is, from 0."""
    name = getattr(request.config, "workerinput", {}).get("workerid", "gw0")
    return int(name.removeprefix("gw"))


@pytest.fixture(scope="session")
def server() -> embedded.StoreUrls:
    """The embedded stores of all test processes."""
    return embedded.ensure_running(ROOT / "var" / "test", durable=False)


@pytest.fixture(scope="session")
def stores(server: embedded.StoreUrls, worker_number: int) -> Stores:
    """A database and a Redis number that only this process uses."""
    name = f"test_{worker_number}"
    _recreate(server.postgres, name, template="template_climbup")
    redis_url = server.redis.removesuffix("/0") + f"/{worker_number}"
    _empty(redis_url)
    return Stores(with_database(server.postgres, name), redis_url)


@pytest.fixture
def own_stores(server: embedded.StoreUrls, worker_number: int) -> Iterator[Stores]:
    """A fresh database for a test that really commits (races, kills), dropped afterwards."""
    name = f"own_{worker_number}"
    _recreate(server.postgres, name, template="template_climbup")
    redis_url = server.redis.removesuffix("/0") + f"/{8 + worker_number % 8}"
    _empty(redis_url)
    yield Stores(with_database(server.postgres, name), redis_url)
    with psycopg.connect(libpq_conninfo(server.postgres), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at `NOW` until a test moves it."""
    return FakeClock(NOW)


@pytest.fixture(scope="session")
def shared_clock() -> FakeClock:
    """The one clock behind the application that all tests of this process share."""
    return FakeClock(NOW)


@pytest.fixture(scope="session")
def shared_events() -> FakeEventStore:
    """The behaviour log behind the application that all tests of this process share."""
    return FakeEventStore()


@pytest.fixture(scope="session")
def shared_local_stripe(shared_clock: FakeClock) -> Iterator[LocalStripe]:
    """The payment gateway behind the application that all tests of this process share."""
    with open_local_stripe(shared_clock) as local:
        yield local


@pytest.fixture(scope="session")
def shared_app(
    stores: Stores,
    shared_clock: FakeClock,
    shared_events: FakeEventStore,
    shared_local_stripe: LocalStripe,
) -> Iterator[Flask]:
    """The application that all tests of this process share."""
    parts = Parts(
        clock=shared_clock,
        events=shared_events,
        passwords=CHEAP,
        try_rules=try_once,
        gateway=gateway_of(shared_local_stripe, shared_clock),
    )
    app = create_app(_settings(stores), parts)
    app.test_client_class = OwnContextClient
    yield app
    close_app(app)


@pytest.fixture
def app(
    request: pytest.FixtureRequest, shared_app: Flask, shared_clock: FakeClock, stores: Stores
) -> Iterator[Flask]:
    """The application, inside one transaction that is rolled back, at `NOW`, with an empty Redis."""
    shared_clock.set(NOW)
    _empty(stores.redis_url)
    with shared_app.app_context():
        engine = db.engine
        with engine.connect() as connection:
            transaction = connection.begin()
            db.engines[None] = connection  # type: ignore[assignment]
            try:
                yield shared_app
                if request.node.get_closest_marker("never_committed") is None:
                    _meet_deferred_constraints(connection)
            finally:
                db.session.remove()
                db.engines[None] = engine
                transaction.rollback()


def _meet_deferred_constraints(connection: Connection) -> None:
    """Check what the database would check at a commit, which never comes, unless the test broke it off."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    if driver.info.transaction_status is not TransactionStatus.INERROR:
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


@pytest.fixture
def events(app: Flask, shared_events: FakeEventStore) -> FakeEventStore:
    """The behaviour log of the application, empty; `svcs.flask.get(EventBuffer).flush()` fills it."""
    svcs.flask.get(EventBuffer).flush()
    shared_events.events.clear()
    return shared_events


@pytest.fixture
def local_stripe(app: Flask, shared_local_stripe: LocalStripe) -> LocalStripe:
    """The payment gateway of the application, which has seen nothing."""
    shared_local_stripe.clear()
    return shared_local_stripe


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An HTTP client of the application."""
    return app.test_client()
