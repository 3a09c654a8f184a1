import pytest
from flask import Flask
from structlog.testing import capture_logs

from backend.infra.after_commit import after_commit
from backend.infra.postgres import db


@pytest.fixture
def done(app: Flask) -> list[str]:
    """What actions leave behind."""
    return []


class TestAfterCommit:
    def test_actions_are_done_in_their_order_once(self, done: list[str]) -> None:
        after_commit(db.session, lambda: done.append("a"))
        after_commit(db.session, lambda: done.append("b"))
        before = list(done)

        db.session.commit()
        db.session.commit()

        assert before == []
        assert done == ["a", "b"]

    def test_a_rollback_forgets_them(self, done: list[str]) -> None:
        after_commit(db.session, lambda: done.append("a"))

        db.session.rollback()
        db.session.commit()

        assert done == []

    def test_a_session_that_ends_without_a_commit_forgets_them(self, done: list[str]) -> None:
        after_commit(db.session, lambda: done.append("a"))

        db.session.remove()
        db.session.commit()

        assert done == []

    def test_a_savepoint_decides_nothing(self, done: list[str]) -> None:
        with db.session.begin_nested():
            after_commit(db.session, lambda: done.append("a"))
        inside = list(done)

        db.session.commit()

        assert inside == []
        assert done == ["a"]

    def test_one_that_fails_is_logged_and_stops_no_other(self, done: list[str]) -> None:
        after_commit(db.session, lambda: done.remove("nothing"))
        after_commit(db.session, lambda: done.append("b"))

        with capture_logs() as lines:
            db.session.commit()

        assert done == ["b"]
        assert [line["event"] for line in lines] == ["after_commit_failed"]
