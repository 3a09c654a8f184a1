from typing import Any

import pytest
import svcs
from flask.testing import FlaskClient
from sqlalchemy import text

from backend.domains.availability.holds import HoldService
from backend.domains.waitlist import jobs
from backend.infra.event_buffer import EventBuffer
from backend.infra.postgres import db
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class, make_consultant
from tests.factories.catalog import make_product
from tests.fakes.clock import FakeClock
from tests.fakes.events import FakeEventStore


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


def waiting(client: FlaskClient, slot_id: str, *, party: int = 1) -> Customer:
    """Somebody new on the waitlist."""
    customer = Customer.new(client)
    answer = customer.post("/api/waitlist", {"slot_id": slot_id, "party": party})
    assert answer.status_code == 201, answer.text
    return customer


def entry_of(customer: Customer) -> dict[str, Any]:
    (entry,) = customer.get("/api/waitlist").json["items"]
    return entry


def statuses(*customers: Customer) -> list[str]:
    return [entry_of(customer)["status"] for customer in customers]


def queued(task: str) -> list[dict[str, Any]]:
    query = text("SELECT args, scheduled_at FROM procrastinate_jobs WHERE task_name = :task ORDER BY id")
    return [row._asdict() for row in db.session.execute(query, {"task": task})]


class TestJoining:
    def test_is_for_full_slots(self, ada: Customer) -> None:
        slot_id = ada.slots(make_class(seats=2))[0]["slot_id"]

        answer = ada.post("/api/waitlist", {"slot_id": slot_id, "party": 2})

        assert answer.status_code == 409
        assert "book it" in answer.json["detail"]

    def test_is_possible_for_a_party_that_the_free_seats_do_not_take(
        self, ada: Customer, client: FlaskClient
    ) -> None:
        slot_id = ada.slots(make_class(seats=2))[0]["slot_id"]
        ada.book(slot_id)

        entry = entry_of(waiting(client, slot_id, party=2))

        assert (entry["status"], entry["party"], entry["hold_id"]) == ("waiting", 2, None)
        assert entry["id"].startswith("wtl_")

    def test_is_refused_for_a_party_that_never_fits(self, ada: Customer) -> None:
        slot_id = ada.slots(make_class(seats=2))[0]["slot_id"]

        answer = ada.post("/api/waitlist", {"slot_id": slot_id, "party": 3})

        assert answer.status_code == 422
        assert answer.json["errors"] == {"party": ["At most 2."]}

    def test_happens_once_for_each_slot(self, ada: Customer, client: FlaskClient) -> None:
        slot_id = ada.slots(make_consultant())[0]["slot_id"]
        ada.book(slot_id)
        bob = waiting(client, slot_id)

        again = bob.post("/api/waitlist", {"slot_id": slot_id})

        assert again.status_code == 409
        assert len(bob.get("/api/waitlist").json["items"]) == 1

    @pytest.mark.parametrize(
        ("wish", "status"),
        [
            ({}, 422),
            ({"slot_id": "slt_x"}, 422),
            ({"slot_id": f"slt_{'0' * 32}"}, 404),
            ({"slot_id": f"slt_{'0' * 32}", "party": 0}, 422),
            ({"slot_id": f"slt_{'0' * 32}", "party": 10**9}, 422),
            ({"slot_id": f"slt_{'0' * 32}", "more": 1}, 422),
        ],
    )
    def test_refuses_bad_input(self, ada: Customer, wish: dict[str, Any], status: int) -> None:
        assert ada.post("/api/waitlist", wish).status_code == status

    def test_needs_a_signed_in_user(self, client: FlaskClient) -> None:
        assert client.post("/api/waitlist", json={}).status_code == 401
        assert client.get("/api/waitlist").status_code == 401


class TestOffers:
    def test_go_to_the_first_when_a_booking_is_cancelled(self, ada: Customer, client: FlaskClient) -> None:
        shop = make_consultant()
        slot_id = ada.slots(shop)[0]["slot_id"]
        made = ada.book(slot_id)
        bob, eve = waiting(client, slot_id), waiting(client, slot_id)

        ada.delete(f"/api/bookings/{made['id']}")

        assert statuses(bob, eve) == ["offered", "waiting"]
        offer = entry_of(bob)
        assert offer["offer_expires_at"] == "2026-12-07T09:30:00Z"
        (held,) = svcs.flask.get(HoldService).holds_of(user_id=bob.user.id, now=NOW)
        assert held.id == offer["hold_id"]
        assert slot_id not in [slot["slot_id"] for slot in eve.slots(shop)]
        assert bob.book(slot_id)["status"] == "confirmed"
        assert statuses(bob, eve) == ["fulfilled", "waiting"]

    def test_pass_over_who_needs_more_seats_than_came_back(self, ada: Customer, client: FlaskClient) -> None:
        slot_id = ada.slots(make_class(seats=4))[0]["slot_id"]
        ada.book(slot_id, party=2)
        made = ada.book(slot_id, party=2)
        large, small, other = (waiting(client, slot_id, party=party) for party in (3, 1, 1))

        ada.delete(f"/api/bookings/{made['id']}")

        assert statuses(large, small, other) == ["waiting", "offered", "offered"]

    def test_follow_a_move_to_another_slot(self, ada: Customer, client: FlaskClient) -> None:
        first, second = (slot["slot_id"] for slot in ada.slots(make_consultant())[:2])
        made = ada.book(first)
        bob = waiting(client, first)

        ada.put(f"/api/bookings/{made['id']}", {"quote_token": ada.quote(second)["token"]})

        assert statuses(bob) == ["offered"]

    def test_reach_slots_that_the_freed_time_was_in_the_way_of(
        self, ada: Customer, client: FlaskClient
    ) -> None:
        shop = make_consultant()
        longer = make_product(shop.provider, name="Workshop", duration_minutes=120)
        slots = ada.slots(shop)
        hour = next(slot for slot in slots if slot["product"] == shop.product.id)["slot_id"]
        workshop = next(slot for slot in slots if slot["product"] == longer.id)["slot_id"]
        made = ada.book(hour)
        bob, eve = waiting(client, workshop), waiting(client, hour)

        ada.delete(f"/api/bookings/{made['id']}")

        assert statuses(bob, eve) == ["offered", "waiting"]

    def test_that_nobody_took_go_to_the_next(
        self, ada: Customer, client: FlaskClient, shared_clock: FakeClock
    ) -> None:
        slot_id = ada.slots(make_consultant())[0]["slot_id"]
        made = ada.book(slot_id)
        bob, eve = waiting(client, slot_id), waiting(client, slot_id)
        ada.delete(f"/api/bookings/{made['id']}")
        (job,) = queued("waitlist.offer")

        shared_clock.advance(minutes=30)
        jobs.offer(**job["args"])
        jobs.offer(**job["args"])

        assert job["scheduled_at"] == shared_clock.now()
        assert statuses(bob, eve) == ["expired", "offered"]

    def test_follow_a_hold_that_expired(
        self, ada: Customer, client: FlaskClient, shared_clock: FakeClock
    ) -> None:
        slot_id = ada.slots(make_consultant())[0]["slot_id"]
        svcs.flask.get(HoldService).hold(user_id=ada.user.id, slot_id=slot_id, seats=1, now=NOW)
        db.session.commit()
        bob = waiting(client, slot_id)
        shared_clock.advance(minutes=10)

        jobs.release_expired()
        (job,) = queued("waitlist.offer")
        jobs.offer(**job["args"])

        assert statuses(bob) == ["offered"]

    def test_are_not_made_for_a_slot_whose_time_has_come(
        self, ada: Customer, client: FlaskClient, shared_clock: FakeClock
    ) -> None:
        shop = make_consultant()
        slot_id = ada.slots(shop)[0]["slot_id"]
        ada.book(slot_id)
        bob = waiting(client, slot_id)
        shared_clock.advance(days=7)

        jobs.offer(provider_id=shop.provider.id)

        assert statuses(Customer.of(client, bob.user)) == ["expired"]

    def test_are_told_to_the_behaviour_log(
        self, ada: Customer, client: FlaskClient, events: FakeEventStore
    ) -> None:
        slot_id = ada.slots(make_consultant())[0]["slot_id"]
        made = ada.book(slot_id)
        bob = waiting(client, slot_id)

        ada.delete(f"/api/bookings/{made['id']}")

        svcs.flask.get(EventBuffer).flush()
        (told,) = (event for event in events.events if event.name == "waitlist.offered")
        assert (told.user_id, told.data["slot_id"]) == (bob.user.id, slot_id)


class TestLeaving:
    def test_ends_the_waiting(self, ada: Customer, client: FlaskClient) -> None:
        slot_id = ada.slots(make_consultant())[0]["slot_id"]
        made = ada.book(slot_id)
        bob = waiting(client, slot_id)

        answer = bob.delete(f"/api/waitlist/{entry_of(bob)['id']}")
        ada.delete(f"/api/bookings/{made['id']}")

        assert answer.status_code == 204
        assert statuses(bob) == ["left"]

    def test_with_an_offer_hands_it_to_the_next(self, ada: Customer, client: FlaskClient) -> None:
        slot_id = ada.slots(make_consultant())[0]["slot_id"]
        made = ada.book(slot_id)
        bob, eve = waiting(client, slot_id), waiting(client, slot_id)
        ada.delete(f"/api/bookings/{made['id']}")

        bob.delete(f"/api/waitlist/{entry_of(bob)['id']}")
        bob.delete(f"/api/waitlist/{entry_of(bob)['id']}")

        assert statuses(bob, eve) == ["left", "offered"]

    def test_is_for_ones_own_entries(self, ada: Customer, client: FlaskClient) -> None:
        slot_id = ada.slots(make_consultant())[0]["slot_id"]
        ada.book(slot_id)
        bob = waiting(client, slot_id)

        assert ada.delete(f"/api/waitlist/{entry_of(bob)['id']}").status_code == 404
        assert statuses(bob) == ["waiting"]


class TestMyEntries:
    def test_come_newest_first_in_pages(self, ada: Customer, client: FlaskClient) -> None:
        bob = Customer.new(client)
        for slot in ada.slots(make_consultant())[:3]:
            ada.book(slot["slot_id"])
            bob.post("/api/waitlist", {"slot_id": slot["slot_id"]})

        first = bob.get("/api/waitlist?limit=2").json
        rest = bob.get(f"/api/waitlist?limit=2&cursor={first['next']}").json

        starts = [entry["starts_at"] for entry in first["items"] + rest["items"]]
        assert starts == sorted(starts, reverse=True)
        assert (len(starts), rest["next"]) == (3, None)
