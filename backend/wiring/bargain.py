"""Builds bargains."""

from datetime import timedelta
from functools import partial
from typing import Final

import redis
import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.bargain.deals import AgreedPrices
from backend.domains.bargain.jobs import TASKS as BARGAIN_TASKS
from backend.domains.bargain.journal import BargainJournal
from backend.domains.bargain.learning import DemandModels
from backend.domains.bargain.live import LiveSessions
from backend.domains.bargain.probing import Probing
from backend.domains.bargain.rounds import Rounds
from backend.domains.bargain.service import Bargains
from backend.domains.bargain.starting import BargainStart, Limits
from backend.domains.bargain.store import BargainStore
from backend.domains.bargain.strategies import Strategies
from backend.domains.bargain.words import Words
from backend.domains.behaviour.service import Behaviour
from backend.domains.catalog.service import CatalogService
from backend.domains.catalog.stock import StockService
from backend.domains.pricing.bands import Bands
from backend.domains.pricing.deals import Deals
from backend.domains.pricing.order_quotes import OrderQuotes
from backend.domains.rules.service import RulesService
from backend.infra.audit import AuditLog
from backend.infra.closing import on_close
from backend.infra.event_buffer import Events
from backend.infra.jobs import Task
from backend.infra.postgres import db
from backend.infra.redis import Outage
from backend.wiring.bargain_words import register_words

TASKS: Final[tuple[Task, ...]] = BARGAIN_TASKS


def register_bargain(app: Flask, settings: Settings) -> None:
    """Register the services of the bargain domain."""
    limits = Limits(
        duration=timedelta(seconds=settings.bargain_seconds),
        attempts=settings.bargain_attempts,
        deal_lifetime=timedelta(seconds=settings.bargain_deal_seconds),
    )
    register = svcs.flask.register_factory
    with app.app_context():
        live = LiveSessions(*svcs.flask.get(redis.Redis, Outage))
    on_close(app, live.close)
    svcs.flask.register_value(app, LiveSessions, live)
    svcs.flask.register_value(app, Limits, limits)
    register_words(app, settings)
    svcs.flask.register_value(app, Probing, Probing(db.session, settings.jwt_secret))
    svcs.flask.register_value(app, BargainStore, BargainStore(db.session))
    register(app, Deals, _deals)
    register(app, BargainJournal, _journal)
    register(app, BargainStart, _start)
    register(app, Bargains, _bargains)
    register(app, Strategies, _strategies)


def _deals(container: svcs.Container) -> AgreedPrices:
    return AgreedPrices(*container.get(BargainStore, BargainJournal))


def _journal(container: svcs.Container) -> BargainJournal:
    return BargainJournal(db.session, *container.get(BargainStore, Events, LiveSessions))


def _start(container: svcs.Container) -> BargainStart:
    return BargainStart(
        session=db.session,
        store=container.get(BargainStore),
        bands=container.get(Bands),
        rules=container.get(RulesService),
        stock=container.get(StockService),
        behaviour=container.get(Behaviour),
        demand=container.get(DemandModels),
        probing=container.get(Probing),
        journal=container.get(BargainJournal),
        limits=container.get(Limits),
    )


def _bargains(container: svcs.Container) -> Bargains:
    return Bargains(
        store=container.get(BargainStore),
        quotes=partial(container.get, OrderQuotes),
        rounds=Rounds(container.get_abstract(Words)),
        journal=container.get(BargainJournal),
        limits=container.get(Limits),
    )


def _strategies(container: svcs.Container) -> Strategies:
    return Strategies(db.session, *container.get(CatalogService, AuditLog))
