"""Builds what is learned from bargains, and the report about them."""

from typing import Final

import svcs
from flask import Flask

from backend.domains.bargain import learning_jobs
from backend.domains.bargain.learning import DemandLearning, DemandModels
from backend.domains.bargain.report import BargainReports
from backend.infra.postgres import db

TASKS: Final = learning_jobs.TASKS


def register_bargain_insight(app: Flask) -> None:
    """Register the models of demand, their learning and the report."""
    svcs.flask.register_factory(app, DemandModels, lambda: DemandModels(db.session))
    svcs.flask.register_factory(app, DemandLearning, _learning)
    svcs.flask.register_factory(app, BargainReports, lambda: BargainReports(db.session))


def _learning(container: svcs.Container) -> DemandLearning:
    return DemandLearning(db.session, container.get(DemandModels))
