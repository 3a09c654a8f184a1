"""Every error as an RFC 9457 problem document. The only place where an error family meets a status."""

import math
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import structlog
from flask import Flask, Response, current_app, g, json, request
from redis.exceptions import RedisError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from backend.infra.postgres import db
from backend.kernel import errors

log = structlog.get_logger(__name__)

STATUS: Final[dict[type[errors.ClimbUpError], HTTPStatus]] = {
    errors.InvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnauthenticatedError: HTTPStatus.UNAUTHORIZED,
    errors.DeniedError: HTTPStatus.FORBIDDEN,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.ExpiredError: HTTPStatus.GONE,
    errors.StaleError: HTTPStatus.PRECONDITION_FAILED,
    errors.TooManyError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.UpstreamError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def problem(
    status: int,
    detail: str,
    *,
    title: str | None = None,
    errors_by_field: dict[str, Any] | None = None,
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem+json answer with this request's id."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "instance": quote(request.path),
        "request_id": g.get("request_id"),
        **(extra or {}),
    }
    if errors_by_field:
        document["errors"] = errors_by_field
    response = Response(json.dumps(document), status=status, content_type="application/problem+json")
    response.headers.update(headers or {})
    return response


def status_of(error: errors.ClimbUpError) -> HTTPStatus:
    """The status of the nearest family of the error."""
    return next(STATUS[family] for family in type(error).__mro__ if family in STATUS)


def _known(error: errors.ClimbUpError) -> Response:
    status = status_of(error)
    headers = {}
    if isinstance(error, errors.TooManyError):
        headers["Retry-After"] = str(error.retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    by_field = error.errors if isinstance(error, errors.InvalidError) else None
    return problem(
        status, error.detail, title=error.title, errors_by_field=by_field, extra=error.extra, headers=headers
    )


def _http(error: HTTPException) -> Response:
    data = getattr(error, "data", None) or {}
    messages = data.get("messages") or data.get("errors")
    detail = data.get("message") or _detail(error, messages)
    headers = {k: v for k, v in error.get_headers() if k.lower() not in {"content-type", "content-length"}}
    headers |= data.get("headers") or {}
    return problem(error.code or 500, detail, errors_by_field=_flat(messages), headers=headers)


def _detail(error: HTTPException, messages: Any) -> str:
    if messages:
        return "Some fields are not as they must be; see `errors`."
    if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return f"The body is larger than {current_app.config['MAX_CONTENT_LENGTH']} bytes; send less at once."
    if error.code == HTTPStatus.NOT_FOUND:
        return "There is nothing at this address; /openapi.json lists what there is."
    return error.description or HTTPStatus(error.code or 500).phrase


def _flat(messages: Any) -> dict[str, Any] | None:
    """Webargs nests messages by location ("json", "query"); clients look for the field."""
    if not isinstance(messages, dict):
        return None
    flat: dict[str, Any] = {}
    for location, fields in messages.items():
        flat.update(fields if isinstance(fields, dict) else {location: fields})
    return {str(name): value for name, value in flat.items()}


def _data(error: DataError) -> Response:
    """A value that passed the schema but that no column can hold: the caller's mistake, not ours."""
    log.warning("value_refused_by_database", error=str(error.orig))
    return problem(422, "A value is outside of what can be stored; shorten it or use a smaller number.")


def _database(error: DBAPIError) -> Response:
    if isinstance(error, OperationalError) or error.connection_invalidated:
        log.error("database_unavailable", exc_info=error)
        return _busy("The database does not answer; nothing was changed. Try again in a moment.")
    return _bug(error)


def _store(error: Exception) -> Response:
    log.error("store_unavailable", exc_info=error)
    return _busy("A store this needs does not answer; nothing was changed. Try again in a moment.")


def _crowded(error: PoolTimeoutError) -> Response:
    log.error("database_connections_in_use", error=str(error))
    return _busy("Too much is going on at once; nothing was changed. Try again in a moment.")


def _busy(detail: str) -> Response:
    return problem(503, detail, title=errors.UpstreamError.title, headers={"Retry-After": "2"})


def _bug(error: Exception) -> Response:
    log.error("unhandled_error", exc_info=error)
    if current_app.testing and current_app.config.get("PROPAGATE_BUGS"):
        raise error
    return problem(500, "This is our mistake. It is logged under the request id; please quote it.")


def _rolled_back(handler: Any) -> Any:
    def handle(error: Any) -> Response:
        db.session.rollback()
        answer: Response = handler(error)
        return answer

    return handle


def register(app: Flask) -> None:
    """Answer every error of `app` as a problem document, after undoing what the request began."""
    handlers: dict[type[Exception], Any] = {
        errors.ClimbUpError: _known,
        HTTPException: _http,
        DataError: _data,
        DBAPIError: _database,
        PoolTimeoutError: _crowded,
        RedisError: _store,
        Exception: _bug,
    }
    for family, handler in handlers.items():
        app.register_error_handler(family, _rolled_back(handler))


def retry_after(seconds: float) -> int:
    """Whole seconds for `Retry-After`, never zero."""
    return max(1, math.ceil(seconds))
