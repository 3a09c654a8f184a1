"""Builds what serves the rulebook."""

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Final

import redis
import structlog
import svcs
from flask import Flask
from sqlalchemy import Engine

from backend.config import Settings
from backend.domains.rules.checking import RuleChecks
from backend.domains.rules.proposals import RuleProposals
from backend.domains.rules.publishing import RulePublishing
from backend.domains.rules.service import RulesService
from backend.domains.shadow.evaluation import ShadowEvaluation
from backend.engine.matcher_checked import Disagreement, MatcherChoice, choose_matcher
from backend.infra import metrics
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.closing import on_close
from backend.infra.notices import Listener, notify
from backend.infra.postgres import db
from backend.infra.rule_trial import TryRules
from backend.wiring.once import once

log = structlog.get_logger(__name__)

# The process that tries a draft also analyses what all stages of a price do together.
WITH_PRICES: Final = (sys.executable, "-m", "backend.domains.pricing.rule_trial_child")

# What processes tell each other when there is a new publication.
TOPIC = "rules"


def register_rules(app: Flask, settings: Settings, engine: Engine, try_rules: TryRules) -> None:
    """The rulebook is read at first use: migrations run before there is a table to keep releases in."""

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
            trial=partial(try_rules, matcher=choice.name),
            folder_wins=settings.rules_reload,
        )
        if settings.rules_poll_seconds:
            also = container.get(ShadowEvaluation).follow
            on_close(app, _follow(rules, container.get(redis.Redis), settings, also))
        return rules

    def checks(container: svcs.Container) -> RuleChecks:
        trial = partial(try_rules, matcher=container.get(MatcherChoice).name, child=WITH_PRICES)
        return RuleChecks(container.get_abstract(Clock), trial)

    def publishing(container: svcs.Container) -> RulePublishing:
        return RulePublishing(
            session=db.session,
            clock=container.get_abstract(Clock),
            audit=container.get(AuditLog),
            checks=container.get(RuleChecks),
            announce=partial(notify, container.get(redis.Redis), TOPIC),
            second_person=settings.rules_second_person,
        )

    svcs.flask.register_factory(app, MatcherChoice, once(choose))
    svcs.flask.register_factory(app, RulesService, once(start))
    svcs.flask.register_factory(app, RuleChecks, checks)
    svcs.flask.register_factory(app, RulePublishing, publishing)
    svcs.flask.register_factory(app, RuleProposals, _proposals)


def _proposals(container: svcs.Container) -> RuleProposals:
    return RuleProposals(
        session=db.session,
        clock=container.get_abstract(Clock),
        audit=container.get(AuditLog),
        publishing=container.get(RulePublishing),
    )


def _follow(
    rules: RulesService, client: redis.Redis, settings: Settings, also: Callable[[], None]
) -> Callable[[], None]:
    """Let a thread look for what is new: at once when told through Redis, else each `rules_poll_seconds`.

    `also` is what else it looks after at each turn. The answer ends it.
    """
    stop = threading.Event()
    listener = Listener(client, TOPIC, sleep=stop.wait)
    options = {
        "wait": partial(listener.wait, settings.rules_poll_seconds),
        "folder": settings.rules_reload,
        "also": [also],
    }
    thread = threading.Thread(target=rules.watch, args=(stop,), kwargs=options, name="rules", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join()
        listener.close()

    return end


def _disagreement(found: Disagreement) -> None:
    metrics.matchers_disagreed()
    log.error(
        "matchers_disagree",
        facts={name: str(value) for name, value in found.facts.items()},
        compiled=found.compiled,
        durable=found.durable,
        error=found.error,
    )
