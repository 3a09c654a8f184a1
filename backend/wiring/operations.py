"""Builds what operators ask: the readiness probes and the gauges of the database."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import psycopg
import redis
import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.currency.shipped import ShippedRates
from backend.domains.rules.service import RulesRefusedError, RulesService
from backend.infra.clock import Clock
from backend.infra.closing import on_close
from backend.infra.events import EventStore
from backend.infra.gauges import StoreGauge, StoreGauges
from backend.infra.jobs import Task
from backend.infra.postgres import libpq_conninfo
from backend.infra.redis import Outage
from backend.web.health import DEGRADED, FAILED, OK, Probe, Readiness
from backend.web.idempotency import forget_expired
from backend.web.kept_answers import KeptAnswers
from backend.wiring.once import once

Details = Mapping[str, Any]
Check = Callable[[], Details]

GAUGES: Final = (
    StoreGauge(
        "jobs_waiting",
        "Jobs that are due and not yet begun.",
        "SELECT count(*) FROM procrastinate_jobs"
        " WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())",
    ),
    StoreGauge(
        "jobs_failed",
        "Jobs that were given up and wait for somebody to look.",
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'",
    ),
    StoreGauge(
        "payment_operations_overdue",
        "What was planned at the payment gateway more than ten minutes ago, its outcome still unknown.",
        "SELECT count(*) FROM payment_operations"
        " WHERE state = 'pending' AND created_at < now() - interval '10 minutes' AND NOT EXISTS ("
        "SELECT FROM payments AS p WHERE p.id = payment_id AND p.state = 'authorised')",
    ),
    StoreGauge(
        "holds_active",
        "Holds that keep a slot now.",
        "SELECT count(*) FROM allocations WHERE hold_expires_at > now()",
    ),
    StoreGauge(
        "reconciliation_differences",
        "Things that the ledger and the payment gateway disagree about, by the newest daily report.",
        "SELECT jsonb_array_length(differences) FROM reconciliations ORDER BY before DESC LIMIT 1",
    ),
    StoreGauge(
        "reconciliation_age_seconds",
        "How long ago the part of the ledger ends that was last compared with the payment gateway.",
        "SELECT extract(epoch FROM now() - max(before)) FROM reconciliations",
    ),
)

NEWEST_FED_DAY: Final = "SELECT max(day) FROM currency_rates WHERE source = 'feed'"

TASKS: Final = (Task("idempotency.forget_expired", forget_expired, cron="*/10 * * * *"),)


def register_operations(app: Flask, settings: Settings) -> None:
    """Register the probes and gauges; call it after what they ask is registered."""
    postgres_url = settings.postgres_url or ""
    svcs.flask.register_factory(app, KeptAnswers, _answers)
    svcs.flask.register_value(app, StoreGauges, StoreGauges(postgres_url, GAUGES))

    def readiness(container: svcs.Container) -> Readiness:
        made = Readiness(
            [
                Probe("postgres", _postgres(postgres_url), needed=True),
                Probe("redis", _redis(container.get(redis.Redis))),
                Probe("mongo", _events(container.get_abstract(EventStore), settings)),
                Probe("currency", _currency(container, settings)),
                Probe("rules", _rules(svcs.flask.get_registry(app)), needed=True),
            ]
        )
        on_close(app, made.close)
        return made

    svcs.flask.register_factory(app, Readiness, once(readiness))


def _answers(container: svcs.Container) -> KeptAnswers:
    return KeptAnswers(*container.get(redis.Redis, Outage))


def _postgres(url: str) -> Check:
    """Ask on a connection of its own: a busy pool is a reason to wait, not to send requests elsewhere."""
    conninfo = _conninfo(url)

    def check() -> Details:
        with psycopg.connect(conninfo, autocommit=True, application_name="climbup-ready") as connection:
            connection.execute("SELECT 1")
        return {}

    return check


def _conninfo(url: str) -> str:
    return psycopg.conninfo.make_conninfo(libpq_conninfo(url), connect_timeout="2")


def _redis(client: redis.Redis) -> Check:
    def check() -> Details:
        client.ping()
        return {}

    return check


def _events(store: EventStore, settings: Settings) -> Check:
    """The behaviour log; without MongoDB it is a table of PostgreSQL."""

    def check() -> Details:
        store.ping()
        return {"store": "mongodb" if settings.mongo_url else "postgres"}

    return check


def _currency(container: svcs.Container, settings: Settings) -> Check:
    """How old the newest exchange rates are; degraded once they are too old to sell by."""
    shipped, clock = container.get(ShippedRates), container.get_abstract(Clock)
    conninfo = _conninfo(settings.postgres_url or "")

    def check() -> Details:
        with psycopg.connect(conninfo, autocommit=True, application_name="climbup-ready") as connection:
            row = connection.execute(NEWEST_FED_DAY).fetchone()
        day = max(filter(None, [shipped.newest_day(), row and row[0]]))
        age = (clock.now().date() - day).days
        is_old = 0 < settings.rates_max_age_days < age
        return {"status": DEGRADED if is_old else OK, "day": day.isoformat(), "age_days": age}

    return check


def _rules(registry: svcs.Registry) -> Check:
    """The served rulebook; an edit that is refused degrades, having no rulebook at all fails."""

    def check() -> Details:
        try:
            with svcs.Container(registry) as container:
                rules = container.get(RulesService)
        except RulesRefusedError as error:
            return {"status": FAILED, "problems": list(error.problems)}
        problems = list(rules.problems())
        return {
            "status": DEGRADED if problems else OK,
            "release": rules.rulebook().version,
            "matcher": rules.matcher_name,
            "problems": problems,
        }

    return check
