"""Families of errors. A domain error lives beside what raises it and belongs to one of these.

`web/errors.py` alone maps a family to an HTTP status; nothing below `web` knows of HTTP.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class ClimbUpError(Exception):
    """A refusal that a person can act on.

    `detail` is one or two sentences for the caller: what is wrong and what to do about it.
    `extra` holds JSON-ready members added to the problem document (for example what conflicts).
    """

    title: ClassVar[str] = "Something is wrong"

    def __init__(self, detail: str, *, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = dict(extra or {})


class InvalidError(ClimbUpError):
    """The request is understood but breaks a rule of its own data; `errors` names the fields."""

    title = "The request is not valid"

    def __init__(
        self,
        detail: str,
        *,
        errors: Mapping[str, list[str]] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail, extra=extra)
        self.errors = dict(errors or {})


class UnauthenticatedError(ClimbUpError):
    """Nobody, or nobody we can trust, is asking."""

    title = "Sign in first"


class DeniedError(ClimbUpError):
    """Somebody is asking who may not have this."""

    title = "Not allowed"


class NotFoundError(ClimbUpError):
    """No such thing, or none the caller may know of."""

    title = "Not found"


class ConflictError(ClimbUpError):
    """The state of the world, not the request, stands in the way."""

    title = "Conflict"


class ExpiredError(ClimbUpError):
    """It was good once and is not any more."""

    title = "Expired"


class StaleError(ClimbUpError):
    """The caller edits a version that is no longer the newest."""

    title = "Changed by somebody else"


class TooManyError(ClimbUpError):
    """Too often; `retry_after` seconds from now it may be asked again."""

    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class UpstreamError(ClimbUpError):
    """A store or supplier that this needs does not answer."""

    title = "A part we depend on is unavailable"
