"""Builds the ledger, its check, its statements, and the writing off of debts."""

import svcs
from flask import Flask

from backend.domains.catalog.service import CatalogService
from backend.domains.identity.service import UserService
from backend.domains.ledger.checking import LedgerCheck
from backend.domains.ledger.debts import Debts
from backend.domains.ledger.service import Ledger
from backend.domains.ledger.statements import Statements
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import db


def register_ledger(app: Flask) -> None:
    """Register the ledger's services."""
    register = svcs.flask.register_factory
    register(app, Ledger, lambda: Ledger(db.session))
    register(app, LedgerCheck, _check)
    register(app, Statements, _statements)
    register(app, Debts, _debts)


def _check(container: svcs.Container) -> LedgerCheck:
    return LedgerCheck(db.session, *container.get(CatalogService, UserService))


def _statements(container: svcs.Container) -> Statements:
    return Statements(db.session, *container.get(CatalogService, UserService))


def _debts(container: svcs.Container) -> Debts:
    return Debts(container.get(Ledger), container.get_abstract(Clock), container.get(AuditLog))
