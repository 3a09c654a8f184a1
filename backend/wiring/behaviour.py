"""Builds the facts about customers' behaviour, and what learns from it."""

from typing import Final

import svcs
from flask import Flask

from backend.domains.behaviour import jobs
from backend.domains.behaviour.learning import ConversionLearning, ConversionModels
from backend.domains.behaviour.log import BehaviourLog
from backend.domains.behaviour.service import Behaviour
from backend.domains.behaviour.supply import Supplies
from backend.domains.catalog.stock import StockService
from backend.domains.catalog.stock_pace import StockPace
from backend.infra.events import EventStore
from backend.infra.postgres import db
from backend.wiring.once import once

TASKS: Final = jobs.TASKS


def register_behaviour(app: Flask) -> None:
    """Register the facts, and the models behind them."""
    svcs.flask.register_factory(app, BehaviourLog, once(_log))
    svcs.flask.register_factory(app, ConversionModels, lambda: ConversionModels(db.session))
    svcs.flask.register_factory(app, ConversionLearning, _learning)
    svcs.flask.register_factory(app, Behaviour, _behaviour)


def _log(container: svcs.Container) -> BehaviourLog:
    return BehaviourLog(container.get_abstract(EventStore))


def _learning(container: svcs.Container) -> ConversionLearning:
    return ConversionLearning(container.get_abstract(EventStore), container.get(ConversionModels))


def _behaviour(container: svcs.Container) -> Behaviour:
    return Behaviour(
        log=container.get(BehaviourLog),
        models=container.get(ConversionModels),
        supplies=Supplies(StockPace(db.session, container.get(StockService))),
    )
