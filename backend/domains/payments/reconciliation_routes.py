"""/api/reports/reconciliation."""

from typing import Any, Final

import svcs

from backend.domains.payments.reconciliation import ReconciliationReports
from backend.domains.payments.reconciliation_models import ReconciliationRow
from backend.domains.payments.reconciliation_schemas import ReconciliationPageSchema
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import requires
from backend.web.pagination import Page, PageArgs, id_behind, page_of

blueprint: Final = Blueprint(
    "reconciliation",
    __name__,
    url_prefix="/api/reports",
    description="Whether our book and the gateway's agree",
)


@blueprint.get("/reconciliation")
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, ReconciliationPageSchema)
@requires(Role.ANALYST)
def list_reconciliations(asked: dict[str, Any]) -> Page[ReconciliationRow]:
    """Analysts and admins: the daily comparisons of the ledger with the payment gateway, newest first."""
    limit, older_than = asked["limit"], id_behind(asked["cursor"])
    found = svcs.flask.get(ReconciliationReports).newest(older_than=older_than, limit=limit + 1)
    return page_of(found, limit=limit, key=lambda one: [one.id])
