import bcrypt
import pytest
from argon2 import PasswordHasher as Argon

from backend.domains.identity.passwords import (
    COMMON,
    LONGEST,
    SHORTEST,
    PasswordHasher,
    WeakPasswordError,
    check_strength,
)


@pytest.fixture(scope="module")
def passwords() -> PasswordHasher:
    return PasswordHasher()


class TestStrength:
    @pytest.mark.parametrize(
        "password",
        [
            "nine char",
            "x" * 201,
            "1234567890",
            "PassWord123",
            "ada@example.com",
            "lovelace.ada",
            "zzzzzzzzzzzz",
        ],
    )
    def test_what_is_guessed_first_is_refused(self, password: str) -> None:
        email = "lovelace.ada@example.com" if "lovelace" in password else "ada@example.com"

        with pytest.raises(WeakPasswordError) as refused:
            check_strength(password, email=email)

        assert refused.value.errors == {"password": [refused.value.detail]}

    @pytest.mark.parametrize(
        "password", ["ten chars!", "x1" * 100, "pass phrase with spaces", "ключ от дома"]
    )
    def test_anything_else_will_do(self, password: str) -> None:
        assert check_strength(password, email="ada@example.com") is None

    def test_the_list_holds_only_what_length_would_let_through(self) -> None:
        assert {password for password in COMMON if not SHORTEST <= len(password) <= LONGEST} == set()
        assert {password for password in COMMON if password != password.casefold()} == set()


class TestHashing:
    def test_is_argon2id_with_a_salt(self, passwords: PasswordHasher) -> None:
        first, second = passwords.hash("a password"), passwords.hash("a password")

        assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert first != second

    def test_only_the_password_itself_is_verified(self, passwords: PasswordHasher) -> None:
        kept = passwords.hash("a password")

        assert passwords.verify(kept, "a password")
        assert not passwords.verify(kept, "A password")
        assert not passwords.outdated(kept)

    @pytest.mark.parametrize("prefix", [b"2a", b"2b"])
    def test_imported_bcrypt_is_verified_and_outdated(self, passwords: PasswordHasher, prefix: bytes) -> None:
        kept = bcrypt.hashpw(b"a password", bcrypt.gensalt(4, prefix=prefix)).decode()

        assert passwords.verify(kept, "a password")
        assert not passwords.verify(kept, "another")
        assert passwords.outdated(kept)

    def test_bcrypt_of_a_long_password_is_verified_as_it_was_made(self, passwords: PasswordHasher) -> None:
        kept = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()

        assert passwords.verify(kept, "x" * 100)

    def test_argon2_of_another_cost_is_outdated(self, passwords: PasswordHasher) -> None:
        kept = Argon(time_cost=1, memory_cost=8, parallelism=1).hash("a password")

        assert passwords.verify(kept, "a password")
        assert passwords.outdated(kept)

    @pytest.mark.parametrize("kept", ["", "plain", "$argon2id$broken", "$2b$broken", "$md5$x"])
    def test_what_is_no_hash_matches_nothing(self, passwords: PasswordHasher, kept: str) -> None:
        assert not passwords.verify(kept, kept)


class CountingArgon(Argon):
    """Notes how often it was asked to verify."""

    verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
        self.verified += 1
        return super().verify(hash, password)


class TestNobody:
    def test_costs_as_much_as_somebody(self) -> None:
        argon = CountingArgon(time_cost=1, memory_cost=8, parallelism=1)
        passwords = PasswordHasher(argon)

        right = passwords.verify(None, "the password of nobody")

        assert not right
        assert argon.verified == 1
