"""`/docs` (Swagger UI) and `/redoc` (ReDoc) over `/openapi.json`; all they load is served from here."""

from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Final

import openapi_ui_bundles
from flask import Blueprint, Response, abort, make_response, render_template, send_file

BUNDLES: Final = version("openapi-ui-bundles")
_OWN: Final = Path(__file__).parent / "static"
ASSETS: Final = {
    "favicon-32x32.png": openapi_ui_bundles.swagger_ui.static_path,
    "redoc.standalone.js": openapi_ui_bundles.redoc.static_path,
    "swagger-start.js": _OWN,
    "swagger-ui-bundle.js": openapi_ui_bundles.swagger_ui.static_path,
    "swagger-ui.css": openapi_ui_bundles.swagger_ui.static_path,
}
# Both pages make style elements as they run; ReDoc searches in a worker made from a blob.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self' data:; connect-src 'self'; worker-src blob:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# Not of flask-smorest: pages for people are no part of the API.
blueprint = Blueprint("docs", __name__, template_folder="templates")


@blueprint.get("/docs")
def swagger_ui() -> Response:
    """The API to try out."""
    return _page("swagger_page.html")


@blueprint.get("/redoc")
def redoc() -> Response:
    """The API to read."""
    return _page("redoc_page.html")


@blueprint.get("/docs/assets/<bundles>/<name>")
def asset(bundles: str, name: str) -> Response:
    """A file of the pages; its address changes with its version, so browsers keep it."""
    if bundles != BUNDLES or name not in ASSETS:
        abort(HTTPStatus.NOT_FOUND)
    response = send_file(ASSETS[name] / name)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _page(template: str) -> Response:
    response = make_response(render_template(template, bundles=BUNDLES))
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response
