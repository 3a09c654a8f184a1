"""The Flask class of the product: one transaction a request, and JSON that PostgreSQL can store."""

import functools
import json
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import BadRequest

from backend.infra.postgres import db, read_alone

P = ParamSpec("P")
R = TypeVar("R")

DEEPEST = 32


class ClimbUpJSONProvider(DefaultJSONProvider):
    """JSON with stable key order as written, and input that is refused early when it cannot be stored."""

    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse; BadRequest names what is wrong with text that no column could hold."""
        try:
            value = json.loads(s, parse_constant=_refuse_constant, **kwargs)
        except RecursionError:
            raise BadRequest("The JSON is nested too deeply.") from None
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise
        except ValueError:
            # Python reads no more than some thousand digits: to read more takes more than linear time.
            raise BadRequest("A number of the JSON has too many digits.") from None
        _refuse_unstorable(value)
        return value


def _refuse_constant(name: str) -> None:
    raise BadRequest(f"{name} is not JSON; send a number or null.")


def _refuse_unstorable(value: Any) -> None:
    stack = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > DEEPEST:
            raise BadRequest(f"The JSON is nested more than {DEEPEST} deep.")
        if isinstance(item, str):
            refuse_unstorable_text(item)
        elif isinstance(item, dict):
            stack.extend((part, depth + 1) for pair in item.items() for part in pair)
        elif isinstance(item, list):
            stack.extend((part, depth + 1) for part in item)


def refuse_unstorable_text(text: str) -> None:
    """BadRequest for a NUL character or half of a surrogate pair."""
    if "\x00" in text:
        raise BadRequest("Text must not contain the NUL character (\\u0000).")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadRequest("Text must be valid Unicode; half of a surrogate pair was sent.") from None


def _refuse_unstorable_address() -> None:
    for text in (request.path, *request.args, *(v for vs in request.args.listvalues() for v in vs)):
        refuse_unstorable_text(text)


def only_reads(view: Callable[P, R]) -> Callable[P, R]:
    """Run a view that changes nothing in the database without a transaction around it."""

    @functools.wraps(view)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        read_alone(db.session)
        return view(*args, **kwargs)

    return run


class ClimbUp(Flask):
    """Flask, with the unit of work around the view.

    The view's changes are committed after it returned and before its answer is sent; an answer of
    400 or more, or an exception, rolls them back. Nothing is ever committed in a teardown.
    """

    json_provider_class = ClimbUpJSONProvider

    def dispatch_request(self) -> Response:
        """Run the view and settle its transaction."""
        response = self.make_response(super().dispatch_request())
        if response.status_code < 400:  # noqa: PLR2004
            db.session.commit()
        else:
            db.session.rollback()
        return response


def install(app: Flask) -> None:
    """Refuse addresses whose text cannot be stored before any view sees them."""
    app.before_request(_refuse_unstorable_address)
    app.url_map.strict_slashes = False
