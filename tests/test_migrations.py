"""The models and the database that the migrations make are the same thing, and the way back works."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import String, inspect

from backend.infra.postgres import db
from tests.conftest import Stores
from tests.factories.apps import running_app


def _is_mapped(_thing: Any, name: str | None, kind: str, _reflected: object, _twin: Any) -> bool:
    return kind != "table" or name in db.metadata.tables


def _differs(_context: Any, _column: Any, _model_column: Any, found: Any, mapped: Any) -> bool | None:
    """Text and varchar without a length hold the same; of the others alembic knows (None)."""
    both_text = isinstance(found, String) and isinstance(mapped, String)
    return False if both_text and found.length == mapped.length else None


class TestMigrations:
    def test_make_what_the_models_say(self, app: Flask) -> None:
        options = {"include_object": _is_mapped, "compare_type": _differs}
        context = MigrationContext.configure(db.session.connection(), opts=options)

        differences = compare_metadata(context, db.metadata)

        assert [str(difference) for difference in differences] == []

    def test_go_down_to_nothing_and_up_again(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            made = set(inspect(db.engine).get_table_names())
            downgrade(revision="base")
            left = set(inspect(db.engine).get_table_names())
            upgrade()
            made_again = set(inspect(db.engine).get_table_names())

        assert "providers" in made - left
        assert made_again == made
