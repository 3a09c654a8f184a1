"""Noise that a secret key fixes: the same key and words give the same number for ever."""

from hashlib import blake2b
from typing import Final

_BYTES: Final = 8
_HALF: Final = float(1 << (8 * _BYTES - 1))


def swing(key: bytes, *words: str) -> float:
    """A number in [-1, 1), evenly spread, that only who has the key can tell."""
    digest = blake2b("\0".join(words).encode(), key=blake2b(key).digest(), digest_size=_BYTES).digest()
    return int.from_bytes(digest, "big") / _HALF - 1
