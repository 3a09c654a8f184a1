"""Builds what evaluates a draft of the rules beside live quotes."""

from functools import partial

import redis
import svcs
from flask import Flask
from sqlalchemy import Engine

from backend.domains.rules.checking import RuleChecks
from backend.domains.shadow.evaluation import ShadowEvaluation
from backend.domains.shadow.service import ShadowService
from backend.domains.shadow.store import Shadows
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.closing import on_close
from backend.infra.notices import notify
from backend.infra.postgres import db
from backend.wiring.once import once

# Who listens for publications follows shadows as well.
TOPIC = "rules"


def register_shadow(app: Flask, engine: Engine) -> None:
    """Register the evaluation, of which a process has one, and the service of staff."""

    def evaluation(container: svcs.Container) -> ShadowEvaluation:
        made = ShadowEvaluation(Shadows(engine), container.get_abstract(Clock))
        on_close(app, made.close)
        return made

    def service(container: svcs.Container) -> ShadowService:
        return ShadowService(
            session=db.session,
            clock=container.get_abstract(Clock),
            audit=container.get(AuditLog),
            checks=container.get(RuleChecks),
            announce=partial(notify, container.get(redis.Redis), TOPIC),
        )

    svcs.flask.register_factory(app, ShadowEvaluation, once(evaluation))
    svcs.flask.register_factory(app, ShadowService, service)
