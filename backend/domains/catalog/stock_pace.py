"""How fast units are sold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from backend.domains.catalog.stock import StockService, Why
from backend.domains.catalog.stock_models import StockMovementRow
from backend.infra.postgres import DbSession

# A product whose units move more often is a fast one by these alone.
MOST_MOVEMENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Pace:
    """Units that were sold and did not come back, and those that can be had."""

    sold: int
    left: int


@dataclass(frozen=True)
class StockPace:
    """Reads the stock's last 10,000 movements of a product."""

    session: DbSession
    stock: StockService

    def of(self, *, product_id: str, since: datetime | None, now: datetime) -> Pace | None:
        """What was sold since `since` (ever, when None); None for a product whose units are not counted."""
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
        sold = select(-func.sum(newest.c.on_hand_change)).where(newest.c.why.in_([Why.SOLD, Why.RETURNED]))
        if since is not None:
            sold = sold.where(newest.c.at >= since)
        # More may have come back lately than was sold.
        return Pace(max(self.session.scalar(sold) or 0, 0), max(left, 0))
