from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from backend.infra.postgres import db
from backend.kernel.roles import Role
from tests.factories.bookings import Customer, make_class, make_consultant
from tests.factories.catalog import make_product
from tests.fakes.clock import FakeClock


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


def allocations() -> list[tuple[str, int]]:
    rows = db.session.execute(text("SELECT booking_id, seats FROM allocations ORDER BY starts_at"))
    return [(row.booking_id, row.seats) for row in rows]


class TestReschedule:
    def test_moves_to_the_slot_and_price_of_a_fresh_quote(self, ada: Customer) -> None:
        shop = make_consultant()
        morning, evening = (slot["slot_id"] for slot in (ada.slots(shop)[0], ada.slots(shop)[-1]))
        made = ada.book(morning)
        quote = ada.quote(evening)

        moved = ada.put(f"/api/bookings/{made['id']}", {"quote_token": quote["token"]})

        assert moved.status_code == 200
        assert moved.headers["ETag"] == '"2"'
        assert (moved.json["slot_id"], moved.json["total"]) == (evening, quote["total"])
        free = [slot["slot_id"] for slot in ada.slots(shop)]
        assert morning in free
        assert evening not in free

    def test_changes_the_party_in_the_same_slot(self, ada: Customer) -> None:
        shop = make_class(seats=4)
        slot_id = ada.slots(shop)[0]["slot_id"]
        made = ada.book(slot_id, party=3)

        moved = ada.put(f"/api/bookings/{made['id']}", {"quote_token": ada.quote(slot_id, party=4)["token"]})

        assert moved.status_code == 200
        assert moved.json["party"] == 4
        assert allocations() == [(made["id"], 4)]

    def test_to_a_taken_slot_is_refused_and_keeps_the_old_one(
        self, ada: Customer, client: FlaskClient
    ) -> None:
        shop = make_consultant()
        mine, other = (slot["slot_id"] for slot in ada.slots(shop)[:2])
        made = ada.book(mine)
        token = ada.quote(other)["token"]
        Customer.new(client).book(other)

        refused = ada.put(f"/api/bookings/{made['id']}", {"quote_token": token})

        assert refused.status_code == 409
        assert ada.get(f"/api/bookings/{made['id']}").json == made
        assert (made["id"], 1) in allocations()

    def test_keeps_the_quote_of_a_refused_move_usable(self, ada: Customer, client: FlaskClient) -> None:
        mine, other = (slot["slot_id"] for slot in ada.slots(make_consultant())[:2])
        made = ada.book(mine)
        token = ada.quote(other)["token"]
        blocker = Customer.new(client)
        blocking = blocker.book(other)
        ada.put(f"/api/bookings/{made['id']}", {"quote_token": token})
        blocker.delete(f"/api/bookings/{blocking['id']}")

        moved = ada.put(f"/api/bookings/{made['id']}", {"quote_token": token})

        assert moved.status_code == 200

    def test_with_a_used_quote_is_refused(self, ada: Customer) -> None:
        slots = ada.slots(make_consultant())
        token = ada.quote(slots[0]["slot_id"])["token"]
        made = ada.post("/api/bookings", {"quote_token": token, "payment_method": "on_site"}).json

        refused = ada.put(f"/api/bookings/{made['id']}", {"quote_token": token})

        assert refused.status_code == 409

    def test_above_the_limit_is_refused_with_the_price(self, ada: Customer) -> None:
        slots = ada.slots(make_consultant())
        made = ada.book(slots[0]["slot_id"])
        quote = ada.quote(slots[1]["slot_id"])

        refused = ada.put(
            f"/api/bookings/{made['id']}",
            {"quote_token": quote["token"], "max_total": {"amount": 1, "currency": "EUR"}},
        )

        assert refused.status_code == 409
        assert refused.json["price"] == quote["total"]

    def test_asks_for_approval_when_the_new_party_needs_it(self, ada: Customer) -> None:
        slot_id = ada.slots(make_class(seats=10))[0]["slot_id"]
        made = ada.book(slot_id, party=2)
        path = f"/api/bookings/{made['id']}"

        larger = ada.put(path, {"quote_token": ada.quote(slot_id, party=9)["token"]})
        smaller = ada.put(path, {"quote_token": ada.quote(slot_id, party=3)["token"]})

        assert (larger.json["status"], smaller.json["status"]) == ("pending_approval", "confirmed")

    def test_stays_with_its_provider(self, ada: Customer) -> None:
        made = ada.book(ada.slots(make_consultant())[0]["slot_id"])
        elsewhere = ada.quote(ada.slots(make_consultant())[0]["slot_id"])

        refused = ada.put(f"/api/bookings/{made['id']}", {"quote_token": elsewhere["token"]})

        assert refused.status_code == 409
        assert "provider" in refused.json["detail"]

    def test_may_change_to_another_product_of_the_provider(self, ada: Customer) -> None:
        shop = make_consultant()
        made = ada.book(ada.slots(shop)[0]["slot_id"])
        longer = make_product(shop.provider, name="Workshop", duration_minutes=120)
        slot = next(slot for slot in ada.slots(shop) if slot["product"] == longer.id)

        moved = ada.put(f"/api/bookings/{made['id']}", {"quote_token": ada.quote(slot["slot_id"])["token"]})

        assert (moved.json["title"], moved.json["product"]) == ("Workshop", longer.id)

    @pytest.mark.parametrize(
        ("tag", "status"), [('"1"', 200), ("*", 200), ('"2"', 412), ("1", 412), ("W/x", 412)]
    )
    def test_honours_if_match(self, ada: Customer, tag: str, status: int) -> None:
        slots = ada.slots(make_consultant())
        made = ada.book(slots[0]["slot_id"])
        wish = {"quote_token": ada.quote(slots[1]["slot_id"])["token"]}

        answer = ada.put(f"/api/bookings/{made['id']}", wish, headers={"If-Match": tag})

        assert answer.status_code == status

    def test_is_too_late_once_it_began(self, ada: Customer, shared_clock: FakeClock) -> None:
        shop = make_consultant()
        made = ada.book(ada.slots(shop)[0]["slot_id"])
        shared_clock.advance(days=7)
        later = ada.quote(ada.slots(shop, day=shared_clock.now().date() + timedelta(days=1))[0]["slot_id"])

        refused = ada.put(f"/api/bookings/{made['id']}", {"quote_token": later["token"]})

        assert refused.status_code == 409
        assert "time has come" in refused.json["detail"]

    def test_of_a_cancelled_booking_is_refused(self, ada: Customer) -> None:
        slots = ada.slots(make_consultant())
        made = ada.book(slots[0]["slot_id"])
        ada.delete(f"/api/bookings/{made['id']}")

        refused = ada.put(
            f"/api/bookings/{made['id']}", {"quote_token": ada.quote(slots[1]["slot_id"])["token"]}
        )

        assert refused.status_code == 409
        assert refused.json["booking_status"] == "cancelled"

    def test_of_somebody_else_is_not_found(self, ada: Customer, client: FlaskClient) -> None:
        slots = ada.slots(make_consultant())
        made = ada.book(slots[0]["slot_id"])
        stranger = Customer.new(client)

        refused = stranger.put(
            f"/api/bookings/{made['id']}", {"quote_token": stranger.quote(slots[1]["slot_id"])["token"]}
        )

        assert refused.status_code == 404

    def test_by_staff_is_in_the_audit_log(self, ada: Customer, client: FlaskClient) -> None:
        slots = ada.slots(make_consultant())
        made = ada.book(slots[0]["slot_id"])
        support = Customer.new(client, roles=[Role.SUPPORT])

        support.put(
            f"/api/bookings/{made['id']}", {"quote_token": support.quote(slots[1]["slot_id"])["token"]}
        )

        row = db.session.execute(
            text("SELECT actor_id, action, before FROM audit_log WHERE subject = :id"), {"id": made["id"]}
        ).one()
        assert (row.actor_id, row.action) == (support.user.id, "booking.moved")
        assert row.before["slot_id"] == slots[0]["slot_id"]
