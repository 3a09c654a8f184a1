from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.test import TestResponse

from backend.infra.postgres import db
from backend.kernel import errors
from tests.conftest import Stores
from tests.factories.apps import running_app

Send = Callable[[Exception], TestResponse]
Run = Callable[[str], TestResponse]


class TestProblems:
    def test_an_unknown_address_is_a_problem_document(self, client: FlaskClient) -> None:
        answer = client.get("/api/nowhere")

        assert answer.status_code == 404
        assert answer.content_type == "application/problem+json"
        assert answer.json["status"] == 404
        assert answer.json["instance"] == "/api/nowhere"

    @pytest.mark.parametrize("address", ["/api/no%00where", "/openapi.json?x=%00"])
    def test_a_nul_character_in_the_address_is_refused(self, client: FlaskClient, address: str) -> None:
        answer = client.get(address)

        assert answer.status_code == 400
        assert "NUL" in answer.json["detail"]


class Odd:
    """What the views of the odd application do next."""

    error: Exception
    statement: str


@pytest.fixture(scope="module")
def odd(stores: Stores) -> Iterator[Flask]:
    """An application with views that go wrong as `Odd` says; they keep nothing."""
    with running_app(stores) as app:

        @app.get("/raises")
        def raises() -> str:
            raise Odd.error

        @app.post("/runs")
        def runs() -> str:
            db.session.execute(text(Odd.statement))
            return "done"

        yield app


@pytest.fixture
def send(odd: Flask) -> Send:
    """Ask the view that raises the given error."""

    def send(error: Exception) -> TestResponse:
        Odd.error = error
        return odd.test_client().get("/raises")

    return send


@pytest.fixture
def run(odd: Flask) -> Run:
    """Ask the view that runs the given statement."""

    def run(statement: str) -> TestResponse:
        Odd.statement = statement
        return odd.test_client().post("/runs")

    return run


class TestFamilies:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (errors.InvalidError("No."), 422),
            (errors.UnauthenticatedError("No."), 401),
            (errors.DeniedError("No."), 403),
            (errors.NotFoundError("No."), 404),
            (errors.ConflictError("No."), 409),
            (errors.ExpiredError("No."), 410),
            (errors.StaleError("No."), 412),
            (errors.TooManyError("No.", retry_after=7), 429),
            (errors.UpstreamError("No."), 503),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
    )
    def test_each_has_its_status_and_says_what_is_wrong(
        self, send: Send, error: errors.ClimbUpError, status: int
    ) -> None:
        answer = send(error)

        assert answer.status_code == answer.json["status"] == status
        assert answer.content_type == "application/problem+json"
        assert answer.json["title"] == error.title
        assert answer.json["detail"] == "No."

    def test_fields_and_what_conflicts_are_named(self, send: Send) -> None:
        invalid = send(errors.InvalidError("No.", errors={"party": ["Too many."]}))
        conflict = send(errors.ConflictError("No.", extra={"slots": ["slt_1"]}))

        assert invalid.json["errors"] == {"party": ["Too many."]}
        assert conflict.json["slots"] == ["slt_1"]

    def test_who_asks_too_often_is_told_when_to_come_back(self, send: Send) -> None:
        assert send(errors.TooManyError("No.", retry_after=7)).headers["Retry-After"] == "7"

    def test_who_is_not_signed_in_is_told_how(self, send: Send) -> None:
        assert send(errors.UnauthenticatedError("No.")).headers["WWW-Authenticate"] == "Bearer"

    def test_a_store_that_is_away_is_no_bug_and_is_not_named(self, send: Send) -> None:
        answer = send(RedisConnectionError("redis.internal refused"))

        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "internal" not in answer.get_data(as_text=True)


class TestDatabaseErrors:
    def test_a_crowd_that_uses_up_all_connections_is_asked_to_come_again(self, send: Send) -> None:
        answer = send(PoolTimeoutError("QueuePool limit of size 8 overflow 2 reached"))

        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"

    def test_a_value_that_no_column_holds_is_the_callers_mistake(self, run: Run) -> None:
        answer = run("SELECT 99999999999::int")

        assert answer.status_code == 422
        assert "99999999999" not in answer.json["detail"]

    def test_a_connection_that_is_cut_is_an_outage(self, run: Run) -> None:
        answer = run("SELECT pg_terminate_backend(pg_backend_pid())")

        assert answer.status_code == 503
        assert "nothing was changed" in answer.json["detail"]

    def test_the_request_after_a_cut_connection_works(self, run: Run) -> None:
        run("SELECT pg_terminate_backend(pg_backend_pid())")

        answer = run("SELECT 1")

        assert answer.status_code == 200

    def test_a_statement_that_is_wrong_is_our_bug(self, run: Run) -> None:
        answer = run("SELECT nonsense")

        assert answer.status_code == 500
        assert "nonsense" not in answer.get_data(as_text=True)
