import pytest
from flask.testing import FlaskClient

from backend.kernel.roles import Role
from tests.factories.bookings import Customer, make_consultant


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


class TestReadingABooking:
    def test_its_customer_its_provider_and_support_may(self, ada: Customer, client: FlaskClient) -> None:
        shop = make_consultant()
        made = ada.book(ada.slots(shop)[0]["slot_id"])
        readers = [ada, Customer.of(client, shop.owner), Customer.new(client, roles=[Role.SUPPORT])]

        answers = [reader.get(f"/api/bookings/{made['id']}") for reader in readers]

        assert [answer.json for answer in answers] == [made] * 3
        assert {answer.headers["ETag"] for answer in answers} == {'"1"'}

    @pytest.mark.parametrize("path", ["", "/calendar.ics", "/history"])
    def test_of_somebody_else_does_not_exist_for_others(
        self, ada: Customer, client: FlaskClient, path: str
    ) -> None:
        made = ada.book(ada.slots(make_consultant())[0]["slot_id"])
        stranger, analyst = Customer.new(client), Customer.new(client, roles=[Role.ANALYST])

        assert stranger.get(f"/api/bookings/{made['id']}{path}").status_code == 404
        assert analyst.get(f"/api/bookings/{made['id']}{path}").status_code == 404

    @pytest.mark.parametrize("id_", ["bkg_01kaj3zq6m8v9x2c4b5n7p8q9r", "bkg_", "'; SELECT 1 --", "%7B%7B"])
    def test_that_is_not_there_is_not_found(self, ada: Customer, id_: str) -> None:
        assert ada.get(f"/api/bookings/{id_}").status_code == 404

    def test_its_history_tells_who_did_what(self, ada: Customer) -> None:
        made = ada.book(ada.slots(make_consultant())[0]["slot_id"])
        ada.delete(f"/api/bookings/{made['id']}")

        items = ada.get(f"/api/bookings/{made['id']}/history").json["items"]

        assert [(item["action"], item["status"], item["actor"]) for item in items] == [
            ("made", "confirmed", ada.user.id),
            ("cancelled", "cancelled", ada.user.id),
        ]


class TestBookingsOfAUser:
    def test_come_newest_first_in_pages(self, ada: Customer) -> None:
        made = [ada.book(slot["slot_id"])["id"] for slot in ada.slots(make_consultant())[:3]]

        first = ada.get(f"/api/bookings/user/{ada.user.id}?limit=2").json
        rest = ada.get(f"/api/bookings/user/{ada.user.id}?limit=2&cursor={first['next']}").json

        assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]
        assert rest["next"] is None

    def test_are_narrowed_by_status(self, ada: Customer) -> None:
        slots = ada.slots(make_consultant())
        kept, dropped = (ada.book(slot["slot_id"])["id"] for slot in slots[:2])
        ada.delete(f"/api/bookings/{dropped}")

        confirmed = ada.get(f"/api/bookings/user/{ada.user.id}?status=confirmed").json["items"]
        cancelled = ada.get(f"/api/bookings/user/{ada.user.id}?status=cancelled").json["items"]

        assert [one["id"] for one in confirmed] == [kept]
        assert [one["id"] for one in cancelled] == [dropped]

    def test_are_for_that_user_and_staff_alone(self, ada: Customer, client: FlaskClient) -> None:
        path = f"/api/bookings/user/{ada.user.id}"

        assert Customer.new(client).get(path).status_code == 404
        assert Customer.new(client, roles=[Role.SUPPORT]).get(path).status_code == 200
        assert client.get(path).status_code == 401

    @pytest.mark.parametrize(
        "query", ["status=lost", "status=held", "limit=0", "limit=101", "cursor=%21", "cursor=WzFd", "x=1"]
    )
    def test_refuse_what_they_do_not_know(self, ada: Customer, query: str) -> None:
        assert ada.get(f"/api/bookings/user/{ada.user.id}?{query}").status_code == 422


class TestCalendar:
    def test_is_sent_once_for_each_version(self, ada: Customer) -> None:
        made = ada.book(ada.slots(make_consultant())[0]["slot_id"])
        path = f"/api/bookings/{made['id']}/calendar.ics"
        first = ada.get(path)

        again = ada.get(path, headers={"If-None-Match": first.headers["ETag"]})
        ada.delete(f"/api/bookings/{made['id']}")
        changed = ada.get(path, headers={"If-None-Match": first.headers["ETag"]})

        assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert again.status_code == 304
        assert changed.status_code == 200
        assert "STATUS:CANCELLED" in changed.text
        assert "SEQUENCE:1" in changed.text
