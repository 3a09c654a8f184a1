"""The pool of connections."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from backend.infra.postgres import ping_idle, sqlalchemy_url
from tests.conftest import Stores

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
