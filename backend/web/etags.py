"""ETags of things that count their versions, and the `If-Match` of those who edit them."""

from flask import request

from backend.kernel.errors import StaleError


def etag_of(version: int) -> str:
    """The strong ETag of a version, as the header has it."""
    return f'"{version}"'


def seen_version() -> int | None:
    """The version that `If-Match` names; None when the header is missing or `*`.

    StaleError for an ETag that is none of ours: it names no version that could still be the newest.
    """
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    text = header.removeprefix('"').removesuffix('"')
    if header != f'"{text}"' or not (text.isascii() and text.isdecimal()):
        raise StaleError('If-Match must be the ETag of the last answer, for example "3".')
    return int(text)
