"""What still works, and what is refused, while Redis does not answer."""

from typing import Any

import pytest
import structlog
from flask import Flask

from tests.conftest import Stores
from tests.factories.apps import NO_REDIS, running_app
from tests.factories.identity import PASSWORD, auth_headers, make_user


@pytest.fixture
def user_and_headers(own_stores: Stores) -> tuple[Any, dict[str, str]]:
    with running_app(own_stores) as app, app.app_context():
        user = make_user()
        return user, auth_headers(app, user)


class TestWithoutRedis:
    def test_access_tokens_go_on_working_unlimited(
        self, own_stores: Stores, user_and_headers: tuple[Any, dict[str, str]]
    ) -> None:
        user, headers = user_and_headers
        limited = running_app(own_stores, redis_url=NO_REDIS, rate_limit="1 per minute")

        with limited as app, structlog.testing.capture_logs() as logs:
            answers = [app.test_client().get("/api/auth/me", headers=headers) for _ in range(3)]

        assert [answer.json["id"] for answer in answers] == [user.id] * 3
        assert "RateLimit-Limit" not in answers[0].headers
        assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["redis_unavailable"]

    def test_what_needs_sessions_is_refused_and_changes_nothing(
        self, own_stores: Stores, user_and_headers: tuple[Any, dict[str, str]], subtests: pytest.Subtests
    ) -> None:
        _, headers = user_and_headers
        credentials = {"email": "a@example.com", "password": PASSWORD}
        asked = [
            ("POST", "/api/auth/login", credentials),
            ("POST", "/api/auth/register", credentials),
            ("POST", "/api/auth/logout", None),
            ("GET", "/api/auth/sessions", None),
            ("DELETE", "/api/auth/sessions", None),
        ]

        with running_app(own_stores, redis_url=NO_REDIS) as app:
            answers = [
                app.test_client().open(path, method=method, json=body, headers=headers)
                for method, path, body in asked
            ]
        with running_app(own_stores) as app:
            again = app.test_client().post("/api/auth/register", json=credentials)

        for answer in answers:
            with subtests.test(answer.request.path):
                assert answer.status_code == 503
                assert answer.headers["Retry-After"]
                assert "nothing was changed" in answer.json["detail"]
        assert again.status_code == 201

    def test_refreshing_is_refused_and_the_token_stays_good(
        self, own_stores: Stores, user_and_headers: tuple[Any, dict[str, str]]
    ) -> None:
        user, _ = user_and_headers
        with running_app(own_stores) as app:
            tokens = self._log_in(app, user.email)
        headers = {"Authorization": f"Bearer {tokens['refresh_token']}"}

        with running_app(own_stores, redis_url=NO_REDIS) as app:
            refused = app.test_client().post("/api/auth/refresh", headers=headers)

        assert refused.status_code == 503
        with running_app(own_stores) as app:
            assert app.test_client().post("/api/auth/refresh", headers=headers).status_code == 200

    @staticmethod
    def _log_in(app: Flask, email: str) -> dict[str, Any]:
        return app.test_client().post("/api/auth/login", json={"email": email, "password": PASSWORD}).json
