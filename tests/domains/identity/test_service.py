import pytest
import svcs
from flask import Flask

from backend.domains.identity.service import EmailTakenError, UserService
from tests.factories.identity import make_user


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
