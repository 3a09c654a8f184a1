"""The gateway as a whole: its state, its clock, its web application and its webhooks."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from flask import Flask

from backend.local_stripe import faults, timers, webhooks
from backend.local_stripe.app import create_app
from backend.local_stripe.book import Book
from backend.local_stripe.errors import Json
from backend.local_stripe.faults import Moment
from backend.local_stripe.options import Options
from backend.local_stripe.store import Store
from backend.local_stripe.webhooks import Post, Sent, post_over_http

Now = Callable[[], datetime]


def _machine_time() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 (an outside system has a clock of its own)


class LocalStripe:
    """A gateway with its state in `file`. The same seed, clock and requests give the same answers.

    `app` is its WSGI application; `close` gives back what it holds. Nothing happens by itself: whoever
    serves it calls `deliver_due` again and again (`__main__.py`), a test when it likes.
    """

    def __init__(
        self,
        file: Path,
        *,
        options: Options | None = None,
        now: Now = _machine_time,
        seed: str | None = None,
        post: Post = post_over_http,
        durable: bool = True,
    ) -> None:
        self.store: Final = Store(file, durable=durable)
        self._options = options or Options()
        self._now = now
        self._seed = seed
        self._post = post
        self._plant()
        self.app: Final[Flask] = create_app(self.store, self.options, self._seconds)

    @property
    def options(self) -> Options:
        """What is set, also by requests to /local/webhooks."""
        return webhooks.configured(self.store, self._options)

    def deliver_due(self, now: datetime | None = None, *, post: Post | None = None) -> list[Sent]:
        """Let what is due happen, and send the webhooks that are due (by `post`, if given)."""
        moment = (now or self._now()).timestamp()
        timers.run_due(self.store, self.options, int(moment))
        return webhooks.deliver_due(self.store, self.options, post or self._post, now=moment)

    def deliver(self, event_id: str, *, post: Post | None = None) -> Sent:
        """Send one event now, again or although it was to be lost."""
        now = self._now().timestamp()
        return webhooks.deliver(self.store, self.options, post or self._post, event_id, now=now)

    def next_due(self) -> datetime | None:
        """When the next webhook is due, None when none waits."""
        due = webhooks.next_due(self.store)
        return None if due is None else datetime.fromtimestamp(due, UTC)

    def events(self, kind: str | None = None) -> list[Json]:
        """All events that were, or those of a kind, oldest first."""
        with self.store.reading() as connection:
            book = Book(connection, self._options, self._seconds())
            return book.all("event", {} if kind is None else {"type": kind})

    def fail(self, path: str, moment: Moment, *, method: str = "POST", times: int = 1) -> None:
        """Let the next `times` requests to paths like the pattern `path` go wrong."""
        faults.plan(self.store, path=path, moment=moment, method=method, times=times)

    def clear(self) -> None:
        """Begin again with nothing."""
        self.store.clear()
        self._plant()

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    def _seconds(self) -> int:
        return int(self._now().timestamp())

    def _plant(self) -> None:
        with self.store.writing() as connection:
            seed = self._seed or secrets.token_hex(16)
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('seed', ?)", (seed,))
