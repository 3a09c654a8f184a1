"""/api/rules/shadow: a draft beside live quotes."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import svcs

from backend.domains.rules.publishing import RulePublishing
from backend.domains.shadow.schemas import ShadowArgs, ShadowReportSchema, ShadowSchema
from backend.domains.shadow.service import Shadow, ShadowReport, ShadowService
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, requires
from backend.web.idempotency import idempotent

blueprint: Final = Blueprint(
    "rule shadows", __name__, url_prefix="/api/rules/shadow", description="A draft beside live quotes"
)


@blueprint.post("")
@idempotent(caller_id)
@blueprint.arguments(ShadowArgs)
@blueprint.response(201, ShadowSchema)
@blueprint.alt_response(404, description="No such release to base a draft on")
@blueprint.alt_response(409, description="Another shadow runs")
@requires(Role.RULE_EDITOR)
def start_shadow(asked: dict[str, Any]) -> Shadow:
    """Price live quotes under a draft as well, for a time; what customers are answered stays the same."""
    return svcs.flask.get(ShadowService).start(
        sources=svcs.flask.get(RulePublishing).draft(**asked["draft"]),
        note=asked["note"],
        author=caller_id(),
        lasts=timedelta(minutes=asked["minutes"]),
        sample=Decimal(asked["sample"]),
    )


@blueprint.get("")
@blueprint.response(200, ShadowReportSchema)
@blueprint.alt_response(404, description="None was started yet")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def report_shadow() -> ShadowReport:
    """What the shadow that runs, or the one that ran last, has found."""
    return svcs.flask.get(ShadowService).report()


@blueprint.delete("")
@blueprint.response(200, ShadowSchema)
@blueprint.alt_response(404, description="None runs")
@requires(Role.RULE_EDITOR)
def stop_shadow() -> Shadow:
    """End the running shadow; what it found stays."""
    return svcs.flask.get(ShadowService).stop(author=caller_id())
