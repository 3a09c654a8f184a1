"""The worker process of gunicorn: threads for requests, a hub for streams, and an end that drops neither.

It leans on these parts of gunicorn's threaded worker, which tests/cli/test_gunicorn_conf.py guards: a
connection (`conn.sock`) is taken by `accept` and counted in `nr_conns`, handled by `handle` in a thread of
the pool, and what that returns reaches `finish_request` in the main thread, which closes the connection or
waits for its next request.
"""

import resource
import select
import time
from collections.abc import Callable, Iterable
from socket import socket
from typing import TYPE_CHECKING, Any, Final

import svcs
from flask import Flask
from gunicorn.workers.gthread import ThreadWorker

from backend.web.hub import Hub
from backend.web.streams import HAND_OVER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Begin = Callable[[socket], None]
# Of `handle`: the connection is not the worker's any more.
HANDED_OVER: Final = object()
# How long a worker lets others go first to a new connection, for each one that it has: of those kept alive,
# which will ask again soon, and of streams.
SECONDS_A_CONNECTION: Final = 100e-6
SECONDS_A_STREAM: Final = 1e-6
# What else the main thread has to hand out waits as long.
MOST_SECONDS: Final = 2e-3


class HandedOver(BaseException):
    """Leaves gunicorn's handling of a request to which somebody else answers.

    Not an Exception: to one gunicorn would answer with a 500.
    """

    def __init__(self, begin: Begin) -> None:
        super().__init__("the connection is handed over")
        self.begin = begin


class HandingOver:
    """WSGI middleware that lets an answer take the connection (`HAND_OVER`): then HandedOver is raised."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer, or raise HandedOver."""
        taken: list[Begin] = []
        environ[HAND_OVER] = taken.append
        body = self._app(environ, start_response)
        if not taken:
            return body
        if hasattr(body, "close"):
            body.close()
        raise HandedOver(taken[0])


class WebWorker(ThreadWorker):  # type: ignore[misc]
    """A worker whose open streams cost no thread, and that, when it stops, drops no request.

    It still answers the connections that wait in its sockets' queues. The sockets are then closed at once,
    so that who comes later is refused and may try again elsewhere, instead of waiting for an answer until
    the process ends and resets the connection. Streams end at once: their clients connect again.
    """

    def load_wsgi(self) -> None:
        """Load the application, and let its answers take connections."""
        super().load_wsgi()
        app: Any = self.wsgi
        self.flask = app if isinstance(app, Flask) else None
        self._hub = None if self.flask is None else _hub_of(self.flask)
        self.wsgi: Any = HandingOver(app)

    def init_process(self) -> None:
        """Begin, with as many files open as the system lets a process have: each stream is one."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        super().init_process()

    def run(self) -> None:
        """Serve until told to stop, and wait for the last words to those who watched."""
        super().run()
        if self._hub is not None:
            self._hub.close()

    def accept(self, listener: Any) -> None:
        """Take a new connection, the sooner the fewer this worker has.

        All workers are woken for each; without a pause the same one would win most of them, and its end
        would break most streams.
        """
        if self.alive:
            streams = 0 if self._hub is None else self._hub.streams
            time.sleep(pause_before_accepting(connections=self.nr_conns, streams=streams))
        super().accept(listener)

    def handle(self, conn: Any) -> Any:
        """Handle a request, in a thread of the pool."""
        try:
            return super().handle(conn)
        except HandedOver as handed:
            handed.begin(conn.sock)
            return HANDED_OVER

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Do with the connection what its request led to: nothing when it was handed over."""
        if not fs.cancelled() and fs.exception() is None and fs.result() is HANDED_OVER:
            self.nr_conns -= 1
        else:
            super().finish_request(conn, fs)

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 (gunicorn's signature)
        """Stop or start accepting; at the last stop end all streams, take what waits, and close."""
        last = not (enabled or self.alive)
        if last and self._hub is not None:
            self._hub.end_streams()
        for listener in self.sockets if last else ():
            while select.select([listener], [], [], 0)[0]:
                self.accept(listener)
        super().set_accept_enabled(enabled)
        while last and self.sockets:
            self.sockets.pop().close()


def pause_before_accepting(*, connections: int, streams: int) -> float:
    """Seconds that a worker with so many kept-alive connections and streams lets others go first."""
    return min(connections * SECONDS_A_CONNECTION + streams * SECONDS_A_STREAM, MOST_SECONDS)


def _hub_of(app: Flask) -> Hub:
    with app.app_context():
        return svcs.flask.get(Hub)
