from flask import Flask

from backend.kernel.roles import Role
from backend.web import auth
from tests.factories.identity import auth_headers, make_user


class TestCaller:
    def test_is_the_user_of_the_access_token(self, app: Flask) -> None:
        user = make_user(roles=[Role.SUPPORT])
        headers = auth_headers(app, user)

        with app.test_request_context(headers=headers):
            found = auth.caller()

        assert found.user_id == user.id
        assert found.roles == {Role.SUPPORT}
