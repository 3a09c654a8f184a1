from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_jwt_extended import create_access_token

from backend.kernel.errors import DeniedError, UnauthenticatedError
from backend.kernel.roles import Role
from backend.web import auth, tokens
from tests.factories.identity import PASSWORD, auth_headers, make_user


class TestCaller:
    def test_is_the_user_of_the_access_token(self, app: Flask) -> None:
        user = make_user(roles=[Role.SUPPORT])
        headers = auth_headers(app, user)

        with app.test_request_context(headers=headers):
            found = auth.caller()

        assert found.user_id == user.id
        assert found.roles == {Role.SUPPORT}

    def test_without_a_token_is_a_visitor(self, app: Flask) -> None:
        with app.test_request_context():
            assert auth.optional_caller() is None

    @pytest.mark.parametrize(
        "header",
        ["Bearer", "Bearer x", "Bearer a.b.c", "Bearer a b", "Basic YTpi", "Bearer \u00e9", "x" * 5000],
    )
    def test_a_header_that_is_no_token_is_an_error_and_never_a_visitor(self, app: Flask, header: str) -> None:
        request = app.test_request_context(headers={"Authorization": header})

        with request, pytest.raises(UnauthenticatedError):
            auth.optional_caller()

    def test_an_expired_token_says_how_to_get_a_new_one(self, app: Flask) -> None:
        token = create_access_token(make_user().id, expires_delta=timedelta(seconds=-10))

        request = app.test_request_context(headers={"Authorization": f"Bearer {token}"})

        with request, pytest.raises(UnauthenticatedError, match="expired; POST /api/auth/"):
            auth.caller()

    @pytest.mark.parametrize(
        ("key", "algorithm"),
        [("another secret that is long enough for HS256", "HS256"), (None, "none")],
    )
    def test_a_token_signed_by_another_or_by_nobody_is_refused(
        self, app: Flask, key: str | None, algorithm: str
    ) -> None:
        genuine = auth_headers(app, make_user())["Authorization"].removeprefix("Bearer ")
        claims: dict[str, Any] = jwt.decode(genuine, options={"verify_signature": False})
        forged = jwt.encode({**claims, "roles": ["admin"]}, key, algorithm=algorithm)
        request = app.test_request_context(headers={"Authorization": f"Bearer {forged}"})

        with request, pytest.raises(UnauthenticatedError):
            auth.caller()


class TestAccessTokens:
    def test_that_were_good_before_are_not_when_they_have_expired(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = create_access_token("usr_1", expires_delta=timedelta(seconds=-1))
        headers = {"Authorization": f"Bearer {token}"}

        monkeypatch.setitem(app.config, "JWT_DECODE_LEEWAY", 3600)
        with app.test_request_context(headers=headers):
            claims = tokens.read_access()
        monkeypatch.setitem(app.config, "JWT_DECODE_LEEWAY", 0)

        assert claims is not None
        assert claims["sub"] == "usr_1"
        with app.test_request_context(headers=headers), pytest.raises(UnauthenticatedError, match="expired"):
            tokens.read_access()

    def test_are_not_read_where_a_browser_asks_what_it_may_send(self, app: Flask) -> None:
        headers = {"Authorization": f"Bearer {create_access_token('usr_1')}"}
        read = []

        for method in ("OPTIONS", "GET", "OPTIONS"):
            with app.test_request_context(method=method, headers=headers):
                read.append(tokens.read_access() is not None)

        assert read == [False, True, False]


class TestRequires:
    @pytest.mark.parametrize(
        ("roles", "allowed"),
        [([Role.SUPPORT], True), ([Role.ADMIN], True), ([Role.CUSTOMER, Role.ANALYST], False)],
    )
    def test_lets_in_those_with_the_role_and_admins(
        self, app: Flask, roles: list[Role], *, allowed: bool
    ) -> None:
        headers = auth_headers(app, make_user(roles=roles))
        view = auth.requires(Role.SUPPORT)(lambda: "in")

        with app.test_request_context(headers=headers):
            try:
                answer = view()
            except DeniedError as error:
                answer = error.detail

        assert answer == ("in" if allowed else "This needs the role support.")


class TestCookies:
    def test_a_browser_never_sees_its_tokens(self, client: FlaskClient) -> None:
        answer = self._log_in(client)

        assert set(answer.json) == {"token_type", "expires_in", "user"}
        by_name = {line.partition("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}
        assert set(by_name) == {
            "access_token_cookie",
            "refresh_token_cookie",
            "csrf_access_token",
            "csrf_refresh_token",
        }
        assert "HttpOnly" in by_name["access_token_cookie"]
        assert "HttpOnly" in by_name["refresh_token_cookie"]
        assert "Path=/api/auth" in by_name["refresh_token_cookie"]
        assert all("SameSite=Lax" in line for line in by_name.values())

    def test_reading_needs_the_cookie_only(self, client: FlaskClient) -> None:
        self._log_in(client)

        assert client.get("/api/auth/me").status_code == 200

    def test_writing_without_the_csrf_header_is_refused(self, client: FlaskClient) -> None:
        self._log_in(client)

        refused = client.put("/api/auth/profile", json={"name": "Eve"})
        wrong = client.put("/api/auth/profile", json={"name": "Eve"}, headers={"X-CSRF-TOKEN": "guess"})

        assert refused.status_code == wrong.status_code == 401
        assert "csrf_access_token" in refused.json["detail"]
        assert client.get("/api/auth/me").json["name"] == "Ada Lovelace"

    def test_writing_with_the_csrf_header_works(self, client: FlaskClient) -> None:
        self._log_in(client)

        answer = client.put("/api/auth/profile", json={"name": "Ada"}, headers=self._csrf(client, "access"))

        assert answer.status_code == 200

    def test_refreshing_replaces_the_cookies(self, client: FlaskClient) -> None:
        self._log_in(client)
        before = client.get_cookie("refresh_token_cookie", path="/api/auth")

        answer = client.post("/api/auth/refresh", headers=self._csrf(client, "refresh"))

        assert answer.status_code == 200
        assert "refresh_token" not in answer.json
        assert client.get_cookie("refresh_token_cookie", path="/api/auth") != before
        assert client.get("/api/auth/me").status_code == 200

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_foreign_page_cannot_use_the_refresh_token_up(self, client: FlaskClient, method: str) -> None:
        self._log_in(client)

        answer = client.open("/api/auth/refresh", method=method)

        assert answer.status_code == 401
        still = client.post("/api/auth/refresh", headers=self._csrf(client, "refresh"))
        assert still.status_code == 200

    @pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", ""])
    def test_a_script_cannot_have_them_answered(self, client: FlaskClient, header: str) -> None:
        self._log_in(client)
        headers = {**self._csrf(client, "refresh"), "Authorization": header}

        answer = client.post("/api/auth/refresh", headers=headers)

        assert answer.status_code == 401

    def test_logging_out_clears_them(self, client: FlaskClient) -> None:
        self._log_in(client)

        answer = client.post("/api/auth/logout", headers=self._csrf(client, "access"))

        assert answer.status_code == 204
        assert client.get_cookie("access_token_cookie") is None
        assert client.get_cookie("refresh_token_cookie", path="/api/auth") is None

    def test_a_header_goes_before_a_cookie(self, app: Flask, client: FlaskClient) -> None:
        self._log_in(client)
        other = make_user(name="Bob")

        answer = client.get("/api/auth/me", headers=auth_headers(app, other))

        assert answer.json["name"] == "Bob"

    @staticmethod
    def _log_in(client: FlaskClient) -> Any:
        body = {"email": make_user().email, "password": PASSWORD, "cookies": True}
        return client.post("/api/auth/login", json=body)

    @staticmethod
    def _csrf(client: FlaskClient, kind: str) -> dict[str, str]:
        cookie = client.get_cookie(f"csrf_{kind}_token")
        return {} if cookie is None else {"X-CSRF-TOKEN": cookie.value}
