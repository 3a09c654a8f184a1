"""Shadows as the processes that evaluate them read and write them: on connections of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Engine, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.domains.shadow.models import ShadowRow, ShadowTallyRow
from backend.domains.shadow.tally import Tally, tally_document
from backend.infra.postgres import reading


@dataclass(frozen=True, slots=True)
class RunningShadow:
    """The shadow that runs: which quotes it sees (a percentage), and until when."""

    id: str
    sample: Decimal
    ends_at: datetime


@dataclass(frozen=True)
class Shadows:
    """Reads and stores, each call in a transaction of its own."""

    engine: Engine

    def running(self, *, now: datetime) -> RunningShadow | None:
        """The shadow that runs at `now`; None when there is none."""
        query = select(ShadowRow.id, ShadowRow.sample, ShadowRow.ends_at).where(
            ShadowRow.stopped_at.is_(None), ShadowRow.ends_at > now
        )
        with reading(self.engine) as connection:
            row = connection.execute(query).one_or_none()
        return RunningShadow(row.id, row.sample, row.ends_at) if row else None

    def sources(self, shadow_id: str) -> Mapping[str, str]:
        """The texts of a shadow's draft by file name."""
        with reading(self.engine) as connection:
            query = select(ShadowRow.sources).where(ShadowRow.id == shadow_id)
            return connection.execute(query).scalar_one()

    def keep(self, *, shadow_id: str, process: str, tally: Tally, at: datetime) -> None:
        """Store all that one process found so far, over what it stored before."""
        row = {"shadow_id": shadow_id, "process": process, "tally": tally_document(tally), "stored_at": at}
        statement = insert(ShadowTallyRow).values(row)
        newer = {"tally": statement.excluded.tally, "stored_at": statement.excluded.stored_at}
        with self.engine.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["shadow_id", "process"], set_=newer)
            )

    def stop(self, *, shadow_id: str, because: str, at: datetime) -> None:
        """End a shadow; nothing when it was stopped before."""
        statement = update(ShadowRow).where(ShadowRow.id == shadow_id, ShadowRow.stopped_at.is_(None))
        with self.engine.begin() as connection:
            connection.execute(statement.values(stopped_at=at, stopped_because=because))
