from collections.abc import Iterator

import pytest
from flask import Flask, Response
from sqlalchemy import text

from backend.infra.postgres import db
from tests.conftest import Stores
from tests.factories.apps import running_app

NOTES = "CREATE TABLE notes (word text, CONSTRAINT uq_notes_word UNIQUE (word) DEFERRABLE INITIALLY DEFERRED)"


def write(word: str) -> None:
    db.session.execute(text("INSERT INTO notes VALUES (:word)"), {"word": word})


def kept(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.execute(text("SELECT word FROM notes ORDER BY word")).scalars())


@pytest.fixture
def app(own_stores: Stores) -> Iterator[Flask]:
    """An application whose views write a note and then end in different ways."""
    with running_app(own_stores) as app:
        with app.app_context():
            db.session.execute(text(NOTES))
            db.session.commit()

        @app.post("/answers/<int:status>")
        def answer(status: int) -> Response:
            write("one")
            return Response(status=status)

        @app.post("/raises")
        def fail() -> Response:
            write("one")
            raise RuntimeError("hunter2")

        @app.post("/cannot-commit")
        def clash() -> Response:
            write("one")
            write("one")
            return Response(status=201)

        yield app


class TestTransactionOfARequest:
    @pytest.mark.parametrize("status", [200, 201, 204, 303])
    def test_it_is_committed_before_a_good_answer(self, app: Flask, status: int) -> None:
        answer = app.test_client().post(f"/answers/{status}")

        assert answer.status_code == status
        assert kept(app) == ["one"]

    @pytest.mark.parametrize("status", [400, 404, 409, 500])
    def test_it_is_undone_by_an_answer_that_refuses(self, app: Flask, status: int) -> None:
        app.test_client().post(f"/answers/{status}")

        assert kept(app) == []

    def test_it_is_undone_by_an_exception_whose_text_nobody_sees(self, app: Flask) -> None:
        answer = app.test_client().post("/raises")

        assert answer.status_code == 500
        assert "hunter2" not in answer.get_data(as_text=True)
        assert kept(app) == []

    def test_a_commit_that_fails_is_no_success(self, app: Flask) -> None:
        answer = app.test_client().post("/cannot-commit")

        assert answer.status_code == 500
        assert kept(app) == []
