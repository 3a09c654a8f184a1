"""The daily comparison with the payment gateway."""

from typing import Final

import structlog
import svcs

from backend.config import Settings
from backend.domains.payments.reconciliation import Reconciliation
from backend.infra.clock import Clock
from backend.infra.jobs import Task

log = structlog.get_logger(__name__)


def reconcile() -> None:
    """Where a gateway is set up, keep a report of the days that were not compared yet, if there are any."""
    if svcs.flask.get(Settings).stripe_secret_key is None:
        return
    now = svcs.flask.get_abstract(Clock).now()
    made = svcs.flask.get(Reconciliation).report_daily(now=now)
    if made is not None:
        for one in made.differences:
            told = {name: one[name] for name in ("kind", "source", "words")}
            log.warning("reconciliation_difference", **told)


# By then all of the day before is known. An hour without an answer of the gateway is made good in the next.
TASKS: Final = (Task("payments.reconcile", reconcile, cron="23 2-23 * * *"),)
