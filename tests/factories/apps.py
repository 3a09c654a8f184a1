"""Applications of a test's own, which really commit; to be used with the fixture `own_stores`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Flask

from backend.factory import create_app
from backend.infra.closing import close_app
from backend.wiring import Parts
from tests.conftest import OwnContextClient, Stores, make_settings
from tests.fakes.passwords import CHEAP
from tests.fakes.trials import try_once

# A port on which nothing listens.
NO_REDIS = "redis://127.0.0.1:1/0"


@contextmanager
def running_app(stores: Stores, parts: Parts | None = None, **settings: Any) -> Iterator[Flask]:
    """An application with `settings` changed, as another process would have it; closed afterwards.

    Where `parts` leaves them open, passwords are hashed cheaply and the same rules are tried once.
    """
    parts = parts or Parts()
    quick = replace(parts, passwords=parts.passwords or CHEAP, try_rules=parts.try_rules or try_once)
    app = create_app(make_settings(stores, **settings), quick)
    app.test_client_class = OwnContextClient
    try:
        yield app
    finally:
        close_app(app)
