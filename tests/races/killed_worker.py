"""Customers who book over HTTP while worker processes of the web server are killed with SIGKILL."""

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import svcs
from flask import Flask
from sqlalchemy import text

from backend.domains.availability.service import AvailabilityService
from backend.infra.clock import SystemClock
from backend.infra.postgres import db
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.factories.bookings import Customer, make_class, make_newcomers, next_week
from tests.races.server import web_server

CUSTOMERS: Final = 16
SEATS: Final = 100
START_SECONDS: Final = 60
CREATED: Final = 201

# Each finds what must never be there.
HALVES: Final = {
    "bookings without seats": """
        SELECT b.id FROM bookings b LEFT JOIN allocations a ON a.booking_id = b.id AND a.seats = b.party
        WHERE b.status = 'confirmed' AND a.id IS NULL""",
    "seats without a booking": """
        SELECT a.id FROM allocations a LEFT JOIN bookings b ON b.id = a.booking_id
        WHERE a.booking_id IS NOT NULL AND b.id IS NULL""",
    "bookings without a history": """
        SELECT id FROM bookings WHERE id NOT IN (SELECT booking_id FROM booking_events)""",
    "bookings whose quote is not used up": """
        SELECT id FROM bookings WHERE (quote_id, id) NOT IN (SELECT quote_id, booking_id FROM booking_quotes)""",
    "counters that do not count": """
        SELECT c.product_id FROM slot_counters c WHERE taken <> (SELECT coalesce(sum(seats), 0)
        FROM allocations a WHERE a.product_id = c.product_id AND a.starts_at = c.starts_at)""",
}


@dataclass(frozen=True)
class Aftermath:
    """What customers were told, and what is there when all is over."""

    answered: frozenset[str]
    unanswered: int
    refused: int
    kills: int
    lost: frozenset[str]
    halves: dict[str, int]
    held_before_expiry: int
    seats_missing_after_expiry: int


def book_while_killing(stores: Stores, *, bookings: int, kills: int, log: Path) -> Aftermath:
    """Make so many bookings, one after another for each of 16 customers, and kill so many workers."""
    with running_app(stores) as app, app.app_context():
        *slots, left_held = _slots(app)
        customers = make_newcomers(app, count=CUSTOMERS)
        share = bookings // CUSTOMERS
        with web_server(stores, log) as (address, master), ThreadPoolExecutor(CUSTOMERS) as pool:
            jobs = [
                pool.submit(
                    _book, address, headers, left_held, [slots[(i + k) % len(slots)] for k in range(share)]
                )
                for i, headers in enumerate(customers)
            ]
            killed = _kill(master, kills, still=lambda: not all(job.done() for job in jobs))
            answers = [answer for job in jobs for answer in job.result()]
        return _aftermath(answers, killed, [*slots, left_held])


def _slots(app: Flask) -> list[str]:
    klass = make_class(seats=SEATS)
    day = next_week(SystemClock().now())
    return [slot["slot_id"] for slot in Customer.new(app.test_client()).slots(klass, day=day)]


def _kill(master: int, kills: int, *, still: Callable[[], bool]) -> int:
    """Kill a worker about every second while customers are still at it; how many were killed."""
    killed = 0
    children = Path(f"/proc/{master}/task/{master}/children")
    while killed < kills and still():
        time.sleep(0.5 + random.random() / 2)
        if workers := children.read_text().split():
            os.kill(int(random.choice(workers)), signal.SIGKILL)
            killed += 1
    return killed


def _book(address: str, headers: dict[str, str], left_held: str, slots: Sequence[str]) -> list[Any]:
    """Hold a slot and walk away; then book each of `slots`.

    For each of them the id of the booking, the status of a refusal, or None when no answer came.
    """
    with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
        with suppress(httpx.TransportError):
            client.post("/api/holds", json={"slot_id": left_held, "party": 2})
        return [_book_one(client, slot_id) for slot_id in slots]


def _book_one(client: httpx.Client, slot_id: str) -> Any:
    try:
        client.post("/api/holds", json={"slot_id": slot_id, "party": 1})
        quote = client.post("/api/quotes", json={"items": [{"slot_id": slot_id}]})
        if quote.status_code != CREATED:
            return quote.status_code
        wish = {"quote_token": quote.json()["token"], "payment_method": "on_site"}
        answer = client.post("/api/bookings", json=wish)
    except httpx.TransportError:
        return None
    return answer.json()["id"] if answer.status_code == CREATED else answer.status_code


def _aftermath(answers: Sequence[Any], kills: int, slots: Sequence[str]) -> Aftermath:
    answered = frozenset(answer for answer in answers if isinstance(answer, str))
    stored = set(db.session.scalars(text("SELECT id FROM bookings WHERE status = 'confirmed'")))
    held = db.session.scalars(text("SELECT count(*) FROM allocations WHERE booking_id IS NULL")).one()
    after_expiry = SystemClock().now() + timedelta(hours=1)
    availability = svcs.flask.get(AvailabilityService)
    left = sum(availability.slot(slot_id=slot_id, now=after_expiry).seats_left for slot_id in slots)
    return Aftermath(
        answered=answered,
        unanswered=answers.count(None),
        refused=sum(isinstance(answer, int) for answer in answers),
        kills=kills,
        lost=answered - stored,
        halves={what: len(db.session.execute(text(query)).all()) for what, query in HALVES.items()},
        held_before_expiry=held,
        seats_missing_after_expiry=len(slots) * SEATS - len(stored) - left,
    )
