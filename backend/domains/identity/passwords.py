"""Passwords: which are good enough, and how they are kept (argon2id; bcrypt is read, never written)."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import argon2
import bcrypt

from backend.kernel.errors import InvalidError

SHORTEST: Final = 10
LONGEST: Final = 200
# bcrypt has never looked at more; whoever made an imported hash cut the password there too.
_BCRYPT_BYTES: Final = 72
_BCRYPT_PREFIXES: Final = ("$2a$", "$2b$", "$2y$")

# Passwords of ten or more characters that head the lists of leaked ones; compared without case.
COMMON: Final = frozenset(Path(__file__).with_name("common_passwords.txt").read_text().split())


class WeakPasswordError(InvalidError):
    """A password that is easy to guess."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, errors={"password": [reason]})


def check_strength(password: str, *, email: str) -> None:
    """WeakPasswordError when `password` is too short or long, or the first thing to try for `email`."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPasswordError(f"A password has {SHORTEST} to {LONGEST} characters.")
    if password.casefold() in {email.casefold(), email.partition("@")[0].casefold()}:
        raise WeakPasswordError("The password must not be the e-mail address.")
    if password.casefold() in COMMON or len(set(password)) == 1:
        raise WeakPasswordError("This password is among the commonest; choose another.")


@dataclass(frozen=True)
class PasswordHasher:
    """Hashes with argon2id; the default cost is OWASP's (19 MiB, two passes), about 30 ms a password."""

    argon: argon2.PasswordHasher = field(
        default_factory=lambda: argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    )

    def hash(self, password: str) -> str:
        """The text to keep instead of `password`."""
        return self.argon.hash(password)

    def verify(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one behind `kept`.

        None (nobody has that address, or no password) costs as much as a wrong password and is False.
        """
        if kept is None:
            self._verify_argon(self._nobody, password)
            return False
        if kept.startswith(_BCRYPT_PREFIXES):
            return _verify_bcrypt(kept, password)
        return self._verify_argon(kept, password)

    def outdated(self, kept: str) -> bool:
        """Whether `kept` should be replaced at the next login: bcrypt, or argon2 of another cost."""
        return kept.startswith(_BCRYPT_PREFIXES) or self.argon.check_needs_rehash(kept)

    @cached_property
    def _nobody(self) -> str:
        return self.hash("the password of nobody")

    def _verify_argon(self, kept: str, password: str) -> bool:
        try:
            return self.argon.verify(kept, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False


def _verify_bcrypt(kept: str, password: str) -> bool:
    try:
        return bcrypt.checkpw(password.encode()[:_BCRYPT_BYTES], kept.encode())
    except ValueError:
        return False
