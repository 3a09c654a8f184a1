from dataclasses import dataclass, field

import bcrypt
import pytest
import svcs
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from backend.domains.identity.models import UserRow
from backend.domains.identity.passwords import PasswordHasher
from backend.domains.identity.service import EmailTakenError, UserService, WrongCredentialsError
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import db, violated
from backend.kernel.errors import InvalidError, NotFoundError
from tests.factories.identity import PASSWORD, make_user


@dataclass(frozen=True)
class NotingHasher(PasswordHasher):
    """Notes which hashes it was asked to verify."""

    asked: list[str | None] = field(default_factory=list)

    def verify(self, kept: str | None, password: str) -> bool:
        self.asked.append(kept)
        return super().verify(kept, password)


@pytest.fixture
def users(app: Flask) -> UserService:
    return svcs.flask.get(UserService)


class TestRegistering:
    def test_a_user_is_found_by_id(self, users: UserService) -> None:
        made = make_user(email="ada@example.com", loyalty_tier="gold")

        found = users.user(made.id)

        assert found == made
        assert found.loyalty_tier == "gold"

    def test_an_address_registers_once_whatever_its_case(self, users: UserService) -> None:
        make_user(email="ada@example.com")

        with pytest.raises(EmailTakenError):
            make_user(email="Ada@Example.com")

    def test_an_address_has_one_spelling(self, users: UserService) -> None:
        made = make_user(email="Ren\u0065\u0301@EXAMPLE.com")

        assert made.email == "Ren\u00e9@example.com"
        assert users.user_with_email(email="ren\u00e9@example.com").id == made.id

    def test_the_password_is_not_kept(self, users: UserService) -> None:
        made = make_user()

        kept = db.session.scalars(select(UserRow.password_hash).where(UserRow.id == made.id)).one()

        assert kept.startswith("$argon2id$")
        assert PASSWORD not in kept


class TestAuthenticating:
    def test_a_bcrypt_hash_becomes_argon2id_at_login(self, users: UserService) -> None:
        made = make_user(email="ada@example.com")
        imported = bcrypt.hashpw(b"imported password", bcrypt.gensalt(4)).decode()
        self._keep(made.id, imported)

        users.authenticate(email="ada@example.com", password="imported password")

        kept = db.session.scalars(select(UserRow.password_hash).where(UserRow.id == made.id)).one()
        assert kept.startswith("$argon2id$")
        assert users.authenticate(email="ada@example.com", password="imported password").id == made.id

    @pytest.mark.parametrize("email", ["nobody@example.com", "not an address", ""])
    def test_every_refusal_does_the_work_of_a_verification(self, users: UserService, email: str) -> None:
        passwords = NotingHasher()
        watched = UserService(db.session, svcs.flask.get_abstract(Clock), svcs.flask.get(AuditLog), passwords)

        with pytest.raises(WrongCredentialsError):
            watched.authenticate(email=email, password=PASSWORD)

        assert passwords.asked == [None]

    def test_a_user_without_a_password_cannot_log_in_with_one(self, users: UserService) -> None:
        made = make_user(email="ada@example.com")
        self._keep(made.id, None)

        with pytest.raises(WrongCredentialsError):
            users.authenticate(email="ada@example.com", password=PASSWORD)

    @staticmethod
    def _keep(user_id: str, password_hash: str | None) -> None:
        statement = update(UserRow).where(UserRow.id == user_id).values(password_hash=password_hash)
        db.session.execute(statement)
        db.session.expire_all()


class TestUnknownUsers:
    def test_are_not_found(self, users: UserService) -> None:
        with pytest.raises(NotFoundError):
            users.user("usr_unknown")
        with pytest.raises(NotFoundError):
            users.change_profile(user_id="usr_unknown", name="Eve")
        with pytest.raises(NotFoundError):
            users.user_with_email(email="nobody@example.com")


class TestAddresses:
    @pytest.mark.parametrize(
        "email", ["", "ada", "ada@", "@example.com", "a b@example.com", "ada@exam ple.com", "ada@[127.0.0.1]"]
    )
    def test_what_is_none_is_refused(self, users: UserService, email: str) -> None:
        with pytest.raises(InvalidError) as refused:
            make_user(email=email or " ")

        assert "email" in refused.value.errors


class TestTheDatabase:
    @pytest.mark.parametrize(
        ("column", "value", "constraint"),
        [
            ("roles", ["king"], "ck_users_roles"),
            ("roles", [], "ck_users_roles"),
            ("email", "ada", "ck_users_email"),
            ("name", "", "ck_users_name"),
            ("locale", "English", "ck_users_locale"),
            ("country", "France", "ck_users_country"),
            ("loyalty_tier", "", "ck_users_loyalty_tier"),
            ("id", "ada", "ck_users_id"),
        ],
    )
    def test_forbids_what_must_never_be(
        self, users: UserService, column: str, value: object, constraint: str
    ) -> None:
        made = make_user()

        with pytest.raises(IntegrityError) as refused, db.session.begin_nested():
            db.session.execute(update(UserRow).where(UserRow.id == made.id).values({column: value}))

        assert violated(refused.value) == constraint
