"""Counts SQL statements where they arrive: in the log of the PostgreSQL server, whoever sends them.

A program's own count would depend on its library; the server's log has what each of them really sent.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import psycopg

from backend.infra.postgres import libpq_conninfo

STATEMENT: Final = re.compile(r"^(\w+)\|LOG:  (?:statement|execute [^:]*): (\w+|;)", re.MULTILINE)
# An empty statement asks a connection that was idle whether it still lives.
TRANSACTION: Final = frozenset({";", "BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
SETTLE_SECONDS: Final = 0.05
SWITCH_ON: Final = ("ALTER SYSTEM SET log_statement = 'all'", "ALTER SYSTEM SET log_line_prefix = '%d|'")
SWITCH_OFF: Final = ("ALTER SYSTEM RESET log_statement", "ALTER SYSTEM RESET log_line_prefix")


@dataclass(frozen=True)
class Statements:
    """How many of a request: those that read or write, and those of transactions and tries."""

    work: int
    transaction: int


def counted(log: str, database: str) -> Statements:
    """The statements that a stretch of the server's log has of one database."""
    words = [word.upper() for name, word in STATEMENT.findall(log) if name == database]
    transaction = sum(word in TRANSACTION for word in words)
    return Statements(len(words) - transaction, transaction)


def middle(counts: Sequence[Statements]) -> Statements:
    """The median request, in which what runs in the background now and then does not show."""
    return Statements(
        int(median(count.work for count in counts)), int(median(count.transaction for count in counts))
    )


@contextmanager
def logged(server: str) -> Iterator[None]:
    """The server logs every statement while the block runs."""
    _tell(server, SWITCH_ON)
    try:
        yield
    finally:
        _tell(server, SWITCH_OFF)


def count_each(log: Path, database: str, ask: Callable[[], object], *, times: int) -> Statements:
    """What the median of so many calls of `ask` sent to `database`, while the server logs."""
    counts = []
    # The first one only lets the connections of its program learn that all is logged now.
    ask()
    for _ in range(times):
        time.sleep(SETTLE_SECONDS)
        start = log.stat().st_size
        ask()
        time.sleep(SETTLE_SECONDS)
        with log.open("rb") as file:
            file.seek(start)
            counts.append(counted(file.read().decode(errors="replace"), database))
    return middle(counts)


def _tell(server: str, commands: Sequence[str]) -> None:
    with psycopg.connect(libpq_conninfo(server), autocommit=True) as connection:
        for command in (*commands, "SELECT pg_reload_conf()"):
            connection.execute(command.encode())
