"""/api/rules/backtest: a draft of the rules on the quotes of the past."""

from typing import Any, Final

import svcs
from flask import Response

from backend.domains.backtesting.models import RuleBacktest
from backend.domains.backtesting.presentation import FORMATS, report
from backend.domains.backtesting.schemas import BacktestArgs, BacktestSchema, ReportArgs
from backend.domains.backtesting.service import BacktestService
from backend.domains.rules.publishing import RulePublishing
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, requires
from backend.web.clock import time_now
from backend.web.idempotency import idempotent

blueprint: Final = Blueprint(
    "rule back-tests", __name__, url_prefix="/api/rules", description="A draft on the quotes of the past"
)


@blueprint.post("/backtest")
@idempotent(caller_id)
@blueprint.arguments(BacktestArgs)
@blueprint.response(202, BacktestSchema)
@blueprint.alt_response(404, description="No such release to base a draft on")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def request_backtest(asked: dict[str, Any]) -> RuleBacktest:
    """Price the quotes of a period again, under the rules being served and under a draft, in a job."""
    sources = svcs.flask.get(RulePublishing).draft(**asked.pop("draft"))
    now = time_now()
    return svcs.flask.get(BacktestService).request(sources=sources, **asked, author=caller_id(), now=now)


@blueprint.get("/backtests/<backtest_id>")
@blueprint.arguments(ReportArgs, location="query")
@blueprint.response(200, BacktestSchema)
@blueprint.alt_response(404, description="No such back-test")
@blueprint.alt_response(409, description="A report is wanted, and it is not done")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def get_backtest(asked: dict[str, Any], backtest_id: str) -> RuleBacktest | Response:
    """How far it is, and its result; `format=html` and `format=csv` give the report of a finished one."""
    backtests, form = svcs.flask.get(BacktestService), asked["format"]
    return (
        report(backtests.finished(backtest_id=backtest_id).result or {}, form)
        if form in FORMATS
        else backtests.backtest(backtest_id=backtest_id)
    )


@blueprint.delete("/backtests/<backtest_id>")
@blueprint.response(200, BacktestSchema)
@blueprint.alt_response(404, description="No such back-test")
@blueprint.alt_response(409, description="It is over")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def cancel_backtest(backtest_id: str) -> RuleBacktest:
    """Cancel it."""
    now = time_now()
    return svcs.flask.get(BacktestService).cancel(backtest_id=backtest_id, author=caller_id(), now=now)
