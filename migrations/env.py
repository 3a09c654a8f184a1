"""Runs migrations on the application's own engine, one transaction each, one runner at a time."""

from typing import Final

from alembic import context
from flask import current_app
from sqlalchemy import text

# Any constant will do, as long as all runners use it: two pods that start at once take turns.
ADVISORY_LOCK: Final = 0x636C696D

db = current_app.extensions["migrate"].db


def run() -> None:
    """Bring the database of the application to the asked revision."""
    with db.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=db.metadata, transaction_per_migration=False)
        with context.begin_transaction():
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Offline SQL is not supported: run `flask db upgrade` against the database.")
run()
