"""Learning how likely customers are to buy from what customers did, and keeping what was learned."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import delete, func, select

from backend.domains.behaviour.conversion import MEMORY, ConversionModel, cases_of, learn
from backend.domains.behaviour.models import ConversionModelRow
from backend.domains.behaviour.steps import NAMES
from backend.infra.events import EventStore
from backend.infra.postgres import DbSession

log = structlog.get_logger(__name__)

# How far back it learns: what customers do changes with the season and with the shop.
PAST: Final = timedelta(weeks=9)
MOST_USERS: Final = 5_000
MOST_TOUCHES: Final = 2_000
VERSIONS_KEPT: Final = 14


@dataclass(frozen=True)
class ConversionModels:
    """What was learned, version by version."""

    session: DbSession

    def newest(self) -> ConversionModel:
        """The newest version; before there is one, the prior alone."""
        row = ConversionModelRow
        document = self.session.scalar(select(row.document).order_by(row.version.desc()).limit(1))
        return ConversionModel() if document is None else ConversionModel.of_document(document)

    def keep(self, model: ConversionModel, *, now: datetime) -> int:
        """Store the model as the newest version and forget the oldest; its number."""
        row = ConversionModelRow
        version = (self.session.scalar(select(func.max(row.version))) or 0) + 1
        self.session.add(row(version=version, document=model.document(), cases=model.size, made_at=now))
        self.session.flush()
        self.session.execute(delete(row).where(row.version <= version - VERSIONS_KEPT))
        return version


@dataclass(frozen=True)
class ConversionLearning:
    """Learns from the last nine weeks of at most 5,000 customers. Errors of the store are not caught."""

    store: EventStore
    models: ConversionModels

    def learn(self, *, now: datetime) -> ConversionModel:
        """Learn anew and keep it."""
        since = now - PAST
        model = learn(
            case
            for user_id in self.store.users(names=NAMES, since=since, limit=MOST_USERS)
            for case in cases_of(
                user_id,
                self.store.touches(user_id=user_id, names=NAMES, since=since - MEMORY, limit=MOST_TOUCHES),
                since=since,
                until=now,
            )
        )
        version = self.models.keep(model, now=now)
        log.info("conversions_learned", version=version, cases=model.size)
        return model
