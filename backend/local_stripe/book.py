"""One unit of work over the gateway's state: objects by their ids, events, and things to do later."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from backend.local_stripe.errors import Json, no_such
from backend.local_stripe.options import Options
from backend.local_stripe.plan import plan_deliveries
from backend.local_stripe.wire import shown

PLATFORM: Final = ""
API_VERSION: Final = "2026-10-28.endive"
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# What Stripe calls an object in the sentence that there is none.
_SPOKEN: Final = {"payment_method": "PaymentMethod"}


@dataclass(frozen=True, slots=True)
class Origin:
    """The request that something happens for: its id and idempotency key. Timers have neither."""

    id: str | None = None
    key: str | None = None


@dataclass(slots=True)
class Book:
    """What a request reads and writes, in one transaction, for one account (`PLATFORM`, or `acct_…`)."""

    connection: sqlite3.Connection
    options: Options
    now: int
    account: str = PLATFORM
    origin: Origin = field(default_factory=Origin)

    def new_id(self, prefix: str, length: int = 24) -> str:
        """A fresh id. The same seed and the same requests in the same order give the same ids."""
        row = self.connection.execute(
            "INSERT INTO meta VALUES ('counter', '1') "
            "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
        ).fetchone()
        digest = hashlib.sha512(f"{self._seed()}:{row[0]}".encode()).digest()
        letters = [_ALPHABET[byte % len(_ALPHABET)] for byte in digest]
        return f"{prefix}_{''.join(letters[:length])}"

    def add(self, thing: Json, *, account: str | None = None) -> Json:
        """Store a new object; `thing["object"]` is its kind."""
        self.connection.execute(
            "INSERT INTO objects (id, kind, account, created, body) VALUES (?, ?, ?, ?, ?)",
            (
                thing["id"],
                thing["object"],
                self.account if account is None else account,
                thing.get("created", self.now),
                json.dumps(thing),
            ),
        )
        return thing

    def save(self, thing: Json) -> Json:
        """Store what an object became."""
        self.connection.execute("UPDATE objects SET body = ? WHERE id = ?", (json.dumps(thing), thing["id"]))
        return thing

    def get(self, kind: str, name: str, *, param: str | None = None) -> Json:
        """The object of this account; `resource_missing` when there is none.

        `param` names the parameter that held the id; without, it was in the address.
        """
        row = self.connection.execute(
            "SELECT body FROM objects WHERE id = ? AND kind = ? AND account = ?", (name, kind, self.account)
        ).fetchone()
        if row is None:
            status = 404 if param is None else 400
            raise no_such(_SPOKEN.get(kind, kind), name, param=param or "id", status=status)
        return dict(json.loads(row[0]))

    def look_up(self, name: str) -> Json | None:
        """Any object of this account by its id, or None."""
        row = self.connection.execute(
            "SELECT body FROM objects WHERE id = ? AND account = ?", (name, self.account)
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def remove(self, name: str) -> None:
        """Forget an object."""
        self.connection.execute("DELETE FROM objects WHERE id = ?", (name,))

    def all(self, kind: str, where: Mapping[str, Any], *, account: str | None = None) -> list[Json]:
        """The objects of a kind whose members have the values of `where`, oldest first."""
        tests = "".join(f" AND json_extract(body, '$.{name}') = ?" for name in where)
        rows = self.connection.execute(
            f"SELECT body FROM objects WHERE kind = ? AND account = ?{tests} ORDER BY seq",  # noqa: S608 (names of our own)
            (kind, self.account if account is None else account, *where.values()),
        )
        return [dict(json.loads(body)) for (body,) in rows]

    def emit(self, kind: str, thing: Json, *, account: str = PLATFORM) -> None:
        """Store an event about `thing` as it is now, and plan its deliveries."""
        event: Json = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now,
            "data": {"object": shown(thing)},
            "livemode": False,
            "pending_webhooks": 1 if self.options.webhooks.url else 0,
            "request": {"id": self.origin.id, "idempotency_key": self.origin.key},
            "type": kind,
        }
        if account or self.account:
            event["account"] = account or self.account
        self.add(event, account=PLATFORM)
        plan_deliveries(self.connection, event["id"], self.now, self.options.webhooks, self._seed())

    def later(self, seconds: int, what: str, name: str) -> None:
        """Let the timer `what` (timers.py) look at the object in `seconds`."""
        self.connection.execute(
            "INSERT INTO timers (due, what, object, account) VALUES (?, ?, ?, ?)",
            (self.now + seconds, what, name, self.account),
        )

    def _seed(self) -> str:
        row = self.connection.execute("SELECT value FROM meta WHERE name = 'seed'").fetchone()
        return str(row[0])
