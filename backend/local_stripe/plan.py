"""When an event is to reach the receiver: late, twice, out of order or never, as it is set."""

import random
import sqlite3

from backend.local_stripe.options import Webhooks


def plan_deliveries(
    connection: sqlite3.Connection, event_id: str, now: int, webhooks: Webhooks, seed: str
) -> None:
    """Write down the deliveries of one event; the same seed and event give the same plan."""
    if webhooks.url is None:
        return
    chance = random.Random(f"{seed}:{event_id}")  # noqa: S311 (an experiment, no secret)
    if chance.random() < webhooks.lost:
        return
    for _ in range(2 if chance.random() < webhooks.twice else 1):
        due = now + webhooks.late + chance.random() * webhooks.spread
        connection.execute(
            "INSERT INTO deliveries (event, due, attempts, state) VALUES (?, ?, 0, 'waiting')",
            (event_id, due),
        )
