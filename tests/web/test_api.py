from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import Stores
from tests.factories.apps import running_app


class TestDescription:
    @pytest.fixture
    def description(self, client: FlaskClient) -> dict:
        return client.get("/openapi.json").json

    def test_says_that_errors_are_problem_documents(self, description: dict) -> None:
        errors = {
            status: list(answer["content"])
            for path in description["paths"].values()
            for operation in path.values()
            if isinstance(operation, dict)
            for status, answer in operation["responses"].items()
            if status.isdigit() and int(status) >= 400 and "content" in answer
        }

        assert set(map(tuple, errors.values())) == {("application/problem+json",)}
        named = description["components"]["responses"]
        assert list(named["DEFAULT_ERROR"]["content"]) == ["application/problem+json"]

    def test_says_who_must_sign_in(self, description: dict) -> None:
        paths = description["paths"]

        assert paths["/api/auth/me"]["get"]["security"] == [{"bearer": []}]
        assert "security" not in paths["/api/auth/login"]["post"]

    def test_is_made_once_for_all_who_ask_at_the_same_time(self, stores: Stores, app: Flask) -> None:
        whole = app.test_client().get("/openapi.json").json
        with running_app(stores) as fresh, ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(lambda: fresh.test_client().get("/openapi.json").json) for _ in range(4)]

            found = [one.result() for one in asked]

        assert found == [whole] * 4
