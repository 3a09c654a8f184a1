"""Where the gateway keeps its state: one SQLite file that several threads and processes may use at once."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

BUSY_SECONDS: Final = 30
_TABLES: Final = ("objects", "movements", "keys", "timers", "deliveries", "faults", "meta")
# Objects are what the API answers with, as JSON; the other tables are what the gateway works with.
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS objects (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
  account TEXT NOT NULL, created INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, account, seq);
CREATE INDEX IF NOT EXISTS objects_by_intent ON objects (json_extract(body, '$.payment_intent'))
  WHERE json_extract(body, '$.payment_intent') IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_by_group ON objects (json_extract(body, '$.transfer_group'))
  WHERE json_extract(body, '$.transfer_group') IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_by_transaction ON objects (json_extract(body, '$.source_transaction'))
  WHERE json_extract(body, '$.source_transaction') IS NOT NULL;
CREATE TABLE IF NOT EXISTS movements (
  account TEXT NOT NULL, currency TEXT NOT NULL, available_on INTEGER NOT NULL, net INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS movements_by_account ON movements (account, currency, available_on, net);
CREATE TABLE IF NOT EXISTS keys (
  account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, claimed_at REAL NOT NULL,
  made_at INTEGER NOT NULL, status INTEGER, body TEXT, PRIMARY KEY (account, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_by_age ON keys (made_at);
CREATE TABLE IF NOT EXISTS timers (
  id INTEGER PRIMARY KEY AUTOINCREMENT, due INTEGER NOT NULL, what TEXT NOT NULL, object TEXT NOT NULL,
  account TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS timers_by_due ON timers (due);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL,
  state TEXT NOT NULL, status INTEGER);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (due) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS faults (
  id INTEGER PRIMARY KEY AUTOINCREMENT, method TEXT NOT NULL, path TEXT NOT NULL, moment TEXT NOT NULL,
  times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Store:
    """The file. Writers wait for one another; readers see the state as it last was committed."""

    def __init__(self, file: Path, *, durable: bool = True) -> None:
        """Open `file`, made when it is not there. Not `durable`: a crash of the machine may lose it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._durable = durable
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._process = os.getpid()
        with self._connection() as connection:
            connection.executescript(_SCHEMA)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that changes something: kept at the end, undone by an exception."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A transaction that sees one moment and changes nothing."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    def clear(self) -> None:
        """Forget everything."""
        with self.writing() as connection:
            for table in _TABLES:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 (names of our own)
            connection.execute("DELETE FROM sqlite_sequence")

    def close(self) -> None:
        """Close the connections that nobody uses at this moment: at the end, all of them."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = self._taken() or self._opened()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)

    def _taken(self) -> sqlite3.Connection | None:
        with self._lock:
            if self._process != os.getpid():
                # A connection must not be carried across a fork.
                self._process, self._idle = os.getpid(), []
            return self._idle.pop() if self._idle else None

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'OFF'}")
        return connection
