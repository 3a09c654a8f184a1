"""Builds the ledger, its check and its statements."""

import svcs
from flask import Flask

from backend.domains.catalog.service import CatalogService
from backend.domains.identity.service import UserService
from backend.domains.ledger.checking import LedgerCheck
from backend.domains.ledger.service import Ledger
from backend.domains.ledger.statements import Statements
from backend.infra.postgres import db


def register_ledger(app: Flask) -> None:
    """Register the ledger's services."""
    register = svcs.flask.register_factory
    register(app, Ledger, lambda: Ledger(db.session))
    register(app, LedgerCheck, _check)
    register(app, Statements, _statements)


def _check(container: svcs.Container) -> LedgerCheck:
    return LedgerCheck(db.session, *container.get(CatalogService, UserService))


def _statements(container: svcs.Container) -> Statements:
    return Statements(db.session, *container.get(CatalogService, UserService))
