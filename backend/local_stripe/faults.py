"""Faults that somebody asked for: requests that never arrive, answers that are lost, the gateway's errors."""

import re
from enum import StrEnum

from backend.local_stripe.book import Book
from backend.local_stripe.errors import Json, invalid
from backend.local_stripe.store import Store
from backend.local_stripe.wire import Params


class Moment(StrEnum):
    """What goes wrong: before the work, after it (the answer is lost), an error instead of it, or a 429."""

    BEFORE = "before"
    AFTER = "after"
    ERROR = "error"
    BUSY = "busy"


def plan(store: Store, *, path: str, moment: Moment, method: str = "POST", times: int = 1) -> None:
    """Let the next `times` requests whose path matches the pattern `path` wholly go wrong."""
    with store.writing() as connection:
        connection.execute(
            "INSERT INTO faults (method, path, moment, times) VALUES (?, ?, ?, ?)",
            (method, path, moment.value, times),
        )


def take(store: Store, method: str, path: str) -> Moment | None:
    """What is to go wrong with this request, counted down."""
    with store.reading() as connection:
        planned = connection.execute(
            "SELECT id, path, moment FROM faults WHERE method = ? ORDER BY id", (method,)
        ).fetchall()
    for number, pattern, moment in planned:
        if re.fullmatch(pattern, path) and _use(store, number):
            return Moment(moment)
    return None


def create(book: Book, params: Params) -> Json:
    """POST /local/faults."""
    moment = params.one_of("moment", tuple(Moment)) or Moment.BEFORE
    path, method = params.required("path"), params.text("method") or "POST"
    try:
        re.compile(path)
    except re.error:
        raise invalid("path", f"{path} is no regular expression") from None
    times = params.positive("times") or 1
    book.connection.execute(
        "INSERT INTO faults (method, path, moment, times) VALUES (?, ?, ?, ?)",
        (method, path, str(moment), times),
    )
    return {"object": "local.fault", "path": path, "method": method, "moment": str(moment), "times": times}


def _use(store: Store, number: int) -> bool:
    with store.writing() as connection:
        left = connection.execute(
            "UPDATE faults SET times = times - 1 WHERE id = ? AND times > 0 RETURNING times", (number,)
        ).fetchone()
        if left is not None and left[0] == 0:
            connection.execute("DELETE FROM faults WHERE id = ?", (number,))
    return left is not None
