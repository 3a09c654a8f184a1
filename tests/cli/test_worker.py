import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from urllib.request import urlopen

import pytest
import svcs
from flask import Flask
from sqlalchemy import text

from backend.cli.worker import show_metrics, work
from backend.infra.jobs import JobQueue, Task
from backend.infra.postgres import db
from tests.cli.ports import free_port
from tests.conftest import NOW, Stores, make_settings
from tests.factories.apps import running_app


def note(word: str) -> None:
    db.session.execute(text("INSERT INTO notes VALUES (:word)"), {"word": word})


def note_and_fail(word: str) -> None:
    note(word)
    raise RuntimeError("the job fails after its change")


TASKS = [Task("note", note), Task("note_and_fail", note_and_fail)]


class TestShowMetrics:
    def test_shows_what_jobs_count(self, stores: Stores) -> None:
        port = free_port()
        server = show_metrics(make_settings(stores, worker_metrics_port=port))
        assert server is not None

        with closing(urlopen(f"http://127.0.0.1:{port}/metrics")) as answer:
            text = answer.read().decode()

        server.shutdown()
        server.server_close()
        assert "# TYPE bookings_total counter" in text

    def test_shows_nothing_where_no_port_is_set(self, stores: Stores) -> None:
        assert show_metrics(make_settings(stores)) is None


class TestWork:
    @pytest.fixture
    def app(self, own_stores: Stores) -> Iterator[Flask]:
        """An application with a database of its own, in which jobs leave notes."""
        with running_app(own_stores) as app, app.app_context():
            db.session.execute(text("CREATE TABLE notes (word text)"))
            db.session.commit()
            yield app

    def run(self, app: Flask, stores: Stores) -> list[str]:
        """Run the jobs that are due; all notes there are afterwards."""
        asyncio.run(work(app, TASKS, settings=make_settings(stores), wait=False))
        return list(db.session.execute(text("SELECT word FROM notes ORDER BY word")).scalars())

    def test_runs_a_committed_job_and_keeps_its_change(self, app: Flask, own_stores: Stores) -> None:
        svcs.flask.get(JobQueue).enqueue("note", word="done")
        db.session.commit()

        notes = self.run(app, own_stores)

        assert notes == ["done"]

    def test_knows_nothing_of_a_job_that_was_rolled_back(self, app: Flask, own_stores: Stores) -> None:
        svcs.flask.get(JobQueue).enqueue("note", word="undone")
        db.session.rollback()

        notes = self.run(app, own_stores)

        assert notes == []

    def test_leaves_a_job_of_later_alone(self, app: Flask, own_stores: Stores) -> None:
        svcs.flask.get(JobQueue).enqueue("note", at=NOW + timedelta(days=36500), word="later")
        db.session.commit()

        notes = self.run(app, own_stores)

        assert notes == []

    def test_undoes_the_change_of_a_failed_job_and_tries_it_again(
        self, app: Flask, own_stores: Stores
    ) -> None:
        svcs.flask.get(JobQueue).enqueue("note_and_fail", word="half")
        db.session.commit()

        notes = self.run(app, own_stores)

        # The jobs of the clock may be there too, when a minute begins meanwhile.
        query = "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = 'note_and_fail'"
        again = db.session.execute(text(query)).one()
        assert notes == []
        assert tuple(again) == ("todo", 1)

    def test_runs_the_jobs_of_a_worker_that_was_killed(self, app: Flask, own_stores: Stores) -> None:
        queue = svcs.flask.get(JobQueue)
        queue.enqueue("note", word="finished by another")
        db.session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
        queue.enqueue("jobs.retry_stalled", timestamp=0)
        db.session.commit()
        self.run(app, own_stores)

        notes = self.run(app, own_stores)

        assert notes == ["finished by another"]
