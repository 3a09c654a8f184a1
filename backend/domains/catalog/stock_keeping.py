"""What staff do with the stock: receive units, put counts right, and see why they are as they are."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import select

from backend.domains.catalog.stock import Why
from backend.domains.catalog.stock_models import StockLevelRow, StockMovementRow
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import DbSession
from backend.kernel.errors import ConflictError, NotFoundError

MOST_UNITS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class StockLevel:
    """The units of a product; `reserved` of those `on_hand` are kept for somebody, perhaps too long."""

    product_id: str
    on_hand: int
    reserved: int
    version: int


@dataclass(frozen=True)
class StockKeeping:
    """Counts units. Nobody needs the version they saw: a delta is right whatever else happened meanwhile."""

    session: DbSession
    clock: Clock
    audit: AuditLog

    def level(self, *, product_id: str) -> StockLevel:
        """NotFoundError for a product whose units are not counted."""
        return _level_of(self._row(product_id))

    def movements(self, *, product_id: str, before: int | None, limit: int) -> list[StockMovementRow]:
        """Up to `limit` movements with a number below `before`, newest first. NotFoundError as above."""
        self._row(product_id)
        moved = StockMovementRow
        query = select(moved).where(moved.product_id == product_id).order_by(moved.number.desc()).limit(limit)
        if before is not None:
            query = query.where(moved.number < before)
        return list(self.session.scalars(query))

    def receive(self, *, product_id: str, quantity: int, reason: str, actor_id: str) -> StockLevel:
        """`quantity` units came in. NotFoundError; ConflictError for more than can be counted."""
        return self._change(Why.RECEIVED, lambda _: quantity, product_id, reason, actor_id)

    def correct(self, *, product_id: str, delta: int, reason: str, actor_id: str) -> StockLevel:
        """There are `delta` units more, or fewer, than was thought. NotFoundError; ConflictError for
        fewer than are reserved.
        """
        return self._change(Why.CORRECTED, lambda _: delta, product_id, reason, actor_id)

    def count(self, *, product_id: str, on_hand: int, reason: str, actor_id: str) -> StockLevel:
        """`on_hand` units were counted on the shelf. NotFoundError; ConflictError for fewer than are
        reserved.
        """
        return self._change(
            Why.CORRECTED, lambda found: on_hand - found.on_hand, product_id, reason, actor_id
        )

    def _change(
        self,
        why: Why,
        delta: Callable[[StockLevelRow], int],
        product_id: str,
        reason: str,
        actor_id: str,
    ) -> StockLevel:
        row = self._row(product_id, lock=True)
        before, change = _level_of(row), delta(row)
        if change == 0:
            return before
        _refuse_impossible(before, before.on_hand + change)
        self.session.add(
            StockMovementRow(
                product_id=product_id,
                why=why.value,
                on_hand_change=change,
                reserved_change=0,
                at=self.clock.now(),
                actor_id=actor_id,
                reason=reason,
            )
        )
        self.session.flush()
        self.session.refresh(row)
        after = _level_of(row)
        self.audit.record(
            actor_id=actor_id,
            action=f"stock.{why}",
            subject=product_id,
            before=asdict(before),
            after={**asdict(after), "reason": reason},
        )
        return after

    def _row(self, product_id: str, *, lock: bool = False) -> StockLevelRow:
        row = self.session.get(
            StockLevelRow,
            product_id,
            with_for_update={"key_share": True} if lock else None,
            populate_existing=True,
        )
        if row is None:
            raise NotFoundError(f"There is no product {product_id} whose units are counted.")
        return row


def _refuse_impossible(before: StockLevel, on_hand: int) -> None:
    if on_hand < before.reserved:
        raise ConflictError(
            f"{before.reserved} units are reserved, so {on_hand} cannot be all. Wait, or release them first.",
            extra={"on_hand": before.on_hand, "reserved": before.reserved},
        )
    if on_hand > MOST_UNITS:
        raise ConflictError(f"No more than {MOST_UNITS} units of a product can be counted.")


def _level_of(row: StockLevelRow) -> StockLevel:
    return StockLevel(row.product_id, row.on_hand, row.reserved, row.version)
