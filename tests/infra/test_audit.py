import pytest
import structlog
import svcs
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.infra.audit import AuditLog
from backend.infra.postgres import db
from tests.conftest import NOW


class TestAuditLog:
    def test_keeps_who_did_what_and_how_it_was_before(self, app: Flask) -> None:
        audit = svcs.flask.get(AuditLog)

        audit.record(
            actor_id="usr_ada", action="thing.changed", subject="thing", before={"n": 1}, after={"n": 2}
        )
        db.session.flush()
        (entry,) = audit.of("thing")

        assert (entry.actor_id, entry.action, entry.at) == ("usr_ada", "thing.changed", NOW)
        assert (entry.before, entry.after) == ({"n": 1}, {"n": 2})

    def test_names_the_request_in_which_it_was_done(self, app: Flask) -> None:
        audit = svcs.flask.get(AuditLog)

        with structlog.contextvars.bound_contextvars(request_id="r1"):
            audit.record(actor_id="usr_ada", action="thing.changed", subject="thing")
        audit.record(actor_id=None, action="thing.expired", subject="thing")
        db.session.flush()

        assert [entry.request_id for entry in audit.of("thing")] == ["r1", None]

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_log SET actor_id = 'usr_eve'",
            "UPDATE audit_log SET after = NULL WHERE subject = 'thing'",
            "DELETE FROM audit_log",
            "DELETE FROM audit_log WHERE subject = 'thing'",
            "TRUNCATE audit_log",
            "TRUNCATE audit_log CASCADE",
            "INSERT INTO audit_log SELECT * FROM audit_log ON CONFLICT (id) DO UPDATE SET action = 'x'",
        ],
    )
    def test_nobody_changes_or_deletes_a_row(self, app: Flask, statement: str) -> None:
        audit = svcs.flask.get(AuditLog)
        audit.record(actor_id="usr_ada", action="thing.changed", subject="thing")
        db.session.flush()

        with pytest.raises(ProgrammingError, match="append-only"), db.session.begin_nested():
            db.session.execute(text(statement))

        (entry,) = audit.of("thing")
        assert (entry.actor_id, entry.action) == ("usr_ada", "thing.changed")
