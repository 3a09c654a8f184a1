from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import text

from backend.infra.clock import SystemClock
from backend.infra.postgres import db
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.factories.bookings import Customer, Shop, make_class, make_consultant, next_week

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)

CUSTOMERS = 6


def cancel_all_at_once(app: Flask, shop: Shop) -> Counter[int]:
    """Book so many neighbouring slots, let somebody wait for each, and cancel all bookings at once."""
    start = Barrier(CUSTOMERS)
    day = next_week(SystemClock().now())
    ada = Customer.new(app.test_client())
    slots = [slot["slot_id"] for slot in ada.slots(shop, day=day)[:CUSTOMERS]]
    made = [ada.book(slot_id)["id"] for slot_id in slots]
    for slot_id in slots:
        Customer.new(app.test_client()).post("/api/waitlist", {"slot_id": slot_id})

    def cancel(booking_id: str) -> int:
        start.wait()
        client = app.test_client()
        return client.delete(f"/api/bookings/{booking_id}", headers=ada.headers).status_code

    with ThreadPoolExecutor(CUSTOMERS) as pool:
        return Counter(pool.map(cancel, made))


def entries() -> Counter[str]:
    return Counter(db.session.scalars(text("SELECT status FROM waitlist")))


class TestCancellationsAtOnce:
    def test_of_seats_of_a_class_offer_every_seat_and_block_nobody(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            statuses = cancel_all_at_once(app, make_class(seats=1))
            offered = entries()

        assert statuses == {200: CUSTOMERS}
        assert offered == {"offered": CUSTOMERS}

    def test_of_a_consultants_hours_offer_every_hour_and_block_nobody(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            statuses = cancel_all_at_once(app, make_consultant())
            offered = entries()

        assert statuses == {200: CUSTOMERS}
        assert offered == {"offered": CUSTOMERS}

    def test_of_one_booking_succeed_once(self, own_stores: Stores) -> None:
        start = Barrier(CUSTOMERS)
        with running_app(own_stores) as app, app.app_context():
            ada = Customer.new(app.test_client())
            made = ada.book(ada.slots(make_consultant(), day=next_week(SystemClock().now()))[0]["slot_id"])

            def cancel(_: int) -> int:
                start.wait()
                path = f"/api/bookings/{made['id']}"
                return app.test_client().delete(path, headers=ada.headers).status_code

            with ThreadPoolExecutor(CUSTOMERS) as pool:
                statuses = Counter(pool.map(cancel, range(CUSTOMERS)))

        assert statuses == {200: 1, 409: CUSTOMERS - 1}
