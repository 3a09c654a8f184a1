"""A WSGI application that takes its time, to be stopped in the middle of it."""

import time
from collections.abc import Callable, Iterable
from typing import Any


def application(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer after a fifth of a second."""
    time.sleep(0.2)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
