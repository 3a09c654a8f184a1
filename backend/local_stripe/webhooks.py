"""Webhooks: signed events, sent again with growing pauses until the receiver answers 2xx."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

from backend.local_stripe.book import Book
from backend.local_stripe.errors import Json, invalid
from backend.local_stripe.options import Options, Webhooks
from backend.local_stripe.store import Store
from backend.local_stripe.wire import Params

# url, body and headers to the status of the answer; OSError when nobody answers.
Post = Callable[[str, bytes, dict[str, str]], int]
_TIMEOUT_SECONDS: Final = 10
_FIRST_PAUSE: Final = 2.0
_LONGEST_PAUSE: Final = 3600.0
# Afterwards Stripe gives an event up: three days, in live mode.
_GIVEN_UP_AFTER: Final = 16
# While one process sends it, no other does.
_LEASE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt: `status` is what the receiver answered, None when it did not."""

    event: str
    kind: str
    status: int | None


def signature(payload: bytes, *, secret: str, at: int) -> str:
    """The header `Stripe-Signature`: when it was signed, and the HMAC of that and the raw body."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def deliver_due(store: Store, options: Options, post: Post, *, now: float) -> list[Sent]:
    """Send what is due, one after the other; what is not answered with 2xx is tried again later."""
    sent = []
    while (taken := _take(store, now)) is not None:
        number, attempts, event = taken
        status = _send(options.webhooks, post, event, int(now))
        _note(store, number, attempts + 1, status, now)
        sent.append(Sent(event["id"], event["type"], status))
    return sent


def deliver(store: Store, options: Options, post: Post, event_id: str, *, now: float) -> Sent:
    """Send one event now, whether it is due, was sent, or was lost."""
    with store.reading() as connection:
        event = Book(connection, options, int(now)).get("event", event_id)
    return Sent(event_id, event["type"], _send(options.webhooks, post, event, int(now)))


def next_due(store: Store) -> float | None:
    """When the next delivery is due, None when nothing waits."""
    with store.reading() as connection:
        row = connection.execute("SELECT MIN(due) FROM deliveries WHERE state = 'waiting'").fetchone()
    return None if row[0] is None else float(row[0])


def configured(store: Store, options: Options) -> Options:
    """`options` with the webhooks as they were set while it ran."""
    with store.reading() as connection:
        row = connection.execute("SELECT value FROM meta WHERE name = 'webhooks'").fetchone()
    if row is None:
        return options
    return replace(options, webhooks=replace(options.webhooks, **json.loads(row[0])))


def configure(book: Book, params: Params) -> Json:
    """POST /local/webhooks: where events go and how badly; what is not given stays."""
    changes: dict[str, Any] = {n: params.text(n) for n in ("url", "secret") if n in params}
    for name in ("late", "spread", "twice", "lost"):
        value = params.text(name)
        if value is not None:
            changes[name] = _number(name, value)
    row = book.connection.execute("SELECT value FROM meta WHERE name = 'webhooks'").fetchone()
    # Only what was changed is kept: the rest is as it is set when the gateway starts.
    kept = {**(json.loads(row[0]) if row else {}), **changes}
    book.connection.execute("INSERT OR REPLACE INTO meta VALUES ('webhooks', ?)", (json.dumps(kept),))
    webhooks = asdict(replace(book.options.webhooks, **changes))
    return {"object": "local.webhooks", **{k: v for k, v in webhooks.items() if k != "secret"}}


def post_over_http(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send a body as the network does."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("POST", parts.path or "/", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _take(store: Store, now: float) -> tuple[int, int, Json] | None:
    with store.writing() as connection:
        row = connection.execute(
            "UPDATE deliveries SET due = ? WHERE id = (SELECT id FROM deliveries WHERE state = 'waiting' "
            "AND due <= ? ORDER BY due, id LIMIT 1) RETURNING id, attempts, event",
            (now + _LEASE, now),
        ).fetchone()
        if row is None:
            return None
        body = connection.execute("SELECT body FROM objects WHERE id = ?", (row[2],)).fetchone()
    return row[0], row[1], json.loads(body[0])


def _send(webhooks: Webhooks, post: Post, event: Json, now: int) -> int | None:
    if webhooks.url is None:
        return None
    payload = json.dumps(event, indent=2).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature(payload, secret=webhooks.secret, at=now),
        "User-Agent": "Stripe/1.0 (local)",
    }
    try:
        return post(webhooks.url, payload, headers)
    except (OSError, HTTPException):
        return None


def _note(store: Store, number: int, attempts: int, status: int | None, now: float) -> None:
    arrived = status is not None and 200 <= status < 300  # noqa: PLR2004 (what HTTP calls success)
    state = "arrived" if arrived else "given_up" if attempts >= _GIVEN_UP_AFTER else "waiting"
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (attempts - 1))
    with store.writing() as connection:
        connection.execute(
            "UPDATE deliveries SET attempts = ?, status = ?, state = ?, due = ? WHERE id = ?",
            (attempts, status, state, now + pause, number),
        )


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise invalid(name, f"Invalid number: {text}") from None
