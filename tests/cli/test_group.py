"""Commands on a database without tables."""

import pytest
from sqlalchemy import text

from backend.cli.group import NO_TABLES
from backend.infra.postgres import db
from tests.conftest import Stores
from tests.factories.apps import running_app


class TestDatabaseGroup:
    @pytest.mark.parametrize(
        "words",
        [["rules", "history"], ["users", "grant", "ada@example.com", "admin"], ["ledger", "check"]],
        ids=lambda words: words[0],
    )
    def test_says_in_one_sentence_that_there_are_no_tables_yet(
        self, own_stores: Stores, words: list[str]
    ) -> None:
        with running_app(own_stores) as app, app.app_context():
            with db.engine.begin() as connection:
                connection.execute(text("DROP SCHEMA public CASCADE"))

            ended = app.test_cli_runner().invoke(args=words)

        assert ended.exit_code == 1
        assert ended.output == f"Error: {NO_TABLES}\n"
