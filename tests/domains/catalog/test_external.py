"""Products that partners sell, over HTTP."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.infra.postgres import db
from backend.kernel.roles import Role
from tests.factories.bookings import Customer
from tests.factories.catalog import make_category, make_external, make_product, make_retail

HOTEL: dict[str, Any] = {
    "kind": "external",
    "name": "Hotel Lumen",
    "category": "hotels",
    "price": {"amount": 12000, "currency": "EUR"},
    "partner": "Booking.com",
    "external_url": "https://www.booking.com/hotel/fr/lumen.html",
}


@pytest.fixture
def staff(client: FlaskClient) -> Customer:
    make_category("hotels")
    return Customer.new(client, roles=[Role.SUPPORT])


class TestExternalProducts:
    def test_are_created_changed_and_retired_by_staff(self, staff: Customer) -> None:
        made = staff.post("/api/products", HOTEL)
        product_id = made.json["id"]
        changed = staff.put(
            f"/api/products/{product_id}",
            {**HOTEL, "external_url": "https://www.booking.com/hotel/fr/lumen-paris.html"},
            headers={"If-Match": made.headers["ETag"]},
        )
        retired = staff.delete(f"/api/products/{product_id}", headers={"If-Match": changed.headers["ETag"]})

        assert (made.status_code, changed.status_code, retired.status_code) == (201, 200, 204)
        assert (made.json["partner"], made.json["price_per"]) == ("Booking.com", "booking")
        assert made.json["stock_quantity"] is None
        assert changed.json["external_url"].endswith("lumen-paris.html")

    def test_show_customers_the_partner_and_never_the_address(self, client: FlaskClient) -> None:
        product = make_external()

        one = client.get(f"/api/products/{product.id}").json
        (listed,) = client.get("/api/products?kind=external&partner=Booking.com").json["items"]

        assert one == listed
        assert (one["partner"], one["external_url"]) == ("Booking.com", None)

    def test_are_listed_by_partner(self, client: FlaskClient) -> None:
        make_external()
        make_retail(stock=1)

        found = client.get("/api/products?partner=Viator").json["items"]

        assert found == []

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"partner": None}, "partner"),
            ({"external_url": None}, "external_url"),
            ({"duration_minutes": 60}, "duration_minutes"),
            ({"weight_grams": 100}, "weight_grams"),
            ({"cost": {"amount": 1, "currency": "EUR"}}, "cost"),
            ({"kind": "retail", "external_url": None}, "partner"),
            ({"kind": "retail", "partner": None}, "external_url"),
        ],
    )
    def test_are_of_their_kind(self, staff: Customer, change: dict[str, Any], field: str) -> None:
        answer = staff.post("/api/products", {**HOTEL, **change})

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]

    @pytest.mark.parametrize(
        "address",
        [
            "http://www.booking.com/hotel",
            "javascript:alert(1)",
            "https://",
            "https://www.booking.com@evil.example/",
            "https://www.booking.com:8443/",
            "https://www.booking.com\\@evil.example/",
            "https://www.booking.com/a b",
            "https://www.booking.com/\r\nSet-Cookie: a=b",
            "https://www.booking.com/h\u00f4tel",
            "//www.booking.com/hotel",
        ],
    )
    def test_have_a_plain_https_address(self, staff: Customer, address: str) -> None:
        answer = staff.post("/api/products", {**HOTEL, "external_url": address})

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == ["external_url"]

    def test_are_kept_apart_by_the_database(self, client: FlaskClient) -> None:
        slot = make_product()
        query = text(
            "UPDATE products SET partner = 'Viator', external_url = 'https://a.example' WHERE id = :id"
        )

        with pytest.raises(IntegrityError, match="ck_products_external"):
            db.session.execute(query, {"id": slot.id})
