"""Passwords hashed as the application does it, at a cost that tests can bear."""

from typing import Final

import argon2

from backend.domains.identity.passwords import PasswordHasher

CHEAP: Final = PasswordHasher(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
