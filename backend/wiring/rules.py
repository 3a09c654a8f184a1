"""Builds what serves the rulebook."""

import threading
from functools import partial

import structlog
import svcs
from flask import Flask
from sqlalchemy import Engine

from backend.config import Settings
from backend.domains.rules.service import RulesService
from backend.engine.matcher_checked import Disagreement, choose_matcher
from backend.infra import metrics
from backend.infra.clock import Clock
from backend.infra.rule_trial import try_rulebook
from backend.wiring.once import once

log = structlog.get_logger(__name__)


def register_rules(app: Flask, settings: Settings, engine: Engine) -> None:
    """The rulebook is read at first use: migrations run before there is a table to keep releases in."""

    def start(container: svcs.Container) -> RulesService:
        choice = choose_matcher(settings.matcher, sample=settings.matcher_sample, report=_disagreement)
        if choice.notice:
            log.warning("rules_matcher", matcher=choice.name, notice=choice.notice)
        rules = RulesService(
            folder=settings.rules_dir,
            engine=engine,
            clock=container.get_abstract(Clock),
            matcher=choice.factory,
            matcher_name=choice.name,
            trial=partial(try_rulebook, matcher=choice.name),
        )
        if settings.rules_reload:
            threading.Thread(target=rules.watch, args=(threading.Event(),), name="rules", daemon=True).start()
        return rules

    svcs.flask.register_factory(app, RulesService, once(start))


def _disagreement(found: Disagreement) -> None:
    metrics.matchers_disagreed()
    log.error(
        "matchers_disagree",
        facts={name: str(value) for name, value in found.facts.items()},
        compiled=found.compiled,
        durable=found.durable,
        error=found.error,
    )
