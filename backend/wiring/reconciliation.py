"""Builds the comparison of the ledger with the payment gateway."""

from typing import Final

import svcs
from flask import Flask

from backend.domains.ledger.gateway_side import GatewaySide
from backend.domains.ledger.service import Ledger
from backend.domains.payments import reconciliation_jobs
from backend.domains.payments.gateway import PaymentGateway
from backend.domains.payments.reconciliation import Reconciliation, ReconciliationReports
from backend.infra.postgres import db

TASKS: Final = reconciliation_jobs.TASKS


def register_reconciliation(app: Flask) -> None:
    """Register it; the payment gateway must be registered when it is used."""
    register = svcs.flask.register_factory
    register(app, Reconciliation, _reconciliation)
    register(app, ReconciliationReports, lambda: ReconciliationReports(db.session))


def _reconciliation(container: svcs.Container) -> Reconciliation:
    return Reconciliation(
        session=db.session,
        ledger=container.get(Ledger),
        side=GatewaySide(db.session),
        gateway=container.get_abstract(PaymentGateway),
    )
