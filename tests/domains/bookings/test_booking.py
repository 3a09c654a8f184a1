from typing import Any

import pytest
import svcs
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from sqlalchemy import text

from backend.domains.availability.holds import HoldService
from backend.infra.postgres import db
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class, make_consultant
from tests.fakes.clock import FakeClock


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


def count(table: str) -> int:
    return db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608


class TestBooking:
    def test_on_site_is_confirmed_at_once_at_the_quoted_price(self, ada: Customer) -> None:
        slot = ada.slots(make_consultant())[0]
        quote = ada.quote(slot["slot_id"])

        answer = ada.post(
            "/api/bookings",
            {
                "quote_token": quote["token"],
                "max_total": quote["total"],
                "payment_method": "on_site",
                "contact": {"name": "Ada", "phone": "+33 1 23 45 67 89"},
            },
        )

        assert answer.status_code == 201
        assert answer.headers["ETag"] == '"1"'
        made = answer.json
        assert made["id"].startswith("bkg_")
        assert made["status"] == "confirmed"
        assert made["total"] == quote["total"]
        assert made["paid"] == {"amount": 0, "currency": "EUR"}
        assert (made["starts_at"], made["timezone"]) == (slot["starts_at"], "Europe/Paris")
        assert made["contact"] == {"name": "Ada", "phone": "+33 1 23 45 67 89"}

    def test_a_booked_slot_is_listed_no_more_and_sold_to_nobody_else(
        self, ada: Customer, client: FlaskClient
    ) -> None:
        shop = make_consultant()
        slot_id = ada.slots(shop)[0]["slot_id"]
        bob = Customer.new(client)
        late = bob.quote(slot_id)
        ada.book(slot_id)

        answer = bob.post("/api/bookings", {"quote_token": late["token"], "payment_method": "on_site"})

        assert answer.status_code == 409
        assert slot_id not in [slot["slot_id"] for slot in bob.slots(shop)]
        assert count("bookings") == 1

    def test_uses_up_the_seats_that_the_customer_held(self, ada: Customer) -> None:
        shop = make_class(seats=3)
        slot_id = ada.slots(shop)[0]["slot_id"]
        holds = svcs.flask.get(HoldService)
        holds.hold(user_id=ada.user.id, slot_id=slot_id, seats=2, now=NOW)

        ada.book(slot_id, party=2)

        assert ada.slots(shop)[0]["seats_left"] == 1
        assert holds.holds_of(user_id=ada.user.id, now=NOW) == []

    def test_waits_for_approval_when_a_rule_says_so(self, ada: Customer) -> None:
        slot_id = ada.slots(make_class(seats=10))[0]["slot_id"]

        made = ada.book(slot_id, party=9)

        assert made["status"] == "pending_approval"

    def test_a_class_is_sold_to_its_last_seat(self, ada: Customer, client: FlaskClient) -> None:
        slot_id = ada.slots(make_class(seats=3))[0]["slot_id"]
        bob = Customer.new(client)
        late = bob.quote(slot_id, party=2)
        ada.book(slot_id, party=2)

        refused = bob.post("/api/bookings", {"quote_token": late["token"], "payment_method": "on_site"})

        assert refused.status_code == 409
        assert bob.book(slot_id, party=1)["status"] == "confirmed"

    def test_repeated_with_its_key_gives_the_same_answer_byte_for_byte(self, ada: Customer) -> None:
        token = ada.quote(ada.slots(make_consultant())[0]["slot_id"])["token"]
        wish = {"quote_token": token, "payment_method": "on_site"}

        first = ada.post("/api/bookings", wish, headers={"Idempotency-Key": "k"})
        again = ada.post("/api/bookings", wish, headers={"Idempotency-Key": "k"})

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.data == again.data
        assert count("bookings") == 1


class TestPriceOfABooking:
    def test_above_what_the_customer_would_pay_changes_nothing(self, ada: Customer) -> None:
        shop = make_consultant()
        quote = ada.quote(ada.slots(shop)[0]["slot_id"])
        wish = {
            "quote_token": quote["token"],
            "payment_method": "on_site",
            "max_total": {"amount": quote["total"]["amount"] - 1, "currency": "EUR"},
        }

        answer = ada.post("/api/bookings", wish)

        assert answer.status_code == 409
        assert answer.json["price"] == quote["total"]
        assert count("bookings") == count("allocations") == count("booking_quotes") == 0

    def test_in_another_currency_than_the_limit_cannot_be_compared(self, ada: Customer) -> None:
        token = ada.quote(ada.slots(make_consultant())[0]["slot_id"])["token"]
        limit = {"amount": 10**9, "currency": "JPY"}

        answer = ada.post(
            "/api/bookings", {"quote_token": token, "payment_method": "on_site", "max_total": limit}
        )

        assert answer.status_code == 422
        assert answer.json["errors"] == {"max_total": ["Must be in EUR."]}


class TestQuoteOfABooking:
    def test_is_good_for_one_booking(self, ada: Customer) -> None:
        slot_id = ada.slots(make_class(seats=5))[0]["slot_id"]
        wish = {"quote_token": ada.quote(slot_id)["token"], "payment_method": "on_site"}
        ada.post("/api/bookings", wish)

        again = ada.post("/api/bookings", wish)

        assert again.status_code == 409
        assert "used" in again.json["detail"]
        assert count("bookings") == 1

    def test_of_another_user_is_refused(self, ada: Customer, client: FlaskClient) -> None:
        token = ada.quote(ada.slots(make_consultant())[0]["slot_id"])["token"]

        answer = Customer.new(client).post(
            "/api/bookings", {"quote_token": token, "payment_method": "on_site"}
        )

        assert answer.status_code == 403

    def test_is_honoured_until_it_expires(self, ada: Customer, shared_clock: FakeClock) -> None:
        token = ada.quote(ada.slots(make_consultant())[0]["slot_id"])["token"]
        shared_clock.advance(minutes=15)

        answer = ada.post("/api/bookings", {"quote_token": token, "payment_method": "on_site"})

        assert answer.status_code == 410

    def test_that_was_tampered_with_is_refused(self, ada: Customer) -> None:
        token = ada.quote(ada.slots(make_consultant())[0]["slot_id"])["token"]

        answer = ada.post("/api/bookings", {"quote_token": f"x{token[1:]}", "payment_method": "on_site"})

        assert answer.status_code == 422
        assert count("bookings") == 0


class TestBadInput:
    @pytest.mark.parametrize(
        "wish",
        [
            {},
            {"quote_token": "x"},
            {"quote_token": "x", "payment_method": "cash"},
            {"quote_token": 7, "payment_method": "on_site"},
            {"quote_token": "", "payment_method": "on_site"},
            {"quote_token": "x" * 5000, "payment_method": "on_site"},
            {"quote_token": "x", "payment_method": "on_site", "extra": 1},
            {
                "quote_token": "x",
                "payment_method": "on_site",
                "max_total": {"amount": 1.5, "currency": "EUR"},
            },
            {"quote_token": "x", "payment_method": "on_site", "max_total": {"amount": 1, "currency": "EUX"}},
            {"quote_token": "x", "payment_method": "on_site", "contact": {"email": "nobody"}},
            {"quote_token": "x", "payment_method": "on_site", "contact": {"phone": "'; DROP TABLE"}},
            {"quote_token": "{{7*7}}' OR 1=1 --", "payment_method": "on_site"},
            [],
        ],
    )
    def test_is_refused_by_field_and_changes_nothing(self, ada: Customer, wish: Any) -> None:
        answer = ada.post("/api/bookings", wish)

        assert answer.status_code == 422
        assert answer.json["detail"]
        assert count("bookings") == 0

    @pytest.mark.parametrize(
        "query",
        [
            {"from": "2026-12-14"},
            {"from": "2026-12-14", "to": "2026-12-14"},
            {"from": "2026-12-14", "to": "2026-12-13"},
            {"from": "2026-12-01", "to": "2027-01-02"},
            {"from": "2026-02-30", "to": "2026-03-02"},
            {"from": "2026-12-14", "to": "2026-12-15", "party": "0"},
            {"from": "2026-12-14", "to": "2026-12-15", "party": "-1"},
            {"from": "2026-12-14", "to": "2026-12-15", "party": "1000000000"},
            {"from": "2026-12-14", "to": "2026-12-15", "currency": "EUX"},
            {"from": "2026-12-14", "to": "2026-12-15", "provider": "prd_01kaj3zq6m8v9x2c4b5n7p8q9r"},
            {"from": "2026-12-14", "to": "2026-12-15", "surprise": "1"},
        ],
    )
    def test_of_a_listing_is_refused(self, client: FlaskClient, query: dict[str, str]) -> None:
        answer = client.get("/api/bookings", query_string=query)

        assert answer.status_code == 422

    def test_a_visitor_cannot_book(self, client: FlaskClient) -> None:
        answer = client.post("/api/bookings", json={"quote_token": "x", "payment_method": "on_site"})

        assert answer.status_code == 401


class TestListing:
    def test_of_an_unknown_provider_is_not_found(self, client: FlaskClient) -> None:
        query = {"provider": "prv_01kaj3zq6m8v9x2c4b5n7p8q9r", "from": "2026-12-14", "to": "2026-12-15"}

        assert client.get("/api/bookings", query_string=query).status_code == 404

    def test_without_a_provider_shows_all_active_ones_of_a_category(self, client: FlaskClient) -> None:
        one, other = make_consultant(), make_consultant()
        days = {"from": "2026-12-14", "to": "2026-12-15"}

        found = client.get("/api/bookings", query_string={**days, "category": "tax-advice"})
        none = client.get("/api/bookings", query_string={**days, "category": "gardening"})

        assert {slot["provider"] for slot in found.json["items"]} == {one.provider.id, other.provider.id}
        assert none.json == {"items": [], "next": None}

    def test_tells_visitors_the_price_and_why(self, client: FlaskClient) -> None:
        query = {"provider": make_consultant().provider.id, "from": "2026-12-14", "to": "2026-12-15"}

        slot = client.get("/api/bookings/", query_string=query).json["items"][0]

        assert slot["price"]["currency"] == "EUR"
        assert isinstance(slot["price_reasons"], list)


class TestCounting:
    def test_counts_a_booking_once_for_each_status_it_enters(self, ada: Customer) -> None:
        def counted(status: str) -> float:
            return REGISTRY.get_sample_value("bookings_total", {"status": status}) or 0

        before = {status: counted(status) for status in ("confirmed", "cancelled")}
        slots = ada.slots(make_consultant())
        made = ada.book(slots[0]["slot_id"])
        path = f"/api/bookings/{made['id']}"
        ada.put(path, {"quote_token": ada.quote(slots[1]["slot_id"])["token"]})
        ada.delete(path)

        assert {status: counted(status) - number for status, number in before.items()} == {
            "confirmed": 1,
            "cancelled": 1,
        }
