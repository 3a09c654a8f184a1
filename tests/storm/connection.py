"""Where a world of random lives keeps its transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def connection_of(engine: Any) -> Iterator[Any]:
    """A connection of its own, or the one that a test works on already."""
    if hasattr(engine, "in_transaction"):
        yield engine
        return
    with engine.connect() as connection:
        yield connection
