from flask.testing import FlaskClient

from tests.factories.bookings import Customer, make_consultant
from tests.fakes.clock import FakeClock


class TestBookingAConsultant:
    def test_from_registration_to_an_offer_of_the_waitlist(
        self, client: FlaskClient, shared_clock: FakeClock
    ) -> None:
        shop = make_consultant()
        registered = client.post(
            "/api/auth/register",
            json={"email": "ada@example.com", "password": "a long and good one", "name": "Ada"},
        )
        assert registered.status_code == 201, registered.text
        bearer = {"Authorization": f"Bearer {registered.json['access_token']}"}

        week = client.get(
            "/api/bookings",
            query_string={"provider": shop.provider.id, "from": "2026-12-14", "to": "2026-12-21"},
            headers=bearer,
        )
        assert week.status_code == 200, week.text
        assert len(week.json["items"]) == 7 * 8
        first, second = week.json["items"][:2]

        held = client.post("/api/holds", json={"slot_id": first["slot_id"], "party": 1}, headers=bearer)
        assert held.status_code == 201, held.text

        quoted = client.post(
            "/api/quotes", json={"items": [{"slot_id": first["slot_id"], "party": 1}]}, headers=bearer
        )
        assert quoted.status_code == 201, quoted.text
        assert quoted.json["total"] == first["price"]

        booked = client.post(
            "/api/bookings",
            json={
                "quote_token": quoted.json["token"],
                "max_total": quoted.json["total"],
                "payment_method": "on_site",
                "contact": {"name": "Ada", "email": "ada@example.com"},
            },
            headers={**bearer, "Idempotency-Key": "one"},
        )
        assert booked.status_code == 201, booked.text
        assert booked.json["status"] == "confirmed"
        address = f"/api/bookings/{booked.json['id']}"

        file = client.get(f"{address}/calendar.ics", headers=bearer)
        assert file.status_code == 200
        assert "STATUS:CONFIRMED" in file.text

        requoted = client.post(
            "/api/quotes", json={"items": [{"slot_id": second["slot_id"], "party": 1}]}, headers=bearer
        )
        moved = client.put(
            address,
            json={"quote_token": requoted.json["token"]},
            headers={**bearer, "If-Match": booked.headers["ETag"]},
        )
        assert moved.status_code == 200, moved.text
        assert moved.json["starts_at"] == second["starts_at"]

        waiting = Customer.new(client)
        entry = waiting.post("/api/waitlist", {"slot_id": second["slot_id"]})
        assert entry.status_code == 201, entry.text

        cancelled = client.delete(address, headers=bearer)
        assert cancelled.status_code == 200, cancelled.text
        assert cancelled.json["status"] == "cancelled"
        assert cancelled.json["policy"]["rule"]["id"] == "two-days-before"

        (offer,) = waiting.get("/api/waitlist").json["items"]
        assert offer["status"] == "offered"
        refused = Customer.new(client).try_to_book(second["slot_id"])
        assert refused.status_code == 409
        assert waiting.book(second["slot_id"])["status"] == "confirmed"
        (fulfilled,) = waiting.get("/api/waitlist").json["items"]
        assert fulfilled["status"] == "fulfilled"
