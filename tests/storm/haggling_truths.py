"""What must be true of bargains at every moment."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from backend.domains.pricing.entities import BARGAIN, LINE_STAGES
from tests.storm.haggling import Records

# What an ended session keeps for ever.
KEPT = ("state", "attempts_used", "offer_minor", "counter_minor", "final_minor", "ended_at", "deal_until")
MOST_ATTEMPTS = 3
BEFORE_FEES = LINE_STAGES[: LINE_STAGES.index(BARGAIN) + 1]


def lies_of_sessions(records: Records, now: datetime) -> Iterator[str]:
    """What is wrong with sessions and offers."""
    rows = records.rows
    for row in rows:
        of_row = [one for one in records.offers if one.session_id == row.id]
        yield from (f"{row.id} has {lie}: {row} {of_row}" for lie in _lies_of_one(row, of_row))
    is_open = Counter(
        (row.user_id, row.thing) for row in rows if row.state == "open" and now < row.expires_at
    )
    yield from (f"{who} has {number} open sessions" for who, number in is_open.items() if number > 1)
    tokens = Counter(row.quote_id for row in rows if row.quote_id is not None)
    yield from (f"{quote} is the quote of {number} deals" for quote, number in tokens.items() if number > 1)


def _lies_of_one(row: Any, offers: list[Any]) -> Iterator[str]:
    counters = [one.counter_minor for one in offers if one.counter_minor is not None]
    prices = counters if row.final_minor is None else [*counters, row.final_minor]
    lowest = max(row.floor_minor, row.earlier_best_minor or 0)
    is_deal = row.state == "accepted"
    checks = {
        "prices that rise": prices == sorted(prices, reverse=True),
        "a price below the floor, or better for having asked again": all(one >= lowest for one in prices),
        "a price above the list price": all(one <= row.list_minor for one in prices),
        "offers that do not rise": all(a.offer_minor < b.offer_minor for a, b in pairwise(offers)),
        "another number of attempts": row.attempts_used == len(offers) <= MOST_ATTEMPTS,
        "another counter-offer than the last one": row.counter_minor == (counters or [None])[-1],
        "half a deal": is_deal == (row.quote_id is not None) == (row.final_minor is not None),
        "an order without a deal": is_deal or row.used_by is None,
    }
    yield from (what for what, is_right in checks.items() if not is_right)


def lies_of_orders(records: Records) -> Iterator[str]:
    """Deals that orders have twice, or at another price."""
    live = [one for one in records.orders if one.state != "cancelled"]
    using = {row.id: row for row in records.rows if row.used_by is not None}
    if sorted((one.bargain_id, one.id) for one in live) != sorted((k, v.used_by) for k, v in using.items()):
        yield f"orders {live} do not use the deals {using}"
        return
    for one in live:
        lines = [line for line in one.detail if line["stage"] in BEFORE_FEES]
        price, agreed = sum(line["amount"]["amount"] for line in lines), using[one.bargain_id].final_minor
        if price != agreed:
            yield f"{one.id} is sold at {price}, not at {agreed}: {one.detail}"


def lies_of_copies(records: Records) -> Iterator[str]:
    """What any worker answers that PostgreSQL does not say."""
    for number, seen in enumerate(records.seen):
        for session_id, view in seen.items():
            if view != records.stored[session_id]:
                yield f"worker {number} sees {view}, stored is {records.stored[session_id]}"
