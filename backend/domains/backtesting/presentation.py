"""A finished back-test as an answer of its own: a page, or CSV."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Response

from backend.domains.backtesting.page import page
from backend.domains.backtesting.table import csv_rows

FORMATS: Final[Mapping[str, tuple[Callable[[Mapping[str, Any]], str], str]]] = {
    "html": (page, "text/html"),
    "csv": (csv_rows, "text/csv"),
}
# The page has styles of its own, and nothing else.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


def report(document: Mapping[str, Any], form: str) -> Response:
    """The report in one of `FORMATS`."""
    write, mimetype = FORMATS[form]
    response = Response(write(document), mimetype=mimetype)
    response.headers["Content-Security-Policy"] = POLICY
    return response
