from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError

from backend.infra.embedded import StoreUrls
from backend.infra.postgres import (
    db,
    ensure_database,
    libpq_conninfo,
    ping_idle,
    read_alone,
    run_script,
    sqlalchemy_url,
    violated,
    with_database,
)
from tests.conftest import Stores
from tests.factories.apps import running_app

PID = text("SELECT pg_backend_pid()")


@pytest.fixture
def engine(stores: Stores) -> Iterator[Engine]:
    made = create_engine(sqlalchemy_url(stores.postgres_url), pool_size=1, max_overflow=0)
    yield made
    made.dispose()


def ask(engine: Engine) -> int:
    """The process that serves the pool's connection."""
    with engine.connect() as connection:
        return int(connection.scalar(PID) or 0)


def cut(stores: Stores, pid: int) -> None:
    """End the server's side of a connection, as a restart does."""
    other = create_engine(sqlalchemy_url(stores.postgres_url))
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()


class TestPingIdle:
    def test_replaces_a_connection_that_died_while_it_was_idle(self, engine: Engine, stores: Stores) -> None:
        ping_idle(engine, after=0)
        before = ask(engine)
        cut(stores, before)

        after = ask(engine)

        assert after not in {0, before}

    def test_keeps_a_connection_that_lives(self, engine: Engine) -> None:
        ping_idle(engine, after=0)

        assert ask(engine) == ask(engine)

    @pytest.mark.parametrize(("after", "pings"), [(0.0, 2), (60.0, 0)])
    def test_asks_only_connections_that_were_idle_for_long(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch, after: float, pings: int
    ) -> None:
        asked: list[object] = []
        ping = engine.dialect.do_ping
        monkeypatch.setattr(engine.dialect, "do_ping", lambda c: asked.append(c) or ping(c))
        ping_idle(engine, after=after)

        for _ in range(3):
            ask(engine)

        assert len(asked) == pings


class TestReadAlone:
    def test_begins_no_transaction(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            read_alone(db.session)

            db.session.execute(PID)

            assert transaction_status() is TransactionStatus.IDLE

    def test_leaves_the_connection_to_others_as_it_was(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            read_alone(db.session)
            db.session.execute(PID)
            db.session.commit()

            db.session.execute(PID)

            assert transaction_status() is TransactionStatus.INTRANS

    def test_changes_nothing_in_a_transaction_that_has_begun(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            db.session.execute(PID)

            read_alone(db.session)

            assert transaction_status() is TransactionStatus.INTRANS


def transaction_status() -> TransactionStatus:
    driver = db.session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.info.transaction_status


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "postgres://user:p%40ss@db:5433/climbup",
            "postgresql://user:p%40ss@db:5433/climbup",
            "postgresql+psycopg2://user:p%40ss@db:5433/climbup",
        ],
    )
    def test_any_usual_spelling_is_read_by_both_clients(self, url: str) -> None:
        conninfo = psycopg.conninfo.conninfo_to_dict(libpq_conninfo(url))

        assert sqlalchemy_url(url) == "postgresql+psycopg://user:p%40ss@db:5433/climbup"
        assert conninfo == {
            "host": "db",
            "port": "5433",
            "user": "user",
            "password": "p@ss",
            "dbname": "climbup",
        }

    def test_options_of_the_url_are_kept(self) -> None:
        conninfo = libpq_conninfo("postgresql://db/climbup?sslmode=require&application_name=x")

        assert psycopg.conninfo.conninfo_to_dict(conninfo)["sslmode"] == "require"

    def test_a_folder_with_a_space_is_a_host(self) -> None:
        conninfo = libpq_conninfo("postgresql://postgres@/postgres?host=%2Fsrv%2Fa%20b")

        assert psycopg.conninfo.conninfo_to_dict(conninfo)["host"] == "/srv/a b"

    @pytest.mark.parametrize("url", ["mysql://db/climbup", "sqlite:///climbup.db"])
    def test_other_databases_are_refused_with_an_example(self, url: str) -> None:
        with pytest.raises(ValueError, match="postgresql://user:password@host:5432/name"):
            sqlalchemy_url(url)


class TestEnsureDatabase:
    def test_makes_what_is_missing_and_leaves_what_is_there(
        self, server: StoreUrls, worker_number: int
    ) -> None:
        name = f'made "{worker_number}"'
        url = with_database(server.postgres, name)

        ensure_database(url)
        ensure_database(url)

        with psycopg.connect(libpq_conninfo(url)) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (name,)
        with psycopg.connect(libpq_conninfo(server.postgres), autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("DROP DATABASE {}").format(psycopg.sql.Identifier(name)))


class TestRunScript:
    def test_runs_several_statements_with_colons_and_percents(self, app: Flask) -> None:
        connection = db.session.connection()

        run_script(connection, "CREATE TABLE t (a text); INSERT INTO t VALUES ('5 % :of %s');")

        assert connection.execute(text("SELECT a FROM t")).scalar() == "5 % :of %s"


class TestViolated:
    def broken(self, statement: str) -> IntegrityError:
        with pytest.raises(IntegrityError) as caught, db.session.begin_nested():
            db.session.execute(text(statement))
        return caught.value

    def test_names_the_constraint(self, app: Flask) -> None:
        db.session.execute(text("CREATE TABLE t (a int CONSTRAINT a_is_small CHECK (a < 10))"))

        error = self.broken("INSERT INTO t VALUES (11)")

        assert violated(error) == "a_is_small"

    def test_is_none_where_no_constraint_was_broken(self, app: Flask) -> None:
        with pytest.raises(psycopg.Error) as caught:
            db.session.connection().connection.driver_connection.execute("SELECT 1/0")  # type: ignore[union-attr]
        error: Any = IntegrityError("SELECT 1/0", {}, caught.value)

        assert violated(error) is None
