"""Builds exchange rates; their margin is asked of the rules."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Final

import svcs
from currency_converter import CURRENCY_FILE
from flask import Flask

from backend.config import Settings
from backend.domains.currency import jobs
from backend.domains.currency.overrides import RateOverrides
from backend.domains.currency.refresh import RateFeed
from backend.domains.currency.service import ExchangeRates, Margin
from backend.domains.currency.shipped import ShippedRates
from backend.domains.rules.service import RulesService
from backend.engine.effects import Surcharge
from backend.engine.rulebook import Rulebook
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.http import fetch
from backend.infra.postgres import db

TASKS: Final = jobs.TASKS
FEED_SECONDS: Final = 5.0
# Bytes; the feed of a day has about 2,000.
LARGEST_FEED: Final = 200_000
CURRENCY_MARGIN: Final = "currency_margin"


def register_currency(app: Flask, settings: Settings) -> None:
    """Register the services of the currency domain."""
    shipped = ShippedRates(Path(CURRENCY_FILE))

    def exchange(container: svcs.Container) -> ExchangeRates:
        return ExchangeRates(
            session=db.session,
            shipped=shipped,
            margin=margin_by_rules(lambda: container.get(RulesService).rulebook()),
            max_age_days=settings.rates_max_age_days,
        )

    def overrides(container: svcs.Container) -> RateOverrides:
        return RateOverrides(db.session, *container.get(AuditLog, ExchangeRates))

    def feed(container: svcs.Container) -> RateFeed:
        return RateFeed(
            session=db.session,
            clock=container.get_abstract(Clock),
            audit=container.get(AuditLog),
            shipped=shipped,
            fetch=partial(fetch, settings.ecb_feed_url or "", seconds=FEED_SECONDS, largest=LARGEST_FEED),
        )

    svcs.flask.register_value(app, ShippedRates, shipped)
    svcs.flask.register_factory(app, RateFeed, feed)
    svcs.flask.register_factory(app, ExchangeRates, exchange)
    svcs.flask.register_factory(app, RateOverrides, overrides)


def margin_by_rules(rulebook: Callable[[], Rulebook]) -> Margin:
    """The percentages that the decision `currency_margin` comes to; a rulebook without it has none.

    The rulebook is asked for when a rate is: a currency in itself needs none.
    """

    def margin(*, source: str, target: str, at: datetime) -> Decimal:
        served = rulebook()
        if CURRENCY_MARGIN not in served.decisions:
            return Decimal(0)
        facts = {"from_currency": source, "to_currency": target}
        (decision,) = served.decide_many(CURRENCY_MARGIN, [facts], at=at)
        found = [effect.amount for effect in decision.outcome if isinstance(effect, Surcharge)]
        return sum((amount for amount in found if isinstance(amount, Decimal)), Decimal(0))

    return margin
