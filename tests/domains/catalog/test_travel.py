"""Flights and stays in the catalogue, over HTTP."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.domains.catalog.travel import Meal, Stay
from backend.infra.postgres import db
from backend.kernel.roles import Role
from backend.web.pagination import encode_cursor
from tests.conftest import NOW
from tests.factories.bookings import Customer
from tests.factories.catalog import make_category, make_flight, make_retail, make_stay
from tests.fakes.clock import FakeClock

JOURNEY = {"supplier": "demo", "country": "FR", "timezone": "Europe/Paris"}
FLIGHT: dict[str, Any] = {
    "kind": "flight",
    "name": "Paris to New York",
    "category": "flights",
    "price": {"amount": 52000, "currency": "EUR"},
    "cost": {"amount": 43000, "currency": "EUR"},
    "tax_class": "zero",
    "flight": {
        **JOURNEY,
        "origin": "CDG",
        "destination": "JFK",
        "origin_city": "Paris",
        "destination_city": "New York",
        "cabin_class": "economy",
        "departs_at": "2027-01-10T13:30:00+01:00",
        "arrives_at": "2027-01-10T15:55:00-05:00",
    },
}
STAY: dict[str, Any] = {
    "kind": "stay",
    "name": "H\u00f4tel des Alpes",
    "category": "stays",
    "price": {"amount": 27000, "currency": "EUR"},
    "stay": {
        **JOURNEY,
        "place": "Chamonix",
        "room": "double",
        "meal": "BB",
        "check_in": "2027-01-15",
        "nights": 3,
    },
}


def _without(name: str, field: str) -> dict[str, Any]:
    whole = FLIGHT if name == "flight" else STAY
    return {name: {key: value for key, value in whole[name].items() if key != field}}


def _with(name: str, **changes: Any) -> dict[str, Any]:
    whole = FLIGHT if name == "flight" else STAY
    return {name: {**whole[name], **changes}}


def _names(client: FlaskClient, query: str) -> list[str]:
    answer = client.get(f"/api/products{query}")
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json["items"]]


@pytest.fixture
def staff(client: FlaskClient) -> Customer:
    make_category("flights")
    make_category("stays")
    return Customer.new(client, roles=[Role.SUPPORT])


class TestAFlight:
    def test_is_created_changed_and_retired_by_staff(self, staff: Customer) -> None:
        made = staff.post("/api/products", FLIGHT)
        address = f"/api/products/{made.json['id']}"
        later = {**FLIGHT, **_with("flight", arrives_at="2027-01-10T21:10:00Z")}
        changed = staff.put(address, later, headers={"If-Match": made.headers["ETag"]})
        retired = staff.delete(address, headers={"If-Match": changed.headers["ETag"]})

        assert (made.status_code, changed.status_code, retired.status_code) == (201, 200, 204)
        assert made.json["flight"] == {
            **FLIGHT["flight"],
            "route": "CDG-JFK",
            "departs_at": "2027-01-10T12:30:00Z",
            "arrives_at": "2027-01-10T20:55:00Z",
        }
        assert (made.json["stay"], made.json["price_per"], made.json["stock_quantity"]) == (None, "unit", 0)
        assert changed.json["flight"]["arrives_at"] == "2027-01-10T21:10:00Z"

    def test_has_as_many_seats_as_staff_received(self, staff: Customer) -> None:
        product_id = staff.post("/api/products", FLIGHT).json["id"]
        staff.post(f"/api/products/{product_id}/stock", {"delta": 12, "reason": "Allotment"})

        shown = staff.get(f"/api/products/{product_id}").json

        assert shown["stock_quantity"] == 12

    def test_keeps_its_prices(self, staff: Customer) -> None:
        made = staff.post("/api/products", FLIGHT)
        cheaper = {**FLIGHT, "price": {"amount": 47000, "currency": "EUR"}}
        changed = staff.put(
            f"/api/products/{made.json['id']}", cheaper, headers={"If-Match": made.headers["ETag"]}
        )

        prices = db.session.execute(
            text("SELECT price_minor FROM product_prices WHERE product_id = :id ORDER BY number"),
            {"id": made.json["id"]},
        )

        assert changed.status_code == 200
        assert prices.scalars().all() == [52000, 47000]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"flight": None}, "flight"),
            ({"flight": None, "stay": STAY["stay"]}, "flight"),
            ({"stay": STAY["stay"]}, "stay"),
            (_without("flight", "departs_at"), "flight"),
            (_with("flight", origin="cdg"), "flight"),
            (_with("flight", cabin_class="steerage"), "flight"),
            (_with("flight", departs_at="0001-01-01T00:00:00+14:00"), "flight"),
            (_with("flight", arrives_at="9999-12-31T23:59:59-12:00"), "flight"),
            (_with("flight", destination="CDG"), "flight.destination"),
            (_with("flight", timezone="Europe/Pariss"), "flight.timezone"),
            (_with("flight", arrives_at="2027-01-10T12:30:00Z"), "flight.arrives_at"),
            (_with("flight", arrives_at="2027-01-14T12:30:00Z"), "flight.arrives_at"),
            ({"price_per": "person"}, "price_per"),
            ({"weight_grams": 1}, "weight_grams"),
            ({"duration_minutes": 90}, "duration_minutes"),
            ({"partner": "Skyscanner"}, "partner"),
            ({"kind": "retail"}, "flight"),
        ],
    )
    def test_is_what_makes_sense(self, staff: Customer, change: dict[str, Any], field: str) -> None:
        answer = staff.post("/api/products", {**FLIGHT, **change})

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]

    def test_is_whole_in_the_database(self, client: FlaskClient) -> None:
        flight = make_flight()
        query = text("UPDATE products SET origin = NULL WHERE id = :id")

        with pytest.raises(IntegrityError, match="ck_products_flight"):
            db.session.execute(query, {"id": flight.id})


class TestAStay:
    def test_is_created_by_staff(self, staff: Customer) -> None:
        made = staff.post("/api/products", STAY)

        assert made.status_code == 201, made.text
        assert made.json["stay"] == {
            **STAY["stay"],
            "starts_at": "2027-01-15T14:00:00Z",
            "ends_at": "2027-01-18T10:00:00Z",
        }
        assert (made.json["flight"], made.json["stock_quantity"]) == (None, 0)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"stay": None}, "stay"),
            ({"stay": None, "flight": FLIGHT["flight"]}, "stay"),
            (_without("stay", "meal"), "stay"),
            (_with("stay", nights=0), "stay"),
            (_with("stay", check_in="0001-01-01"), "stay"),
            (_with("stay", timezone="Moon/Base"), "stay.timezone"),
            ({"kind": "slot", "duration_minutes": 60}, "provider_id"),
        ],
    )
    def test_is_what_makes_sense(self, staff: Customer, change: dict[str, Any], field: str) -> None:
        answer = staff.post("/api/products", {**STAY, **change})

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]

    def test_begins_and_ends_on_the_clock_of_the_house(self) -> None:
        stay = Stay(
            supplier="demo",
            country="FR",
            timezone="Europe/Paris",
            place="Paris",
            room="double",
            meal=Meal.RO,
            check_in=date(2027, 3, 27),
            nights=1,
        )

        assert stay.starts_at == datetime(2027, 3, 27, 14, tzinfo=UTC)
        assert stay.ends_at == datetime(2027, 3, 28, 9, tzinfo=UTC)


class TestTheList:
    def test_is_filtered_by_route_and_class(self, client: FlaskClient) -> None:
        make_flight(name="There")
        make_flight(name="There in style", cabin_class="business")
        make_flight(name="Back", origin="NCE", destination="CDG")
        make_stay()

        assert _names(client, "?kind=flight&route=CDG-NCE") == ["There", "There in style"]
        assert _names(client, "?origin=CDG&destination=NCE&cabin_class=business") == ["There in style"]
        assert _names(client, "?destination=CDG") == ["Back"]

    def test_is_filtered_by_place_and_nights(self, client: FlaskClient) -> None:
        make_stay(name="Three nights")
        make_stay(name="A week", nights=7)
        make_flight()

        assert _names(client, "?kind=stay&place=Lisbon&nights=7&supplier=demo") == ["A week"]
        assert _names(client, "?place=l\u00edsbon") == ["Three nights", "A week"]
        assert _names(client, "?place=Porto") == []

    def test_is_of_a_half_open_stretch_of_time(self, client: FlaskClient) -> None:
        start = NOW + timedelta(days=3)
        make_flight(name="First", departs_at=start)
        make_flight(name="Second", departs_at=start + timedelta(hours=1))
        make_retail(stock=1)
        first, last = (at.isoformat().replace("+00:00", "Z") for at in (start, start + timedelta(hours=1)))

        assert _names(client, f"?starts_from={first}&starts_until={last}") == ["First"]
        assert _names(client, f"?starts_from={last}") == ["Second"]

    def test_leaves_out_what_has_begun(self, client: FlaskClient, shared_clock: FakeClock) -> None:
        make_flight(departs_at=NOW + timedelta(minutes=1))

        before = _names(client, "?kind=flight")
        shared_clock.advance(minutes=1)
        after = _names(client, "?kind=flight")

        assert (before, after) == (["Paris to Nice"], [])

    def test_goes_on_page_by_page(self, client: FlaskClient) -> None:
        for number in range(5):
            make_flight(name=f"Flight {number}")
        seen, query = [], "?kind=flight&origin=CDG&limit=2"

        while query:
            page = client.get(f"/api/products{query}").json
            seen += [item["name"] for item in page["items"]]
            query = f"?kind=flight&origin=CDG&limit=2&cursor={page['next']}" if page["next"] else ""

        assert seen == [f"Flight {number}" for number in range(5)]

    def test_of_journeys_by_their_start_goes_on_page_by_page(self, client: FlaskClient) -> None:
        make_retail(stock=1)
        for hours in (3, 1, 2, 2):
            make_flight(name=f"In {hours} h", departs_at=NOW + timedelta(hours=hours))
        seen, cursor = [], ""

        while cursor is not None:
            page = client.get(f"/api/products?sort=starts&limit=2{cursor}").json
            seen += [item["name"] for item in page["items"]]
            cursor = f"&cursor={page['next']}" if page["next"] else None

        assert seen == ["In 1 h", "In 2 h", "In 2 h", "In 3 h"]

    @pytest.mark.parametrize("microseconds", [-(2**63), 2**63 - 1])
    def test_by_start_takes_cursors_that_somebody_made_up(
        self, client: FlaskClient, microseconds: int
    ) -> None:
        cursor = encode_cursor([microseconds, "prd_1"])

        assert client.get(f"/api/products?sort=starts&cursor={cursor}").status_code == 200

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("?route=CDGNCE", "route"),
            ("?route=CDG-NCE&origin=CDG", "route"),
            ("?origin=Paris", "origin"),
            ("?cabin_class=steerage", "cabin_class"),
            ("?starts_from=2027-01-01", "starts_from"),
            ("?starts_until=9999-12-31T23:59:59-12:00", "starts_until"),
            ("?nights=0", "nights"),
        ],
    )
    def test_is_asked_for_in_words_that_mean_something(
        self, client: FlaskClient, query: str, field: str
    ) -> None:
        answer = client.get(f"/api/products{query}")

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]


class TestTheSearch:
    @pytest.mark.parametrize("words", ["CDG-NCE", "nce", "nice paris", "to nice", "flights nice"])
    def test_finds_flights_by_where_they_go(self, client: FlaskClient, words: str) -> None:
        make_flight(name="AF 7700")
        make_stay()

        assert _names(client, f"/search?q={words}") == ["AF 7700"]

    def test_finds_stays_by_where_the_house_is(self, client: FlaskClient) -> None:
        make_stay()
        make_flight()

        assert _names(client, "/search?q=lisbon") == ["Casa Azul"]
        assert _names(client, "/search?q=lisbonne") == ["Casa Azul"]
