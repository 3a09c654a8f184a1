"""Which strategy staff set for single products, before rules are asked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.domains.bargain.models import BargainStrategy
from backend.domains.catalog.service import CatalogService
from backend.infra.audit import AuditLog
from backend.infra.postgres import DbSession
from backend.kernel.versions import Edit


@dataclass(frozen=True, slots=True)
class StrategySet:
    """What is set for a product: a strategy, `none` for no bargains, or None where rules choose."""

    strategy: str | None
    version: int


@dataclass(frozen=True)
class Strategies:
    """Sets strategies; what is set counts from the next session on."""

    session: DbSession
    catalog: CatalogService
    audit: AuditLog

    def of(self, *, product_id: str) -> StrategySet:
        """What is set for a product. NotFoundError without such a product."""
        self.catalog.product(product_id=product_id)
        found = self.session.get(BargainStrategy, product_id)
        return StrategySet(None, 0) if found is None else StrategySet(found.strategy, found.version)

    def set(self, *, product_id: str, strategy: str | None, edit: Edit, now: datetime) -> StrategySet:
        """Set a strategy, `none`, or nothing (None). NotFoundError without such a product, StaleError."""
        before = self.of(product_id=product_id)
        nothing = {"product_id": product_id, "set_by": edit.actor_id, "set_at": now, "version": 0}
        self.session.execute(insert(BargainStrategy).values(nothing).on_conflict_do_nothing())
        query = select(BargainStrategy).where(BargainStrategy.product_id == product_id).with_for_update()
        row = self.session.scalars(query, execution_options={"populate_existing": True}).one()
        edit.expect(row.version)
        row.strategy, row.set_by, row.set_at, row.version = strategy, edit.actor_id, now, row.version + 1
        self.session.flush()
        self.audit.record(
            actor_id=edit.actor_id,
            action="bargain.strategy_set",
            subject=product_id,
            before={"strategy": before.strategy},
            after={"strategy": strategy},
        )
        return StrategySet(row.strategy, row.version)
