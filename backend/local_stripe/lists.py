"""Stripe's list objects: newest first, pages by cursor, filters by a member or the time of creation."""

import json
from collections.abc import Mapping
from typing import Any, Final

from backend.local_stripe.book import Book
from backend.local_stripe.errors import Json, invalid
from backend.local_stripe.wire import Params

_BOUNDS: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_LONGEST_PAGE: Final = 100


def page(book: Book, params: Params, kind: str, *, url: str, where: Mapping[str, Any] | None = None) -> Json:
    """One page of the objects of a kind that have the members of `where` (None values do not filter)."""
    limit = params.positive("limit") or 10
    if limit > _LONGEST_PAGE:
        raise invalid(
            "limit", "This value must be less than or equal to 100.", code="parameter_invalid_integer"
        )
    tests, values = _created(params)
    for name, value in (where or {}).items():
        if value is not None:
            tests.append(f"json_extract(body, '$.{name}') = ?")
            values.append(value)
    after, before = params.text("starting_after"), params.text("ending_before")
    for sign, cursor, param in (("<", after, "starting_after"), (">", before, "ending_before")):
        if cursor is not None:
            book.get(kind, cursor, param=param)
            tests.append(f"seq {sign} (SELECT seq FROM objects WHERE id = ?)")  # noqa: S608 (signs of our own)
            values.append(cursor)
    rows = book.connection.execute(
        f"SELECT body FROM objects WHERE kind = ? AND account = ?{''.join(f' AND {t}' for t in tests)} "  # noqa: S608 (names of our own)
        f"ORDER BY seq {'ASC' if before else 'DESC'} LIMIT ?",
        (kind, book.account, *values, limit + 1),
    ).fetchall()
    found = [json.loads(body) for (body,) in rows[:limit]]
    data = found[::-1] if before else found
    return {"object": "list", "url": url, "has_more": len(rows) > limit, "data": data}


def _created(params: Params) -> tuple[list[str], list[Any]]:
    bounds = params.group("created")
    given = {name: bounds.whole(name) for name in _BOUNDS}
    tests = [f"created {_BOUNDS[name]} ?" for name, value in given.items() if value is not None]
    return tests, [value for value in given.values() if value is not None]
