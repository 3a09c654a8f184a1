"""`Idempotency-Key`: the same key and body get the same answer, byte for byte, for a day.

The key is claimed in the request's own transaction, so a crash frees it; a second request with the
same key waits on the claim's unique index until the first is settled.
"""

import functools
import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, ParamSpec

import svcs
from flask import Response, current_app, request
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from backend.infra.after_commit import after_commit
from backend.infra.postgres import db
from backend.kernel.errors import ClimbUpError, ConflictError, InvalidError
from backend.web.clock import time_now
from backend.web.kept_answers import KeptAnswer, KeptAnswers

P = ParamSpec("P")

KEPT_FOR: Final = timedelta(hours=24)
WAIT_MS: Final = 5000
_SHAPE: Final = re.compile(r"[\x21-\x7e]{1,255}")
_LOCK_NOT_AVAILABLE: Final = "55P03"
# What an answer says of itself; other headers, such as those of limits, are of the request at hand.
_KEPT_HEADERS: Final = ("ETag", "Location", "Retry-After")

_CLAIM = text(
    "INSERT INTO idempotency_keys (owner, key, fingerprint, expires_at)"
    " VALUES (:owner, :key, :fingerprint, :expires_at)"
    " ON CONFLICT (owner, key) DO UPDATE SET fingerprint = excluded.fingerprint,"
    " expires_at = excluded.expires_at, status = NULL, body = NULL"
    " WHERE idempotency_keys.expires_at <= :now RETURNING key"
)
_STORED = text(
    "SELECT fingerprint, status, content_type, headers, body FROM idempotency_keys"
    " WHERE owner = :owner AND key = :key"
)
_SETTLE = text(
    "UPDATE idempotency_keys SET status = :status, content_type = :content_type, headers = :headers,"
    " body = :body"
    " WHERE owner = :owner AND key = :key"
)
_FORGET = text("DELETE FROM idempotency_keys WHERE expires_at <= :now")


class IdempotencyKeyReusedError(InvalidError):
    """The key was used before with another request."""


class IdempotencyKeyBusyError(ConflictError):
    """The first request with this key is still at work."""


def idempotent(owner: Callable[[], str]) -> Callable[[Callable[P, Any]], Callable[P, Response]]:
    """Make a view honour `Idempotency-Key`; `owner()` names whose keys they are (a user's id).

    Without the header the view just runs. Answers below 500 are kept, refusals too.
    """

    def decorate(view: Callable[P, Any]) -> Callable[P, Response]:
        @functools.wraps(view)
        def once(*args: P.args, **kwargs: P.kwargs) -> Response:
            def run() -> Response:
                return _answer(view, *args, **kwargs)

            key = request.headers.get("Idempotency-Key")
            return run() if key is None else _once(run, owner=owner(), key=key)

        return once

    return decorate


def _answer(view: Callable[..., Any], *args: Any, **kwargs: Any) -> Response:
    """The view's answer, its refusals included, so that both can be kept."""
    try:
        return current_app.make_response(view(*args, **kwargs))
    except (ClimbUpError, HTTPException) as error:
        # The handlers roll the view's changes back, and with them the claim.
        return current_app.make_response(current_app.handle_user_exception(error))


def _once(run: Callable[[], Response], *, owner: str, key: str) -> Response:
    if not _SHAPE.fullmatch(key):
        raise InvalidError("Idempotency-Key must be 1 to 255 visible ASCII characters, for example a UUID.")
    now = time_now()
    claim = {"owner": owner, "key": key, "fingerprint": _fingerprint(), "now": now}
    kept = svcs.flask.get(KeptAnswers).find(owner=owner, name=key, now=now)
    if kept is not None:
        return _again(claim, kept)
    if not _claim(claim):
        return _replay(claim)
    response = run()
    if response.status_code >= 500:  # noqa: PLR2004
        return response
    if response.status_code >= 400:  # noqa: PLR2004
        return _keep_refusal(claim, response)
    _settle(claim, response)
    return response


def _claim(claim: dict[str, Any]) -> bool:
    db.session.execute(text(f"SET LOCAL lock_timeout = {WAIT_MS}"))
    try:
        values = {**claim, "expires_at": claim["now"] + KEPT_FOR}
        claimed = db.session.execute(_CLAIM, values).scalar() is not None
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise IdempotencyKeyBusyError(
            "A request with this Idempotency-Key is still at work; ask again in a moment."
        ) from error
    db.session.execute(text("SET LOCAL lock_timeout = DEFAULT"))
    return claimed


def _replay(claim: dict[str, Any]) -> Response:
    return _again(claim, db.session.execute(_STORED, claim).one())


def _again(claim: dict[str, Any], kept: Any) -> Response:
    """What was answered before, wherever it was kept."""
    if kept.fingerprint != claim["fingerprint"]:
        raise IdempotencyKeyReusedError(
            "This Idempotency-Key was used with another request; make a new key for each new request."
        )
    response = Response(kept.body, status=kept.status, content_type=kept.content_type)
    response.headers.update(kept.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _keep_refusal(claim: dict[str, Any], response: Response) -> Response:
    """The refused view's changes are gone; keep its answer in a transaction of its own."""
    db.session.rollback()
    if not _claim(claim):
        return _replay(claim)
    _settle(claim, response)
    db.session.commit()
    return response


def _settle(claim: dict[str, Any], response: Response) -> None:
    said = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    kept = {
        "owner": claim["owner"],
        "key": claim["key"],
        "status": response.status_code,
        "content_type": response.content_type,
        "headers": json.dumps(said),
        "body": response.get_data(),
    }
    db.session.execute(_SETTLE, kept)
    _remember(claim, response, said)


def _remember(claim: dict[str, Any], response: Response, said: dict[str, str]) -> None:
    """Keep the answer in Redis too, once it is committed."""
    answer = KeptAnswer(
        fingerprint=claim["fingerprint"],
        status=response.status_code,
        content_type=response.content_type,
        headers=said,
        body=response.get_data(as_text=True),
        expires_at=(claim["now"] + KEPT_FOR).isoformat(),
    )
    answers, owner, name, now = svcs.flask.get(KeptAnswers), claim["owner"], claim["key"], claim["now"]
    after_commit(db.session, lambda: answers.keep(answer, owner=owner, name=name, now=now))


def forget_expired() -> None:
    """Delete the keys that are no longer good, with their answers (a job)."""
    db.session.execute(_FORGET, {"now": time_now()})


def _fingerprint() -> str:
    whole = b"\x00".join([request.method.encode(), request.full_path.encode(), request.get_data()])
    return hashlib.sha256(whole).hexdigest()
