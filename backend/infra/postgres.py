"""PostgreSQL: the one SQLAlchemy extension, column types, urls, and errors of constraints by name."""

import time
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias

import psycopg
import psycopg.sql
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from psycopg import conninfo
from sqlalchemy import BigInteger, Connection, DateTime, Engine, MetaData, String, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, mapped_column, scoped_session
from sqlalchemy.pool import ConnectionPoolEntry

IDLE_SECONDS: Final = 1.0
_IDLE_SINCE: Final = "idle_since"

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Id = Annotated[str, mapped_column(String(40))]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Minor = Annotated[int, mapped_column(BigInteger)]
Currency = Annotated[str, mapped_column(String(3))]


class Base(DeclarativeBase):
    """Base of every model; constraints have predictable names."""

    metadata = MetaData(naming_convention=NAMES)


db = SQLAlchemy(
    model_class=Base,
    # Rows are read again after a commit only when somebody asks for it: a view answers after its commit.
    # `create_savepoint` lets tests run everything inside one transaction of their own.
    session_options={"expire_on_commit": False, "join_transaction_mode": "create_savepoint"},
)


# What services hold: the session of the running request or job.
DbSession: TypeAlias = "scoped_session[Session]"


def sqlalchemy_url(url: str) -> str:
    """Any usual spelling of a PostgreSQL url, for SQLAlchemy with psycopg 3."""
    parsed = make_url(url)
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise ValueError("POSTGRES_URL must look like postgresql://user:password@host:5432/name")
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def libpq_conninfo(url: str) -> str:
    """The same url as a libpq connection string, for clients that are not SQLAlchemy."""
    parsed = make_url(url)
    options = {key: value for key, value in parsed.query.items() if isinstance(value, str)}
    parts = {
        "host": parsed.host,
        "port": parsed.port,
        "user": parsed.username,
        "password": parsed.password,
        "dbname": parsed.database,
        **options,
    }
    return conninfo.make_conninfo(**{k: str(v) for k, v in parts.items() if v is not None})


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def ensure_database(url: str) -> None:
    """Create the database of `url` when its server has none of that name."""
    name = make_url(url).database or "postgres"
    admin = libpq_conninfo(with_database(url, "postgres"))
    with psycopg.connect(admin, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if found is None:
            statement = psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
            connection.execute(statement)


def run_script(connection: Connection, script: str) -> None:
    """Run a script of several statements, with `:` and `%` in it meaning just themselves (migrations)."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 (narrows the type)
    driver.execute(script.encode())


def engine_options(*, pool_size: int) -> dict[str, Any]:
    """Options of the engine: one connection a thread, none waited for longer than a person would."""
    return {
        "pool_size": pool_size,
        "max_overflow": 2,
        "pool_timeout": 10,
        # Errors are logged with their statement; its values are nobody's business.
        "hide_parameters": True,
        "connect_args": {"connect_timeout": 5, "application_name": "climbup"},
    }


def reading(engine: Engine) -> Connection:
    """A connection whose statements stand each for itself: without BEGIN, and without a ROLLBACK at its end.

    psycopg forgets all prepared statements of a connection that is rolled back, also those of requests.
    """
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def read_alone(session: DbSession) -> None:
    """Let the statements of who only reads stand each for itself, which spares it BEGIN and COMMIT.

    Each of them sees the newest state, as it does in a transaction of PostgreSQL's usual isolation. Nothing
    changes where a transaction has begun already, as one has around each test.
    """
    if isinstance(session.get_bind(), Engine) and not session().in_transaction():
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})


def ping_idle(engine: Engine, *, after: float) -> None:
    """Let connections that were idle for more than `after` seconds prove that they live before they are used.

    A dead one is replaced, and with it all that are as old. A connection that was just in use is not
    asked, which spares each request a round trip (docs/decisions/0060-fewer-round-trips.md).
    """

    @event.listens_for(engine, "checkin")
    def note(_: Any, record: ConnectionPoolEntry) -> None:
        record.info[_IDLE_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def prove(connection: DBAPIConnection, record: ConnectionPoolEntry, _: Any) -> None:
        since = record.info.get(_IDLE_SINCE)
        if since is not None and time.monotonic() - since > after and not _lives(engine, connection):
            raise InvalidatePoolError


def _lives(engine: Engine, connection: DBAPIConnection) -> bool:
    try:
        return engine.dialect.do_ping(connection)
    except psycopg.Error:
        return False


def violated(error: DBAPIError) -> str | None:
    """The name of the constraint that a statement broke, or None when it failed for another reason."""
    diagnostics = getattr(error.orig, "diag", None)
    return getattr(diagnostics, "constraint_name", None)
