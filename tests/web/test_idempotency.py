import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import text
from werkzeug.test import TestResponse

from backend.infra.postgres import db
from backend.kernel.errors import ConflictError
from backend.web import idempotency
from backend.web.idempotency import forget_expired, idempotent
from backend.wiring import Parts
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.fakes.clock import FakeClock


@dataclass
class Notes:
    """An application with one idempotent POST, which writes a note, and what a test tells that view to do."""

    app: Flask
    clock: FakeClock
    refuse: bool = False
    crash: bool = False
    started: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def post(self, key: str | None = "k1", *, word: Any = "one", owner: str = "usr_a") -> TestResponse:
        headers = {"X-Owner": owner} | ({} if key is None else {"Idempotency-Key": key})
        return self.app.test_client().post("/notes", json={"word": word}, headers=headers)

    def kept(self) -> list[str]:
        with self.app.app_context():
            return list(db.session.execute(text("SELECT word FROM notes ORDER BY id")).scalars())

    def write(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        word = request.get_json()["word"]
        added = text("INSERT INTO notes (word) VALUES (:word) RETURNING id")
        number = db.session.execute(added, {"word": word}).scalar()
        self.started.set()
        self.go_on.wait(10)
        if self.refuse:
            raise ConflictError("No notes are taken now.")
        if self.crash:
            raise RuntimeError("the view fails after its change")
        return {"number": number, "word": word}, 201, {"ETag": f'"{number}"', "X-Other": "of this request"}


@pytest.fixture
def notes(own_stores: Stores) -> Iterator[Notes]:
    clock = FakeClock(NOW)
    with running_app(own_stores, Parts(clock=clock)) as app:
        notes = Notes(app, clock)
        notes.go_on.set()
        app.post("/notes")(idempotent(lambda: request.headers["X-Owner"])(notes.write))
        with app.app_context():
            db.session.execute(
                text("CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word text)")
            )
            db.session.commit()
        yield notes


class TestIdempotent:
    def test_the_same_request_has_the_same_answer_byte_for_byte_and_happens_once(self, notes: Notes) -> None:
        first = notes.post()

        again = notes.post()

        assert first.status_code == again.status_code == 201
        assert first.data == again.data
        assert first.content_type == again.content_type
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.headers["ETag"] == first.headers["ETag"]
        assert "X-Other" not in again.headers
        assert notes.kept() == ["one"]

    def test_without_a_key_each_request_happens(self, notes: Notes) -> None:
        notes.post(None)

        notes.post(None)

        assert notes.kept() == ["one", "one"]

    def test_a_key_belongs_to_its_owner(self, notes: Notes) -> None:
        notes.post(owner="usr_a")

        answer = notes.post(owner="usr_b")

        assert answer.status_code == 201
        assert notes.kept() == ["one", "one"]

    def test_the_same_key_with_another_body_is_refused(self, notes: Notes) -> None:
        notes.post(word="one")

        answer = notes.post(word="two")

        assert answer.status_code == 422
        assert "another request" in answer.json["detail"]
        assert notes.kept() == ["one"]

    @pytest.mark.parametrize("key", ["", "with space", "x" * 256, "ümlaut"])
    def test_a_key_that_is_none_is_refused(self, notes: Notes, key: str) -> None:
        answer = notes.post(key)

        assert answer.status_code == 422
        assert "Idempotency-Key" in answer.json["detail"]
        assert notes.kept() == []

    def test_of_two_at_once_one_happens_and_the_other_waits_for_its_answer(self, notes: Notes) -> None:
        notes.go_on.clear()
        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(notes.post)
            notes.started.wait(10)
            second = threads.submit(notes.post)
            waits = not second.done()
            notes.go_on.set()

        assert waits
        assert first.result().status_code == second.result().status_code == 201
        assert first.result().data == second.result().data
        assert notes.kept() == ["one"]

    def test_who_would_wait_too_long_is_told_to_come_back(
        self, notes: Notes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(idempotency, "WAIT_MS", 50)
        notes.go_on.clear()
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(notes.post)
            notes.started.wait(10)
            second = notes.post()
            notes.go_on.set()

        assert second.status_code == 409
        assert "still at work" in second.json["detail"]
        assert first.result().status_code == 201

    def test_a_refusal_is_kept_too_and_its_change_is_not(self, notes: Notes) -> None:
        notes.refuse = True
        first = notes.post()
        notes.refuse = False

        again = notes.post()

        assert first.status_code == again.status_code == 409
        assert first.data == again.data
        assert notes.kept() == []

    def test_a_crash_frees_the_key(self, notes: Notes) -> None:
        notes.crash = True
        first = notes.post()
        notes.crash = False

        again = notes.post()

        assert first.status_code == 500
        assert again.status_code == 201
        assert notes.kept() == ["one"]

    def test_a_key_is_good_again_after_a_day(self, notes: Notes) -> None:
        notes.post(word="one")
        notes.clock.advance(hours=24)

        answer = notes.post(word="two")

        assert answer.status_code == 201
        assert notes.kept() == ["one", "two"]

    def test_what_is_no_longer_good_is_forgotten_and_nothing_else(self, notes: Notes) -> None:
        notes.post("old")
        notes.clock.advance(hours=23)
        notes.post("new")
        notes.clock.advance(hours=1)

        with notes.app.app_context():
            forget_expired()
            keys = db.session.execute(text("SELECT key FROM idempotency_keys")).scalars().all()

        assert keys == ["new"]
