"""Learning demand from bargains that are over, and keeping what was learned, version by version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Row, delete, func, select, text

from backend.domains.bargain.learning_models import DemandModelRow
from backend.infra.postgres import DbSession
from backend.kernel.money import Money
from backend.negotiator.demand import DemandModel
from backend.negotiator.learning import ALL, Observed, learn

log = structlog.get_logger(__name__)

# What was paid half a year ago says little about today.
PAST: Final = timedelta(days=180)
HALF_LIFE: Final = timedelta(days=60)
MOST_SESSIONS: Final = 20_000
VERSIONS_KEPT: Final = 14

# `haggled` counts the sessions over a product by one user, or from one address if those are more: whoever
# comes often, under whatever name, has no more to say than who comes once.
_OVER: Final = text("""
WITH ended AS (
    SELECT id, product_id, category, currency, list_minor, floor_minor, final_minor, ended_at,
        attempts_used >= attempts_allowed AS was_last,
        greatest(
            count(*) OVER (PARTITION BY product_id, user_id),
            count(address_key) OVER (PARTITION BY product_id, address_key)
        ) AS haggled
    FROM bargain_sessions
    WHERE state <> 'open' AND ended_at >= :since AND ended_at <= :now
    ORDER BY ended_at DESC
    LIMIT :most
)
SELECT ended.*, offers, asks
FROM ended, LATERAL (
    SELECT coalesce(array_agg(offer_minor ORDER BY number), '{}') AS offers,
        coalesce(array_agg(counter_minor ORDER BY number) FILTER (WHERE counter_minor IS NOT NULL), '{}')
            AS asks
    FROM bargain_offers
    WHERE session_id = ended.id
) AS said
ORDER BY ended_at, id
""")


@dataclass(frozen=True)
class DemandModels:
    """What is believed about demand."""

    session: DbSession

    def of(self, *, product_id: str, category: str) -> DemandModel:
        """The newest belief about a product, else about its category, else about all, else the prior."""
        model = DemandModelRow
        scopes = (f"product:{product_id}", f"category:{category}", ALL)
        newest = select(func.max(model.version)).scalar_subquery()
        query = select(model.scope, model.document).where(model.version == newest, model.scope.in_(scopes))
        found = {row.scope: row.document for row in self.session.execute(query)}
        for scope in scopes:
            if scope in found:
                return DemandModel.of_document(found[scope])
        return DemandModel.prior()

    def keep(self, models: Mapping[str, DemandModel], *, now: datetime) -> int:
        """Store the models as the newest version and forget the oldest; its number.

        Sessions carry the model that they began with, so that old versions are for looking back alone.
        """
        row = DemandModelRow
        version = (self.session.scalar(select(func.max(row.version))) or 0) + 1
        self.session.add_all(
            row(version=version, scope=scope, document=model.document(), sessions=model.sessions, made_at=now)
            for scope, model in models.items()
        )
        self.session.flush()
        self.session.execute(delete(row).where(row.version <= version - VERSIONS_KEPT))
        return version


@dataclass(frozen=True)
class DemandLearning:
    """Learns from the bargains of the last half-year, 20,000 at most."""

    session: DbSession
    models: DemandModels

    def learn(self, *, now: datetime) -> int:
        """Learn anew and keep it; the number of the version."""
        models = learn(self.observed(now=now))
        version = self.models.keep(models, now=now)
        log.info("demand_learned", version=version, scopes=len(models), sessions=models[ALL].sessions)
        return version

    def observed(self, *, now: datetime) -> Iterator[Observed]:
        """The bargains that are over, oldest first; an old one, or one of many by one person, weighs less."""
        values = {"since": now - PAST, "now": now, "most": MOST_SESSIONS}
        for row in self.session.execute(_OVER, values):
            yield _observed(row, now)


def _observed(row: Row[Any], now: datetime) -> Observed:
    def money(minor: int) -> Money:
        return Money(minor, row.currency)

    return Observed(
        product_id=row.product_id,
        category=row.category,
        list_price=money(row.list_minor),
        floor=money(row.floor_minor),
        asks=tuple(map(money, row.asks)),
        offers=tuple(map(money, row.offers)),
        taken_at=None if row.final_minor is None else money(row.final_minor),
        was_last=row.was_last,
        at=row.ended_at,
        weight=0.5 ** ((now - row.ended_at) / HALF_LIFE) / row.haggled,
    )
