"""Answers that go on: server-sent events of something that is being watched.

A server that knows how to (backend/cli/web_worker.py) puts a function into the WSGI environment, by which
the answer hands its connection over to the hub and gives its thread back. Any other server iterates, and
keeps a thread for each open stream.
"""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import marshmallow as ma
from flask import Response, request
from werkzeug.http import http_date

from backend.kernel.errors import InvalidError
from backend.web.fields import QuerySchema
from backend.web.hub import Hub, Subscription
from backend.web.sse import CONTENT_TYPE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# In the environment of a server that can give the connection away: takes what is to be done with it.
HAND_OVER: Final = "climbup.hand_over"

HEADER: Final = "Last-Event-ID"
# What browsers' substitutes for EventSource send in place of the header.
PARAMETER: Final = "lastEventId"
_MOST_DIGITS: Final = 9
_RESUMED: Final = "The id of the last event that was received; what followed it is sent first."
# For `@blueprint.doc(**RESUMED)`.
RESUMED: Final[dict[str, Any]] = {
    "parameters": [
        {
            "in": "header",
            "name": HEADER,
            "required": False,
            "schema": {"type": "integer", "minimum": 0},
            "description": _RESUMED,
        }
    ]
}


class ResumedQuery(QuerySchema):
    """The header as a parameter; it is read by `last_event_id`, which looks at both."""

    lastEventId = ma.fields.String(  # noqa: N815 (its name in browsers' substitutes for EventSource)
        metadata={"description": _RESUMED}
    )


class EventStream(Response):
    """What `subscription` tells, until nothing can follow or the client leaves."""

    def __init__(self, hub: Hub, subscription: Subscription) -> None:
        super().__init__(content_type=CONTENT_TYPE, direct_passthrough=True)
        # Proxies pass on each event at once instead of waiting for more.
        self.headers["X-Accel-Buffering"] = "no"
        self.headers["Cache-Control"] = "no-store"
        self._hub = hub
        self._subscription = subscription

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Hand the connection over, or else iterate."""
        headers = self.get_wsgi_headers(environ)
        headers.pop("Content-Length", None)
        start_response(self.status, headers.to_wsgi_list())
        if environ["REQUEST_METHOD"] == "HEAD":
            return ()
        hand_over = environ.get(HAND_OVER)
        if hand_over is None:
            return _Iterated(self._hub, self._subscription)
        head = _head(self.status, headers.to_wsgi_list())
        hand_over(lambda connection: self._hub.take_over(connection, head, self._subscription))
        return ()


class _Iterated:
    """A stream for a server that iterates; it calls `close` when the client has left."""

    def __init__(self, hub: Hub, subscription: Subscription) -> None:
        self._hub = hub
        self._data, self._sink = hub.iterate(subscription)

    def __iter__(self) -> Iterator[bytes]:
        return self._data

    def close(self) -> None:
        """Nobody reads any more."""
        self._hub.abandon(self._sink)


def _head(status: str, headers: list[tuple[str, str]]) -> bytes:
    """The head of an answer that ends when its connection does."""
    lines = [f"HTTP/1.1 {status}", f"Date: {http_date()}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def event_stream(hub: Hub, subscription: Subscription) -> Response:
    """The answer to who watches; `204 No Content` when nothing new can follow, which ends their attempts.

    TooManyError or UpstreamError when there are too many streams.
    """
    if subscription.first.ends_at is None and not subscription.first.after(subscription.after):
        return Response(status=HTTPStatus.NO_CONTENT)
    hub.admit(subscription.owner)
    return EventStream(hub, subscription)


def last_event_id() -> int:
    """The number of the last event that the client of this request has had; 0 for none. InvalidError."""
    given = request.headers.get(HEADER) or request.args.get(PARAMETER) or "0"
    if given.isascii() and given.isdigit() and len(given) <= _MOST_DIGITS:
        return int(given)
    raise InvalidError(
        f"{HEADER} must be the `id` of an event of this stream, a whole number.",
        errors={HEADER: ["Not a whole number."]},
    )
