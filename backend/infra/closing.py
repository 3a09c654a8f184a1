"""How somebody who is done with an application before its process ends gives everything back.

A server never does: its threads are daemons and end with it. Commands and tests make applications, use
them and go on; a thread or a connection that is left would do something later, when nobody expects it.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from flask import Flask

_CLOSING: Final = "closing"


def on_close(app: Flask, end: Callable[[], object]) -> None:
    """Let `close_app` call `end`; what was begun last is ended first."""
    stack: ExitStack = app.extensions.setdefault(_CLOSING, ExitStack())
    stack.callback(end)


def close_app(app: Flask) -> None:
    """End the threads of `app`, store what it still keeps, and close its connections. Call it once."""
    stack: ExitStack = app.extensions.setdefault(_CLOSING, ExitStack())
    stack.close()
