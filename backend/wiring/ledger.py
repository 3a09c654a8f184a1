"""Builds the ledger."""

import svcs
from flask import Flask

from backend.domains.ledger.service import Ledger
from backend.infra.postgres import db


def register_ledger(app: Flask) -> None:
    """Register the ledger's services."""
    svcs.flask.register_factory(app, Ledger, lambda: Ledger(db.session))
