"""Reserving units, selling them and giving them back. That no unit is sold twice is the database's to forbid.

Every verb locks the reference, then the stock levels of the products, in the order of their ids, and
only then reads and writes; so two of them never wait for each other in a circle. Every change is a
movement, from which a trigger keeps the levels (docs/decisions/0092-stock-is-a-sum-of-movements.md).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, insert, select

from backend.domains.catalog.stock_models import StockLevelRow, StockMovementRow, StockReservationRow
from backend.infra.postgres import DbSession
from backend.kernel.errors import ConflictError, ExpiredError, InvalidError

BATCH: Final = 500
_UNSYNCED: Final = {"synchronize_session": False}


class Why(StrEnum):
    """Why units move."""

    RECEIVED = "received"
    RETURNED = "returned"
    CORRECTED = "corrected"
    RESERVED = "reserved"
    RELEASED = "released"
    SOLD = "sold"


class OutOfStockError(ConflictError):
    """Fewer units are left than are wanted; `extra["lacking"]` names products, wanted and left."""


@dataclass(frozen=True)
class StockService:
    """Keeps units for a reference, such as an order, until they are sold, given back, or time is up."""

    session: DbSession

    def left(self, *, product_ids: Collection[str], now: datetime) -> dict[str, int]:
        """How many units of each can be had at `now`; a product whose units are not counted is not in it."""
        level, kept = StockLevelRow, StockReservationRow
        expired = (
            select(func.sum(kept.quantity))
            .where(kept.product_id == level.product_id, kept.expires_at <= now)
            .correlate(level)
            .scalar_subquery()
        )
        free = level.on_hand - level.reserved + func.coalesce(expired, 0)
        query = select(level.product_id, free).where(level.product_id.in_(product_ids))
        return {product_id: int(units) for product_id, units in self.session.execute(query)}

    def reserve(
        self, *, lines: Sequence[tuple[str, int]], reference: str, until: datetime, now: datetime
    ) -> None:
        """Keep all of `lines` (product id and quantity) for `reference` until `until`, or none of them.

        What the reference had reserved before is replaced. OutOfStockError; InvalidError for no lines or
        a quantity below 1. The caller's transaction must be rolled back on an error.
        """
        wanted = _added_up(lines)
        self._lock_reference(reference)
        mine = StockReservationRow.reference == reference
        before = self.session.scalars(select(StockReservationRow.product_id).where(mine)).all()
        levels = self._lock({*wanted, *before})
        in_the_way = StockReservationRow.product_id.in_(wanted) & (StockReservationRow.expires_at <= now)
        freed = self._release(mine | in_the_way, now=now)
        _refuse_lack(wanted, {id_: units + freed[id_] for id_, units in levels.items()})
        self._write(_movements(Why.RESERVED, wanted, reference=reference, at=now, reserved=1))
        row = {"reference": reference, "lines": len(wanted), "expires_at": until}
        rows = [{**row, "product_id": id_, "quantity": quantity} for id_, quantity in wanted.items()]
        self.session.execute(insert(StockReservationRow), rows)

    def commit(self, *, reference: str, now: datetime) -> None:
        """Sell what is reserved for `reference`, which is of one purchase. Once more, it does nothing.

        A reservation whose time is up is still good while nobody took its units; ExpiredError when
        somebody did, or when there is none.
        """
        self._lock_reference(reference)
        mine = StockReservationRow.reference == reference
        self._lock(self.session.scalars(select(StockReservationRow.product_id).where(mine)).all())
        kept = self.session.scalars(select(StockReservationRow).where(mine)).all()
        if not kept and self._sold(reference):
            return
        if not kept or len(kept) < kept[0].lines:
            raise ExpiredError("The units were kept for a while, which is over. Check out again.")
        self.session.execute(delete(StockReservationRow).where(mine).execution_options(**_UNSYNCED))
        units = {row.product_id: row.quantity for row in kept}
        self._write(_movements(Why.SOLD, units, reference=reference, at=now, on_hand=-1, reserved=-1))

    def release(self, *, reference: str, now: datetime) -> None:
        """Give back what is reserved for `reference`, if anything is."""
        self._lock_reference(reference)
        mine = StockReservationRow.reference == reference
        self._lock(self.session.scalars(select(StockReservationRow.product_id).where(mine)).all())
        self._release(mine, now=now)

    def take_back(
        self,
        *,
        reference: str,
        now: datetime,
        lines: Sequence[tuple[str, int]] | None = None,
        of: Collection[str] | None = None,
    ) -> None:
        """Put units that were sold for `reference` back on the shelf: `lines`, or all that are still out.

        All of the products `of` alone, if they are told.

        InvalidError for more than were sold and not yet returned.
        """
        self._lock_reference(reference)
        out = self._sold(reference)
        told = out if of is None else Counter({one: number for one, number in out.items() if one in of})
        units = told if lines is None else _added_up(lines)
        for product_id, quantity in units.items():
            if quantity > out[product_id]:
                raise InvalidError(
                    f"{out[product_id]} units of {product_id} are out for {reference}, not {quantity}."
                )
        self._lock(units)
        self._write(_movements(Why.RETURNED, units, reference=reference, at=now, on_hand=1))

    def release_expired(self, *, now: datetime) -> int:
        """Give back the units of reservations whose time is up; how many products were tidied.

        For tidiness: such units can be had even when this never runs. Products that somebody is at are
        left for the next time.
        """
        expired = StockReservationRow.expires_at <= now
        some = self.session.scalars(
            select(StockReservationRow.product_id).where(expired).distinct().limit(BATCH)
        ).all()
        locked = self._lock(some, skip_locked=True)
        self._release(expired & StockReservationRow.product_id.in_(locked), now=now)
        return len(locked)

    def _lock_reference(self, reference: str) -> None:
        self.session.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(f"stock:{reference}", 0)))
        )

    def _lock(self, product_ids: Iterable[str], *, skip_locked: bool = False) -> dict[str, int]:
        """Lock the levels of these products; the units of each that nothing keeps."""
        level = StockLevelRow
        query = (
            select(level.product_id, level.on_hand - level.reserved)
            .where(level.product_id.in_(set(product_ids)))
            .order_by(level.product_id)
            .with_for_update(key_share=True, skip_locked=skip_locked)
        )
        return {product_id: int(units) for product_id, units in self.session.execute(query)}

    def _release(self, which: ColumnElement[bool], *, now: datetime) -> Counter[str]:
        """Give back reservations of products that are locked; the units of each product."""
        kept = StockReservationRow
        gone = self.session.execute(
            delete(kept)
            .where(which)
            .returning(kept.reference, kept.product_id, kept.quantity)
            .execution_options(**_UNSYNCED)
        ).all()
        units: Counter[str] = Counter()
        for _, product_id, quantity in gone:
            units[product_id] += quantity
        self._write(
            _movement(Why.RELEASED, reference, product_id, quantity, at=now, reserved=-1)
            for reference, product_id, quantity in gone
        )
        return units

    def _sold(self, reference: str) -> Counter[str]:
        """The units of each product that were sold for `reference` and have not come back."""
        moved = StockMovementRow
        query = (
            select(moved.product_id, -func.sum(moved.on_hand_change))
            .where(moved.reference == reference, moved.why.in_([Why.SOLD, Why.RETURNED]))
            .group_by(moved.product_id)
        )
        return Counter({product_id: int(units) for product_id, units in self.session.execute(query)})

    def _write(self, movements: Iterable[dict[str, Any]]) -> None:
        # In the order of the products, as their levels change with each.
        rows = sorted(movements, key=itemgetter("product_id"))
        if rows:
            self.session.execute(insert(StockMovementRow), rows)


def _movements(
    why: Why, units: Mapping[str, int], *, reference: str, at: datetime, on_hand: int = 0, reserved: int = 0
) -> list[dict[str, Any]]:
    return [
        _movement(why, reference, product_id, quantity, at=at, on_hand=on_hand, reserved=reserved)
        for product_id, quantity in units.items()
        if quantity
    ]


def _movement(
    why: Why,
    reference: str,
    product_id: str,
    quantity: int,
    *,
    at: datetime,
    on_hand: int = 0,
    reserved: int = 0,
) -> dict[str, Any]:
    """A row; `on_hand` and `reserved` are 1, -1 or 0: the direction in which `quantity` goes."""
    return {
        "why": why.value,
        "reference": reference,
        "product_id": product_id,
        "on_hand_change": on_hand * quantity,
        "reserved_change": reserved * quantity,
        "at": at,
        "reason": "",
    }


def _added_up(lines: Sequence[tuple[str, int]]) -> Counter[str]:
    wanted: Counter[str] = Counter()
    for product_id, quantity in lines:
        if quantity < 1:
            raise InvalidError(f"A quantity is at least 1, not {quantity}.")
        wanted[product_id] += quantity
    if not wanted:
        raise InvalidError("There is nothing in it.")
    return wanted


def _refuse_lack(wanted: Mapping[str, int], left: Mapping[str, int]) -> None:
    """OutOfStockError that names every product of which too few are left; none are of what is not kept."""
    lacking = [
        {"product_id": product_id, "wanted": quantity, "left": left.get(product_id, 0)}
        for product_id, quantity in sorted(wanted.items())
        if quantity > left.get(product_id, 0)
    ]
    if lacking:
        told = ", ".join(f"{one['left']} of {one['product_id']} (wanted: {one['wanted']})" for one in lacking)
        raise OutOfStockError(f"Too few units are left: {told}.", extra={"lacking": lacking})
