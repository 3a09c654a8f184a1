"""A database and a Redis of a measurement's own, empty but for the schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
import psycopg.sql
import redis
from flask_migrate import upgrade

from backend.config import ROOT
from backend.infra import embedded
from backend.infra.postgres import ensure_database, libpq_conninfo, with_database
from tests.conftest import Stores
from tests.factories.apps import running_app

FOLDER: Final = ROOT / "var" / "bench"


@contextmanager
def fresh_stores(name: str, *, number: int = 0) -> Iterator[Stores]:
    """Stores that keep what is committed as production does (fsync on), dropped afterwards.

    `number` is the Redis database; measurements at the same time need a name and a number each.
    """
    urls = embedded.ensure_running(FOLDER)
    drop(urls.postgres, name)
    redis_url = f"{urls.redis.removesuffix('/0')}/{number}"
    stores = Stores(with_database(urls.postgres, name), redis_url)
    ensure_database(stores.postgres_url)
    with redis.Redis.from_url(stores.redis_url) as client:
        client.flushdb()
    with running_app(stores) as app, app.app_context():
        upgrade()
    try:
        yield stores
    finally:
        drop(urls.postgres, name)


def drop(server: str, name: str) -> None:
    """Drop a database that may be there, and whoever is connected to it."""
    with psycopg.connect(libpq_conninfo(server), autocommit=True) as connection:
        drop = psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(drop.format(psycopg.sql.Identifier(name)))
