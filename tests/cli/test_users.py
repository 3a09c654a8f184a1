import pytest
import svcs
from click.testing import Result
from flask import Flask

from backend.domains.identity.service import UserService
from backend.infra.audit import AuditLog
from backend.kernel.roles import Role
from tests.factories.identity import PASSWORD, make_user


def flask_users(
    app: Flask, *args: str, typed: str | None = None, env: dict[str, str] | None = None
) -> Result:
    return app.test_cli_runner().invoke(args=["users", *args], input=typed, env=env)


class TestCreateAdmin:
    def test_asks_for_the_password_and_never_shows_it(self, app: Flask) -> None:
        result = flask_users(app, "create-admin", "root@example.com", typed=f"{PASSWORD}\n{PASSWORD}\n")

        assert result.exit_code == 0
        assert PASSWORD not in result.output
        users = svcs.flask.get(UserService)
        assert users.authenticate(email="root@example.com", password=PASSWORD).roles >= {Role.ADMIN}

    def test_takes_the_password_from_the_environment(self, app: Flask) -> None:
        result = flask_users(
            app, "create-admin", "root@example.com", env={"CLIMBUP_ADMIN_PASSWORD": PASSWORD}
        )

        assert result.exit_code == 0
        assert PASSWORD not in result.output

    def test_is_in_the_audit_log_without_the_password(self, app: Flask) -> None:
        flask_users(app, "create-admin", "root@example.com", "--password", PASSWORD)

        user = svcs.flask.get(UserService).user_with_email(email="root@example.com")
        (entry,) = svcs.flask.get(AuditLog).of(user.id)

        assert (entry.actor_id, entry.action) == ("cli", "user.admin_created")
        assert entry.after == {"email": "root@example.com", "roles": ["admin", "customer"]}

    @pytest.mark.parametrize(
        ("email", "password", "reason"),
        [
            ("root@example.com", "short", "10 to 200 characters"),
            ("nowhere", PASSWORD, "not valid"),
            ("taken@example.com", PASSWORD, "registered already"),
        ],
    )
    def test_says_what_is_wrong(self, app: Flask, email: str, password: str, reason: str) -> None:
        make_user(email="taken@example.com")

        result = flask_users(app, "create-admin", email, "--password", password)

        assert result.exit_code == 1
        assert result.output.startswith("Error: ")
        assert reason in result.output


class TestGrant:
    def test_adds_a_role_and_notes_it(self, app: Flask) -> None:
        user = make_user(email="ada@example.com")

        result = flask_users(app, "grant", "Ada@example.com", "support")

        assert result.output.endswith("has the roles customer, support.\n")
        assert svcs.flask.get(UserService).user(user.id).roles == {Role.CUSTOMER, Role.SUPPORT}
        (entry,) = svcs.flask.get(AuditLog).of(user.id)
        assert (entry.action, entry.before, entry.after) == (
            "user.role_granted",
            {"roles": ["customer"]},
            {"roles": ["customer", "support"]},
        )

    def test_does_not_know_strangers(self, app: Flask) -> None:
        result = flask_users(app, "grant", "nobody@example.com", "support")

        assert result.exit_code == 1
        assert "no user with the e-mail address" in result.output

    def test_does_not_know_other_roles(self, app: Flask) -> None:
        result = flask_users(app, "grant", "nobody@example.com", "king")

        assert result.exit_code == 2
        assert "'king' is not one of" in result.output
