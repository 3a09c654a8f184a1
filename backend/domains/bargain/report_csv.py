"""The report about bargains as CSV."""

import csv
import io
from collections.abc import Iterator
from typing import Final

from flask import Response

from backend.domains.bargain.report import BargainReport, Line
from backend.web.spreadsheets import harmless

JSON: Final = "json"
CSV: Final = "csv"
FORMATS: Final = (JSON, CSV)
CSV_TYPE: Final = "text/csv"
_COUNTS: Final = ("sessions", "open", "expired", "abandoned", "deals")
_MEANS: Final = ("success_rate", "mean_discount", "mean_attempts")
_AMOUNTS: Final = ("currency", "deals_in_currency", "agreed", "sold", "revenue", "costed", "margin")


def csv_answer(report: BargainReport) -> Response:
    """A file to be saved."""
    response = Response(csv_rows(report), mimetype=CSV_TYPE)
    name = f"bargains-{report.by}-{report.since}-{report.until}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_rows(report: BargainReport) -> str:
    """A row for each line and currency, the totals last; amounts in major units, unknown means left out."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([report.by, *_COUNTS, *_MEANS, *_AMOUNTS])
    for line in (*report.lines, report.total):
        writer.writerows(_rows(line))
    return file.getvalue()


def _rows(line: Line) -> Iterator[list[object]]:
    key = "(all)" if line.key is None else harmless(line.key)
    counts = [getattr(line.tally, name) for name in _COUNTS]
    means = [getattr(line, name) for name in _MEANS]
    for one in line.in_currencies:
        money = [one.deals, one.agreed.amount, one.sold, one.revenue.amount, one.costed, one.margin.amount]
        yield [key, *counts, *means, one.agreed.currency, *money]
