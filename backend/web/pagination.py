"""Cursor pages: `{"items": […], "next": "cursor" | null}`; a cursor is the last row's sort key, opaque."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import marshmallow as ma

from backend.kernel.errors import InvalidError
from backend.web.fields import QuerySchema

T = TypeVar("T")
LARGEST = 100
# What a bigint column holds.
LARGEST_NUMBER = 2**63


class PageArgs(QuerySchema):
    """`?limit=&cursor=` of every list."""

    limit = ma.fields.Integer(load_default=20, validate=ma.validate.Range(1, LARGEST))
    cursor = ma.fields.String(load_default=None, validate=ma.validate.Length(max=500))


class Page(Generic[T]):
    """One page of a list and the way to the next."""

    def __init__(self, items: Sequence[T], following: str | None) -> None:
        self.items = list(items)
        self.next = following


def page_of(rows: Sequence[T], *, limit: int, key: Callable[[T], list[Any]]) -> Page[T]:
    """A page from `limit + 1` fetched rows; `key` gives the sort key (JSON values) of a row."""
    more = len(rows) > limit
    items = rows[:limit]
    return Page(items, encode_cursor(key(items[-1])) if more else None)


def encode_cursor(key: list[Any]) -> str:
    """The opaque form of a sort key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, *, parts: int) -> list[Any] | None:
    """The sort key behind a cursor with `parts` parts; InvalidError for one that we did not give out."""
    if cursor is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        key = None
    if not isinstance(key, list) or len(key) != parts or not all(isinstance(p, str | int) for p in key):
        raise _unknown()
    return key


def key_behind(cursor: str | None, *types: type) -> list[Any] | None:
    """The sort key behind a cursor, its parts of these types; None at the beginning. InvalidError as above.

    Whole numbers are those that a bigint holds; texts have no NUL, which PostgreSQL takes in none.
    """
    key = decode_cursor(cursor, parts=len(types))
    if key is not None and not all(_is_part(part, kind) for part, kind in zip(key, types, strict=True)):
        raise _unknown()
    return key


def _is_part(part: object, kind: type) -> bool:
    if type(part) is not kind:
        return False
    if isinstance(part, int):
        return -LARGEST_NUMBER <= part < LARGEST_NUMBER
    return "\0" not in str(part)


def id_behind(cursor: str | None) -> str | None:
    """The id at which a list ordered by id goes on; None at its beginning. InvalidError as above."""
    key = decode_cursor(cursor, parts=1)
    if key is None:
        return None
    if not isinstance(key[0], str):
        raise _unknown()
    return key[0]


def number_behind(cursor: str | None) -> int | None:
    """The number at which a list ordered by numbers goes on; None at its beginning. InvalidError as above."""
    key = decode_cursor(cursor, parts=1)
    if key is None:
        return None
    if not isinstance(key[0], int) or isinstance(key[0], bool) or not 0 <= key[0] < LARGEST_NUMBER:
        raise _unknown()
    return key[0]


def _unknown() -> InvalidError:
    return InvalidError(
        "The cursor is not one of ours; start again without it.", errors={"cursor": ["Unknown cursor."]}
    )
