"""Groups of commands that work on the database."""

from typing import Any, Final

import click
from flask.cli import AppGroup
from psycopg.errors import UndefinedTable
from sqlalchemy.exc import ProgrammingError

NO_TABLES: Final = (
    "The database has no tables yet: `make run` or `flask db upgrade` makes them; then try again."
)


class DatabaseGroup(AppGroup):
    """A group whose commands say in one sentence that the database was not migrated yet."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that is asked for."""
        try:
            return super().invoke(ctx)
        except ProgrammingError as error:
            if isinstance(error.orig, UndefinedTable):
                raise click.ClickException(NO_TABLES) from None
            raise
