"""Idempotency keys: the work of a key is done once, and answered the same afterwards."""

import hashlib
import json
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from backend.local_stripe.errors import ApiError, Json
from backend.local_stripe.options import Options
from backend.local_stripe.store import Store


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back: `remembered` for the same key, `replayed` when it was remembered."""

    status: int
    body: Json
    remembered: bool = True
    replayed: bool = False


def fingerprint(method: str, path: str, params: dict[str, Any]) -> str:
    """What a repetition must have in common with the first request of its key."""
    return hashlib.sha256(json.dumps([method, path, params], sort_keys=True).encode()).hexdigest()


def claim(store: Store, options: Options, *, account: str, key: str, print_: str, now: int) -> Answer | None:
    """The remembered answer, or None when the work is now the caller's to do.

    `idempotency_error` for a key of another request, `idempotency_key_in_use` while the first one runs.
    """
    moment = time.time()
    with store.writing() as connection:
        connection.execute("DELETE FROM keys WHERE made_at <= ?", (now - options.remembers_keys_for,))
        row = connection.execute(
            "SELECT fingerprint, claimed_at, status, body FROM keys WHERE account = ? AND key = ?",
            (account, key),
        ).fetchone()
        if row is not None:
            _require_same(row[0], print_, key)
            if row[2] is not None:
                return Answer(row[2], json.loads(row[3]), replayed=True)
            _require_free(row[1], moment - options.claims_key_for)
        connection.execute(
            "INSERT OR REPLACE INTO keys (account, key, fingerprint, claimed_at, made_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (account, key, print_, moment, now),
        )
    return None


def keep(connection: sqlite3.Connection, answer: Answer, *, account: str, key: str) -> None:
    """Remember an answer, in the transaction of its work; one that is not to be remembered frees the key."""
    if answer.remembered:
        connection.execute(
            "UPDATE keys SET status = ?, body = ? WHERE account = ? AND key = ?",
            (answer.status, json.dumps(answer.body), account, key),
        )
    else:
        release(connection, account=account, key=key)


def release(connection: sqlite3.Connection, *, account: str, key: str) -> None:
    """Free a key whose work was not done."""
    connection.execute("DELETE FROM keys WHERE account = ? AND key = ?", (account, key))


def _require_same(first: str, second: str, key: str) -> None:
    if first != second:
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were first used "
            f"with. Try using a key other than '{key}' if you meant to execute a different request."
        )
        raise ApiError(message, kind="idempotency_error")


def _require_free(claimed_at: float, oldest: float) -> None:
    if claimed_at > oldest:
        message = (
            "There is currently another in-progress request using this Idempotent Key (that probably means "
            "you submitted twice, and the other request is still going through)."
        )
        raise ApiError(message, status=409, kind="idempotency_error", code="idempotency_key_in_use")
