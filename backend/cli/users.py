"""`flask users`: the first admin, and roles."""

from typing import Final

import click
import svcs

from backend.cli.group import DatabaseGroup
from backend.domains.identity.service import User, UserService
from backend.infra.postgres import db
from backend.kernel.errors import ClimbUpError
from backend.kernel.roles import Role

# Who the audit log names for what is done on the command line.
ACTOR: Final = "cli"

group = DatabaseGroup("users", help="Users and their roles.")


@group.command("create-admin")
@click.argument("email")
@click.option(
    "--password",
    envvar="CLIMBUP_ADMIN_PASSWORD",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="Asked for when neither this nor CLIMBUP_ADMIN_PASSWORD is given.",
)
def create_admin(email: str, password: str) -> None:
    """Make a new user who may do everything."""
    users = svcs.flask.get(UserService)
    try:
        user = users.create_admin(email=email, password=password, actor_id=ACTOR)
    except ClimbUpError as error:
        raise click.ClickException(error.detail) from None
    _committed(user)


@group.command("grant")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
def grant(email: str, role: str) -> None:
    """Give a user one more role; it holds from their next login or refresh on."""
    users = svcs.flask.get(UserService)
    try:
        user = users.grant(email=email, role=Role(role), actor_id=ACTOR)
    except ClimbUpError as error:
        raise click.ClickException(error.detail) from None
    _committed(user)


def _committed(user: User) -> None:
    db.session.commit()
    click.echo(f"{user.email} ({user.id}) has the roles {', '.join(sorted(user.roles))}.")
