"""The REST API as flask-smorest sees it: OpenAPI 3.1 description, problem+json errors, blueprints, bodies."""

from collections import deque
from http import HTTPStatus
from threading import Lock
from typing import Any, Final

import flask_smorest
from apispec import APISpec
from flask import Flask, Request, current_app
from flask_smorest import Api
from marshmallow import missing
from marshmallow.fields import Field
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from backend.web.fields import ProblemSchema

VERSION: Final = "1"
PROBLEM: Final = "application/problem+json"

SPEC: Final[dict[str, Any]] = {
    "API_TITLE": "ClimbUp",
    "API_VERSION": VERSION,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
}


class JsonParser(FlaskParser):
    """Reads bodies with the application's own JSON, which refuses what cannot be stored or is too deep.

    An unknown parameter of a query is refused by its schema, as an unknown field of a body is.
    """

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 (an option of the parent class)
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": None,
    }

    def _raw_load_json(self, req: Request) -> Any:
        if not req.is_json:
            if req.get_data(cache=True):
                raise UnsupportedMediaType("Send the body as JSON, with `Content-Type: application/json`.")
            return missing
        return current_app.json.loads(req.get_data(cache=True))


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # noqa: TID251 (the one subclass)
    """flask-smorest's, reading bodies with `JsonParser`. Every domain's blueprint is one of these."""

    ARGUMENTS_PARSER = JsonParser()

    def arguments(self, schema: Any, **options: Any) -> Any:
        """Read a view's arguments by `schema`: one for good; webargs would make one of a class each time."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)

    def alt_response(self, status_code: int, response: str | None = None, **options: Any) -> Any:
        """Document another answer: a problem, unless `options` or a `response` by name say otherwise."""
        if response is None:
            options = {"schema": ProblemSchema, "content_type": PROBLEM, **options}
        return super().alt_response(status_code, response, **options)


class ClimbUpApi(Api):  # type: ignore[misc]
    """flask-smorest with our error document; `web/errors.py` answers every exception itself.

    Operations are described when the description is first asked for: most processes never are, and it takes
    longer than all else that an application is made of.
    """

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask, **options: Any) -> None:
        self._undescribed: deque[Blueprint] = deque()
        self._describing = Lock()
        super().__init__(app, **options)

    @property
    def spec(self) -> APISpec:
        """The description of all blueprints that are registered."""
        with self._describing:
            while self._undescribed:
                self._describe(self._undescribed[0])
                self._undescribed.popleft()
        return self._spec

    @spec.setter
    def spec(self, spec: APISpec) -> None:
        self._spec = spec

    def register_blueprint(self, blueprint: Blueprint) -> None:
        """Serve its operations."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint)
        self._undescribed.append(blueprint)

    def _describe(self, blueprint: Blueprint) -> None:
        blueprint.register_views_in_doc(self, self._app, self._spec, name=blueprint.name, parameters=None)
        self._spec.tag({"name": blueprint.name, "description": blueprint.description})

    def _register_responses(self) -> None:
        """The answers that operations refer to by name: errors are problem documents."""
        for status in HTTPStatus:
            problem = {"content": {PROBLEM: {"schema": self.ERROR_SCHEMA}}} if status >= 400 else {}  # noqa: PLR2004
            self.spec.components.response(status.name, {"description": status.phrase, **problem}, lazy=True)
        anything = {"description": "What went wrong", "content": {PROBLEM: {"schema": self.ERROR_SCHEMA}}}
        self.spec.components.response("DEFAULT_ERROR", anything, lazy=True)

    def _register_error_handlers(self) -> None:
        """Nothing: `web/errors.py` registers the handlers of all families, HTTPException among them."""


def make_api(app: Flask) -> ClimbUpApi:
    """Attach the API to `app`; blueprints are registered on the result."""
    app.config.update(SPEC)
    security = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    api = ClimbUpApi(app, spec_kwargs={"components": {"securitySchemes": security}})
    api.ma_plugin.converter.add_attribute_function(_named_format)
    return api


def _named_format(_converter: Any, field: Field[Any], **_: Any) -> dict[str, Any]:
    """The format that a field names itself; apispec would write null for times of a shape of our own."""
    return {"format": field.metadata["format"]} if "format" in field.metadata else {}
