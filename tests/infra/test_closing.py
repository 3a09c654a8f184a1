import threading

import pytest
import svcs
from flask import Flask
from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from backend.domains.rules.service import RulesService
from backend.infra.closing import close_app, on_close
from backend.infra.postgres import db
from tests.conftest import Stores
from tests.factories.apps import running_app


class TestCloseApp:
    def test_ends_first_what_was_begun_last(self) -> None:
        app = Flask(__name__)
        ended: list[str] = []
        on_close(app, lambda: ended.append("the pool of connections"))
        on_close(app, lambda: ended.append("the thread that uses it"))

        close_app(app)

        assert ended == ["the thread that uses it", "the pool of connections"]

    def test_ends_the_rest_when_one_end_fails_and_says_so(self) -> None:
        app = Flask(__name__)
        ended: list[str] = []
        on_close(app, lambda: ended.append("the pool"))
        on_close(app, lambda: int("not a number"))

        with pytest.raises(ValueError, match="not a number"):
            close_app(app)

        assert ended == ["the pool"]

    def test_leaves_no_thread_and_no_connection(self, own_stores: Stores) -> None:
        before = set(threading.enumerate())
        with running_app(own_stores, rules_poll_seconds=0.01) as app:
            with app.app_context():
                svcs.flask.get(RulesService).rulebook()
                db.session.execute(text("SELECT 1"))
                pool = db.engine.pool
            began = {thread.name for thread in set(threading.enumerate()) - before}

        assert "rules" in began
        assert set(threading.enumerate()) - before == set()
        assert isinstance(pool, QueuePool)
        assert (pool.checkedin(), pool.checkedout()) == (0, 0)
