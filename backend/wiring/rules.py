"""Builds what serves the rulebook."""

import threading
from functools import partial

import redis
import structlog
import svcs
from flask import Flask
from sqlalchemy import Engine

from backend.config import Settings
from backend.domains.rules.publishing import RulePublishing
from backend.domains.rules.service import RulesService
from backend.engine.matcher_checked import Disagreement, MatcherChoice, choose_matcher
from backend.infra import metrics
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.notices import Listener, notify
from backend.infra.postgres import db
from backend.infra.rule_trial import try_rulebook
from backend.wiring.once import once

log = structlog.get_logger(__name__)

# What processes tell each other when there is a new publication.
TOPIC = "rules"
# The extension of the application that ends its following.
FOLLOWER = "stop_following_rules"


def register_rules(app: Flask, settings: Settings, engine: Engine) -> None:
    """The rulebook is read at first use: migrations run before there is a table to keep releases in."""
    # Whoever is done with `app` before the process ends sets it.
    stop = app.extensions[FOLLOWER] = threading.Event()

    def choose(_: svcs.Container) -> MatcherChoice:
        return choose_matcher(settings.matcher, sample=settings.matcher_sample, report=_disagreement)

    def start(container: svcs.Container) -> RulesService:
        choice = container.get(MatcherChoice)
        if choice.notice:
            log.warning("rules_matcher", matcher=choice.name, notice=choice.notice)
        rules = RulesService(
            folder=settings.rules_dir,
            engine=engine,
            clock=container.get_abstract(Clock),
            matcher=choice.factory,
            matcher_name=choice.name,
            trial=partial(try_rulebook, matcher=choice.name),
            folder_wins=settings.rules_reload,
        )
        if settings.rules_poll_seconds:
            _follow(rules, container.get(redis.Redis), settings, stop)
        return rules

    def publishing(container: svcs.Container) -> RulePublishing:
        return RulePublishing(
            session=db.session,
            clock=container.get_abstract(Clock),
            audit=container.get(AuditLog),
            trial=partial(try_rulebook, matcher=container.get(MatcherChoice).name),
            announce=partial(notify, container.get(redis.Redis), TOPIC),
        )

    svcs.flask.register_factory(app, MatcherChoice, once(choose))
    svcs.flask.register_factory(app, RulesService, once(start))
    svcs.flask.register_factory(app, RulePublishing, publishing)


def _follow(rules: RulesService, client: redis.Redis, settings: Settings, stop: threading.Event) -> None:
    """Let a thread look for what is new: at once when told through Redis, else each `rules_poll_seconds`."""
    listener = Listener(client, TOPIC, sleep=stop.wait)
    options = {
        "wait": partial(listener.wait, settings.rules_poll_seconds),
        "folder": settings.rules_reload,
    }
    threading.Thread(target=rules.watch, args=(stop,), kwargs=options, name="rules", daemon=True).start()


def _disagreement(found: Disagreement) -> None:
    metrics.matchers_disagreed()
    log.error(
        "matchers_disagree",
        facts={name: str(value) for name, value in found.facts.items()},
        compiled=found.compiled,
        durable=found.durable,
        error=found.error,
    )
