"""The REST API as flask-smorest sees it: OpenAPI 3.1 description, problem+json errors, blueprints."""

from typing import Any, Final

from flask import Flask
from flask_smorest import Api
from webargs.flaskparser import FlaskParser

from backend.web.fields import ProblemSchema

VERSION: Final = "1"

SPEC: Final[dict[str, Any]] = {
    "API_TITLE": "ClimbUp",
    "API_VERSION": VERSION,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
}


class ClimbUpApi(Api):  # type: ignore[misc]
    """flask-smorest with our error document; `web/errors.py` answers every exception itself."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Nothing: `web/errors.py` registers the handlers of all families, HTTPException among them."""


def make_api(app: Flask) -> ClimbUpApi:
    """Attach the API to `app`; blueprints are registered on the result."""
    # A request with a wrong type of content is told so, instead of being read as an empty body.
    FlaskParser.DEFAULT_VALIDATION_STATUS = 422
    app.config.update(SPEC)
    security = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    return ClimbUpApi(app, spec_kwargs={"components": {"securitySchemes": security}})
