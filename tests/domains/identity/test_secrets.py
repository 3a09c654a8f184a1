"""What is written to the log never lets anybody in."""

import logging

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from backend.domains.identity.models import UserRow
from backend.infra.logging import hide_secrets
from backend.infra.postgres import db
from tests.factories.identity import PASSWORD, make_user

WRONG = "a wrong passphrase"


class TestLogs:
    def test_hold_no_password_and_no_token(
        self, client: FlaskClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        email = make_user().email
        caplog.set_level(logging.DEBUG)

        with structlog.testing.capture_logs() as logs:
            client.post("/api/auth/login", json={"email": email, "password": WRONG})
            client.post("/api/auth/register", json={"email": email, "password": WRONG})
            tokens = client.post("/api/auth/login", json={"email": email, "password": PASSWORD}).json
            headers = {"Authorization": f"Bearer {tokens['refresh_token']}"}
            statuses = [client.post("/api/auth/refresh", headers=headers).status_code for _ in range(2)]

        written = caplog.text + "".join(str(hide_secrets(None, "", dict(line))) for line in logs)
        assert statuses == [200, 401]
        assert "refresh_token_reused" in written
        for secret in (PASSWORD, WRONG, tokens["access_token"], tokens["refresh_token"], "$argon2"):
            assert secret not in written

    def test_of_a_failed_statement_hold_none_of_its_values(self, client: FlaskClient) -> None:
        made = make_user()
        kept = db.session.scalars(select(UserRow.password_hash).where(UserRow.id == made.id)).one()
        wrong = update(UserRow).where(UserRow.id == made.id).values(country="not a country")

        with pytest.raises(IntegrityError) as failed, db.session.begin_nested():
            db.session.execute(wrong)
        written = hide_secrets(None, "", {"exception": str(failed.value)})["exception"]

        assert "UPDATE users" in written
        assert kept[:60] in str(failed.value)
        assert kept.split("$")[4] not in written
