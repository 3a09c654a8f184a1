"""/api/reports/bargain."""

from typing import Any, Final

import svcs
from flask import Response, request

from backend.domains.bargain.report import BargainReport, BargainReports
from backend.domains.bargain.report_csv import CSV, CSV_TYPE, csv_answer
from backend.domains.bargain.report_schemas import BargainReportArgs, BargainReportSchema
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.app import only_reads
from backend.web.auth import requires
from backend.web.clock import time_now

reports: Final = Blueprint(
    "bargain reports", __name__, url_prefix="/api/reports", description="How sales went"
)


@reports.get("/bargain")
@reports.arguments(BargainReportArgs, location="query")
@reports.response(200, BargainReportSchema)
@requires(Role.ANALYST, Role.SUPPORT)
@only_reads
def get_bargain_report(asked: dict[str, Any]) -> BargainReport | Response:
    """Staff: success, discount, revenue and margin of bargains, by strategy, category or week.

    As CSV with `format=csv` or `Accept: text/csv`; a row for each line and currency.
    """
    form = asked.pop("format")
    report = svcs.flask.get(BargainReports).make(**asked, now=time_now())
    return csv_answer(report) if form == CSV or (form is None and _wants_csv()) else report


def _wants_csv() -> bool:
    accepted = request.accept_mimetypes
    return accepted.best_match(["application/json", CSV_TYPE]) == CSV_TYPE
