"""Ids of slots. Slots are computed, not stored: the id says which product starts when.

`slt_` and 32 characters of base 32 with the extended hex alphabet (RFC 4648 §7, which sorts as its
bytes do): 4 bytes of minutes since 1970, then the 16 bytes of the product's ULID. So ids sort by time.
"""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from ulid import ULID

from backend.kernel import ids

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE: Final = timedelta(minutes=1)
_MINUTE_BYTES: Final = 4
_LENGTH: Final = 32
# 4 bytes reach beyond the year 9999, where datetime ends; nobody books that far ahead.
_LATEST: Final = (datetime(2200, 1, 1, tzinfo=UTC) - _EPOCH) // _MINUTE


def slot_id(*, product_id: str, starts_at: datetime) -> str:
    """The id of the slot of `product_id` that starts at `starts_at` (a whole minute)."""
    minutes, rest = divmod(starts_at - _EPOCH, _MINUTE)
    if rest:
        raise ValueError(f"a slot starts at a whole minute, not at {starts_at.isoformat()}")
    raw = minutes.to_bytes(_MINUTE_BYTES, "big") + _ulid_bytes(product_id)
    return f"{ids.SLOT}_{base64.b32hexencode(raw).decode().lower()}"


@lru_cache(maxsize=4096)
def _ulid_bytes(product_id: str) -> bytes:
    """The product's ULID; a listing asks for that of each product hundreds of times."""
    return ULID.from_str(product_id.removeprefix(f"{ids.PRODUCT}_").upper()).bytes


@lru_cache(maxsize=1024)
def _product_bytes(product_id: str) -> bytes:
    """The 16 bytes of a product's ULID; kept, as a listing has hundreds of slots of the same product."""
    return ULID.from_str(product_id.removeprefix(f"{ids.PRODUCT}_").upper()).bytes


def parse_slot_id(text: str) -> tuple[str, datetime] | None:
    """The product's id and the start behind a slot's id; None for text that is not one."""
    prefix, _, code = text.partition("_")
    if prefix != ids.SLOT or len(code) != _LENGTH or code != code.lower():
        return None
    try:
        raw = base64.b32hexdecode(code.upper())
    except (binascii.Error, ValueError):
        return None
    minutes = int.from_bytes(raw[:_MINUTE_BYTES], "big")
    if minutes > _LATEST:
        return None
    product_id = f"{ids.PRODUCT}_{str(ULID.from_bytes(raw[_MINUTE_BYTES:])).lower()}"
    return product_id, _EPOCH + minutes * _MINUTE
