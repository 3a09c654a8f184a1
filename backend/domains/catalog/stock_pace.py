"""How fast units are sold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select

from backend.domains.catalog.stock import StockService, Why
from backend.domains.catalog.stock_models import StockMovementRow
from backend.infra.postgres import DbSession

# A product whose units move more often is a fast one by these alone.
MOST_MOVEMENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Pace:
    """Units that were sold since `since` and did not come back, and those that can be had."""

    sold: int
    left: int
    since: datetime


@dataclass(frozen=True)
class StockPace:
    """Reads the stock's last 10,000 movements of a product."""

    session: DbSession
    stock: StockService

    def of(self, *, product_id: str, since: datetime | None, now: datetime) -> Pace | None:
        """What was sold since `since` (ever, when None), or since the first movement that is known if that
        was later; None for a product whose units are not counted.
        """
        left = self.stock.left(product_ids=[product_id], now=now).get(product_id)
        if left is None:
            return None
        row = StockMovementRow
        newest = (
            select(row.why, row.at, row.on_hand_change)
            .where(row.product_id == product_id)
            .order_by(row.number.desc())
            .limit(MOST_MOVEMENTS)
            .subquery()
        )
        counted: list[ColumnElement[bool]] = [newest.c.why.in_([Why.SOLD, Why.RETURNED])]
        if since is not None:
            counted.append(newest.c.at >= since)
        query = select(-func.sum(newest.c.on_hand_change).filter(*counted), func.min(newest.c.at))
        sold, first = self.session.execute(query).one()
        begun = max(since or first or now, first or now)
        # More may have come back lately than was sold.
        return Pace(max(sold or 0, 0), max(left, 0), begun)
