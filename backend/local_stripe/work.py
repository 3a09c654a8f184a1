"""How one request is worked off: its key claimed, its work done in one transaction, its answer remembered."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.local_stripe import faults, idempotency, timers
from backend.local_stripe.book import Book, Origin
from backend.local_stripe.errors import ApiError, Json, LostError, missing
from backend.local_stripe.faults import Moment
from backend.local_stripe.idempotency import Answer
from backend.local_stripe.options import Options
from backend.local_stripe.routes import Route
from backend.local_stripe.store import Store
from backend.local_stripe.wire import Params, expanded, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to a route: `public` when it came with a publishable key."""

    id: str
    route: Route
    path: str
    ids: tuple[str, ...]
    params: Mapping[str, Any]
    account: str
    public: bool
    key: str | None


def work_off(store: Store, options: Options, request: Request, *, now: int) -> Answer:
    """The answer to a request. LostError when nobody is to learn it."""
    moment = faults.take(store, request.route.method, request.path)
    if moment is Moment.BEFORE:
        raise LostError
    if moment is not None and moment is not Moment.AFTER:
        return _failure(moment)
    timers.run_due(store, options, now)
    answer = _answer(store, options, request, now)
    if moment is Moment.AFTER:
        raise LostError
    return answer


def _answer(store: Store, options: Options, request: Request, now: int) -> Answer:
    if request.route.method == "GET":
        with store.reading() as connection:
            return _work(connection, options, request, now)
    if request.key is None:
        with store.writing() as connection:
            return _work(connection, options, request, now)
    return _once(store, options, request, request.key, now)


def _once(store: Store, options: Options, request: Request, key: str, now: int) -> Answer:
    account = request.account
    print_ = idempotency.fingerprint(request.route.method, request.path, dict(request.params))
    try:
        found = idempotency.claim(store, options, account=account, key=key, print_=print_, now=now)
    except ApiError as error:
        return Answer(error.status, {"error": error.error}, remembered=False)
    if found is not None:
        return found
    try:
        with store.writing() as connection:
            answer = _work(connection, options, request, now)
            idempotency.keep(connection, answer, account=account, key=key)
            return answer
    except BaseException:
        with store.writing() as connection:
            idempotency.release(connection, account=account, key=key)
        raise


def _work(connection: sqlite3.Connection, options: Options, request: Request, now: int) -> Answer:
    book = Book(connection, options, now, request.account, Origin(request.id, request.key))
    connection.execute("SAVEPOINT work")
    try:
        answer = Answer(200, _run(book, request))
    except ApiError as error:
        if not error.keeps_work:
            connection.execute("ROLLBACK TO work")
        answer = Answer(error.status, {"error": error.error}, remembered=error.is_remembered)
    connection.execute("RELEASE work")
    return answer


def _run(book: Book, request: Request) -> Json:
    if request.public:
        _require_secret(book, request)
    params = Params(request.params)
    expand = params.texts("expand")
    found = request.route.run(book, params, *request.ids)
    params.require_all_read()
    # Objects may be shared with what is stored: the answer is a copy.
    return expanded(json.loads(json.dumps(shown(found))), expand, lambda name: shown(book.look_up(name)))


def _require_secret(book: Book, request: Request) -> None:
    given = request.params.get("client_secret")
    if not request.route.public:
        message = "This API call cannot be made with a publishable API key. Please use a secret API key."
        raise ApiError(message, status=401, code="secret_key_required")
    if given is None:
        raise missing("client_secret")
    if book.get("payment_intent", request.ids[0])["client_secret"] != given:
        raise ApiError(
            "The client_secret provided does not match the client_secret associated with the PaymentIntent.",
            code="payment_intent_invalid_parameter",
            param="client_secret",
        )


def _failure(moment: Moment) -> Answer:
    if moment is Moment.BUSY:
        error = {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests."}
        return Answer(429, {"error": error}, remembered=False)
    error = {"type": "api_error", "message": "An error occurred on our side."}
    return Answer(500, {"error": error}, remembered=False)
