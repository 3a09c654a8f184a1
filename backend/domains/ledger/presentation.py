"""A statement as CSV."""

import csv
import io
from collections.abc import Iterator
from typing import Final

from flask import Response

from backend.domains.ledger.statements import CurrencyStatement, Statement
from backend.web.fields import write_instant

JSON: Final = "json"
CSV: Final = "csv"
FORMATS: Final = (JSON, CSV)
_COLUMNS: Final = ("at", "kind", "words", "reference", "currency", "amount", "balance")


def shown(statement: Statement, form: str) -> Statement | Response:
    """The statement in one of `FORMATS`; as JSON, itself."""
    if form == JSON:
        return statement
    response = Response(csv_rows(statement), mimetype="text/csv")
    owner = statement.account.partition(":")[2]
    name = f"statement-{owner}-{statement.first}-{statement.last}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_rows(statement: Statement) -> str:
    """A row for each line, and before and after those of a currency its balances; amounts in major units."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for one in statement.currencies:
        writer.writerows(_rows(statement, one))
    return file.getvalue()


def _rows(statement: Statement, one: CurrencyStatement) -> Iterator[tuple[object, ...]]:
    code = one.opening.currency
    yield f"{statement.first}T00:00:00Z", "opening", "Opening balance", "", code, "", one.opening.amount
    for line in one.lines:
        at = write_instant(line.at)
        yield at, line.kind, line.words, line.reference, code, line.amount.amount, line.balance.amount
    yield f"{statement.last}T00:00:00Z", "closing", "Closing balance", "", code, "", one.closing.amount
