"""How much of something is left to sell: from the facts of its case, else from the stock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from backend.domains.behaviour.suggestion import SOLD_DAYS, Supply
from backend.domains.catalog.stock_pace import StockPace

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Supplies:
    """Knows the supply of products."""

    pace: StockPace

    def of(self, *, product_id: str, known: Mapping[str, Any], now: datetime) -> Supply | None:
        """The supply of a product, in a case of which these facts are known; None when nobody counts it.

        `seats_total`, `seats_taken` and `lead_days` say it of a slot. Of a dated product with a stock, such
        as a flight, all that was ever sold is taken, of other goods what was sold in the last 28 days,
        or since they came in.
        """
        lead_days = known.get("lead_days")
        if lead_days is not None and "seats_total" in known and "seats_taken" in known:
            taken = known["seats_taken"]
            return Supply(taken, max(known["seats_total"] - taken, 0), lead_days)
        since = now - SOLD_DAYS * _DAY if lead_days is None else None
        pace = self.pace.of(product_id=product_id, since=since, now=now)
        if pace is None:
            return None
        return Supply(pace.sold, pace.left, lead_days, min(max((now - pace.since) / _DAY, 0), SOLD_DAYS))
