"""The gateway's web application: Stripe's API, and pages for people's browsers."""

import secrets
from collections.abc import Callable
from functools import partial

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from backend.local_stripe import pages
from backend.local_stripe.book import API_VERSION, PLATFORM
from backend.local_stripe.errors import ApiError, LostError
from backend.local_stripe.idempotency import Answer
from backend.local_stripe.options import Options
from backend.local_stripe.routes import ROUTES, Route
from backend.local_stripe.store import Store
from backend.local_stripe.wire import nested
from backend.local_stripe.work import Request, work_off

_SECRET_KEYS = ("sk_test_", "rk_test_")
_PUBLIC_KEYS = ("pk_test_",)


def create_app(store: Store, options: Options, seconds: Callable[[], int]) -> Flask:
    """The WSGI application over `store`; `seconds` is its clock, `options` how it is set at first."""
    app = Flask("backend.local_stripe", static_folder=None)
    for route in ROUTES:
        name = f"{route.method} {route.path}"
        view = partial(_respond, store, options, seconds, route)
        app.add_url_rule(route.path, endpoint=name, view_func=view, methods=[route.method])
    pages.install(app, store, options, seconds)
    app.register_error_handler(LostError, _lost)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _respond(
    store: Store, options: Options, seconds: Callable[[], int], route: Route, **ids: str
) -> Response:
    name = f"req_{secrets.token_hex(7)}"
    try:
        answer = _answer(store, options, seconds(), route, tuple(ids.values()), name)
    except ApiError as error:
        answer = Answer(error.status, {"error": error.error}, remembered=False)
    response = jsonify(answer.body)
    response.status_code = answer.status
    response.headers["Request-Id"] = name
    response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
    if key := request.headers.get("Idempotency-Key"):
        response.headers["Idempotency-Key"] = key
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _answer(
    store: Store, options: Options, now: int, route: Route, ids: tuple[str, ...], name: str
) -> Answer:
    fields = request.args if request.method == "GET" else request.form
    made = Request(
        id=name,
        route=route,
        path=request.path,
        ids=ids,
        params=nested(fields.items(multi=True)),
        account=request.headers.get("Stripe-Account") or PLATFORM,
        public=_is_public(),
        key=request.headers.get("Idempotency-Key"),
    )
    return work_off(store, pages.current(store, options), made, now=now)


def _is_public() -> bool:
    auth = request.authorization
    key = (auth.token or auth.username or "") if auth else ""
    if key.startswith(_SECRET_KEYS):
        return False
    if key.startswith(_PUBLIC_KEYS):
        return True
    if not key:
        message = "You did not provide an API key. Send it as: Authorization: Bearer sk_test_…"
        raise ApiError(message, status=401)
    raise ApiError(f"Invalid API Key provided: {key[:8]}****", status=401)


def _lost(_: LostError) -> Response:
    # As a proxy answers when the server behind it is gone: nothing is known of the work.
    return Response("no answer", status=504, mimetype="text/plain")


def _http_error(error: HTTPException) -> Response:
    message = f"Unrecognized request URL ({request.method}: {request.path})."
    status = error.code or 500
    body = {"error": {"type": "invalid_request_error", "message": message if status == 404 else str(error)}}  # noqa: PLR2004 (what HTTP calls it)
    response = jsonify(body)
    response.status_code = status
    return response
