"""ETags of things that count their versions, and the `If-Match` of those who edit them."""

from typing import Any, Final

from flask import request
from werkzeug.exceptions import PreconditionRequired

from backend.kernel.errors import StaleError
from backend.kernel.versions import Edit
from backend.web.auth import caller_id

# For `@blueprint.doc(**IF_MATCH)`: edits of these need the header.
IF_MATCH: Final[dict[str, Any]] = {
    "parameters": [
        {
            "in": "header",
            "name": "If-Match",
            "required": True,
            "schema": {"type": "string"},
            "description": "The ETag of what is edited, as it was read.",
            "example": '"3"',
        }
    ]
}
# The same where the header may be left out.
MAYBE_IF_MATCH: Final[dict[str, Any]] = {"parameters": [{**IF_MATCH["parameters"][0], "required": False}]}


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


def this_edit() -> Edit:
    """The caller's edit of the version in `If-Match`: 428 without one, 412 for none of our ETags."""
    version = seen_version()
    if version is None:
        raise PreconditionRequired("Send If-Match with the ETag of what you edit, as you read it.")
    return Edit(actor_id=caller_id(), version=version)
