import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.domains.bookings import jobs
from backend.infra.postgres import db
from backend.kernel.roles import Role
from tests.factories.bookings import Customer, Shop, make_class, make_consultant
from tests.fakes.clock import FakeClock


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


def status_of(booking_id: str) -> str:
    query = text("SELECT status FROM bookings WHERE id = :id")
    return db.session.execute(query, {"id": booking_id}).scalar_one()


class TestCancel:
    @pytest.mark.parametrize(
        ("hours_before", "rule", "percent"),
        [(72, "two-days-before", "100"), (30, "day-before", "50"), (2, "last-day", "0")],
    )
    def test_follows_the_rules_of_cancellation(
        self, ada: Customer, shared_clock: FakeClock, hours_before: int, rule: str, percent: str
    ) -> None:
        shop = make_consultant()
        made = ada.book(ada.slots(shop)[0]["slot_id"])
        shared_clock.advance(days=7, hours=-1 - hours_before)
        ada = Customer.of(ada.client, ada.user)

        answer = ada.delete(f"/api/bookings/{made['id']}")

        assert answer.status_code == 200
        assert answer.json["status"] == "cancelled"
        assert answer.json["policy"]["rule"]["id"] == rule
        assert answer.json["policy"]["rule"]["file"] == "rules/cancellation.yaml"
        assert answer.json["policy"]["percent"] == percent
        assert answer.json["refund"] == {"amount": 0, "currency": "EUR"}
        assert ada.slots(shop)

    def test_gives_back_a_share_of_what_was_paid(self, ada: Customer) -> None:
        made = ada.book(ada.slots(make_consultant())[0]["slot_id"])
        db.session.execute(text("UPDATE bookings SET paid_minor = total_minor"))
        db.session.commit()

        answer = ada.delete(f"/api/bookings/{made['id']}")

        assert answer.json["refund"] == answer.json["paid"] == made["total"]

    def test_by_the_provider_gives_everything_back_and_is_audited(
        self, ada: Customer, client: FlaskClient, shared_clock: FakeClock
    ) -> None:
        shop = make_consultant()
        made = ada.book(ada.slots(shop)[0]["slot_id"])
        shared_clock.advance(days=6, hours=22)

        answer = Customer.of(client, shop.owner).delete(f"/api/bookings/{made['id']}")

        assert answer.json["policy"]["rule"]["id"] == "provider-cancels"
        row = db.session.execute(
            text("SELECT * FROM audit_log WHERE subject = :id"), {"id": made["id"]}
        ).one()
        assert (row.actor_id, row.action) == (shop.owner.id, "booking.cancelled")
        assert (row.before, row.after) == ({"status": "confirmed"}, {"status": "cancelled"})

    def test_happens_once(self, ada: Customer) -> None:
        made = ada.book(ada.slots(make_consultant())[0]["slot_id"])
        ada.delete(f"/api/bookings/{made['id']}")

        again = ada.delete(f"/api/bookings/{made['id']}")

        assert again.status_code == 409
        assert again.json["booking_status"] == "cancelled"

    def test_is_too_late_once_it_began(self, ada: Customer, shared_clock: FakeClock) -> None:
        made = ada.book(ada.slots(make_consultant())[0]["slot_id"])
        shared_clock.advance(days=7)
        ada = Customer.of(ada.client, ada.user)

        assert ada.delete(f"/api/bookings/{made['id']}").status_code == 409

    def test_honours_if_match(self, ada: Customer) -> None:
        made = ada.book(ada.slots(make_consultant())[0]["slot_id"])

        stale = ada.delete(f"/api/bookings/{made['id']}", headers={"If-Match": '"7"'})
        fresh = ada.delete(f"/api/bookings/{made['id']}", headers={"If-Match": '"1"'})

        assert (stale.status_code, fresh.status_code) == (412, 200)

    def test_of_somebody_else_is_not_found(self, ada: Customer, client: FlaskClient) -> None:
        made = ada.book(ada.slots(make_consultant())[0]["slot_id"])

        assert Customer.new(client).delete(f"/api/bookings/{made['id']}").status_code == 404
        assert status_of(made["id"]) == "confirmed"


@pytest.fixture
def shop(client: FlaskClient) -> Shop:
    return make_class(seats=10)


class TestApproval:
    def test_by_the_provider_confirms(self, ada: Customer, shop: Shop) -> None:
        made = ada.book(ada.slots(shop)[0]["slot_id"], party=9)

        answer = Customer.of(ada.client, shop.owner).post(f"/api/bookings/{made['id']}/approve")

        assert answer.status_code == 200
        assert answer.json["status"] == "confirmed"

    def test_declined_cancels_and_frees_the_seats(self, ada: Customer, shop: Shop) -> None:
        made = ada.book(ada.slots(shop)[0]["slot_id"], party=9)

        answer = Customer.new(ada.client, roles=[Role.SUPPORT]).post(
            f"/api/bookings/{made['id']}/decline", {"reason": "We are closed that day."}
        )

        assert answer.json["status"] == "cancelled"
        assert ada.slots(shop)[0]["seats_left"] == 10
        last = ada.get(f"/api/bookings/{made['id']}/history").json["items"][-1]
        assert (last["action"], last["data"]["about"]) == ("declined", "We are closed that day.")

    def test_lapses_when_its_time_comes(self, ada: Customer, shop: Shop, shared_clock: FakeClock) -> None:
        made = ada.book(ada.slots(shop)[0]["slot_id"], party=9)
        shared_clock.advance(days=7)

        jobs.lapse_unanswered()
        jobs.lapse_unanswered()

        assert status_of(made["id"]) == "cancelled"
        taken = db.session.execute(text("SELECT count(*) FROM allocations")).scalar_one()
        assert taken == 0

    def test_of_a_confirmed_booking_is_refused(self, ada: Customer, shop: Shop) -> None:
        made = ada.book(ada.slots(shop)[0]["slot_id"])

        answer = Customer.of(ada.client, shop.owner).post(f"/api/bookings/{made['id']}/approve")

        assert answer.status_code == 409


class TestWhoMaySettle:
    @pytest.mark.parametrize("verb", ["approve", "decline", "complete", "no-show"])
    def test_not_the_customer_and_no_stranger(self, ada: Customer, shop: Shop, verb: str) -> None:
        made = ada.book(ada.slots(shop)[0]["slot_id"], party=9)
        path = f"/api/bookings/{made['id']}/{verb}"

        assert ada.post(path).status_code == 403
        assert Customer.new(ada.client).post(path).status_code == 404
        assert status_of(made["id"]) == "pending_approval"


class TestSettling:
    @pytest.mark.parametrize(("verb", "status"), [("complete", "completed"), ("no-show", "no_show")])
    def test_is_possible_from_the_start_on(
        self, ada: Customer, shop: Shop, shared_clock: FakeClock, verb: str, status: str
    ) -> None:
        made = ada.book(ada.slots(shop)[0]["slot_id"])
        path = f"/api/bookings/{made['id']}/{verb}"

        early = Customer.of(ada.client, shop.owner).post(path)
        shared_clock.advance(days=7)
        answer = Customer.of(ada.client, shop.owner).post(path)

        assert early.status_code == 409
        assert answer.json["status"] == status

    def test_happens_by_itself_an_hour_after_the_end(
        self, ada: Customer, shop: Shop, shared_clock: FakeClock
    ) -> None:
        made = ada.book(ada.slots(shop)[0]["slot_id"])
        shared_clock.advance(days=7)
        shared_clock.advance(minutes=59)
        jobs.complete_ended()
        early = status_of(made["id"])

        shared_clock.advance(minutes=1)
        jobs.complete_ended()
        jobs.complete_ended()

        assert (early, status_of(made["id"])) == ("confirmed", "completed")


class TestWhatTheDatabaseForbids:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE bookings SET status = 'confirmed'",
            "UPDATE bookings SET status = 'held'",
            "UPDATE bookings SET party = 0",
            "UPDATE bookings SET refund_minor = 1",
            "UPDATE bookings SET refund_minor = NULL",
            "UPDATE bookings SET paid_minor = total_minor + 1",
            "UPDATE booking_events SET action = 'x'",
            "DELETE FROM booking_events",
            "TRUNCATE booking_events",
            "INSERT INTO booking_quotes SELECT * FROM booking_quotes",
        ],
    )
    def test_for_a_cancelled_booking(self, ada: Customer, statement: str) -> None:
        made = ada.book(ada.slots(make_consultant())[0]["slot_id"])
        ada.delete(f"/api/bookings/{made['id']}")

        with pytest.raises(DBAPIError):
            db.session.execute(text(statement))
