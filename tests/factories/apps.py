"""Applications of a test's own, which really commit; to be used with the fixture `own_stores`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from backend.factory import create_app
from backend.infra.postgres import db
from backend.wiring.rules import FOLLOWER
from tests.conftest import Stores, make_settings

# A port on which nothing listens.
NO_REDIS = "redis://127.0.0.1:1/0"


@contextmanager
def running_app(stores: Stores, **settings: Any) -> Iterator[Flask]:
    """An application with `settings` changed, as another process would have it."""
    app = create_app(make_settings(stores, **settings))
    try:
        yield app
    finally:
        app.extensions[FOLLOWER].set()
        with app.app_context():
            db.engine.dispose()
