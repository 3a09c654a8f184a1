"""Bodies that no endpoint takes, by what is wrong with them."""

from typing import Any

SQL = "'; DROP TABLE users; --"
TEMPLATE = "{{ 7 * 7 }}${7*7}<script>alert(1)</script>%s%n../../etc/passwd"

NOT_JSON: dict[str, bytes] = {
    "null": b"null",
    "half a document": b'{"email": ',
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "a nested list": b"[" * 100_000,
    "a nested and closed list": b'{"name": ' + b"[" * 500 + b"]" * 500 + b"}",
    "a nested object": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a NUL character": b'{"name": "a\\u0000b"}',
    "a NUL byte": b'{"name": "a\x00b"}',
    "half of a surrogate pair": b'{"name": "\\ud800"}',
    "a name of half a surrogate pair": b'{"\\udfff": 1}',
    "not a number": b'{"party": NaN}',
    "a number of 10,000 digits": b'{"party": ' + b"9" * 10_000 + b"}",
}
NOT_OBJECTS: dict[str, Any] = {
    "a list": [],
    "a text": SQL,
    "a number": 10**9,
    "an unknown field": {"no_such_field": 1},
    "an unknown field named like an attribute": {"__class__": {"__init__": 1}},
}
