"""/api/affiliate over HTTP."""

import re

import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from backend.domains.affiliates.models import AffiliateClickRow
from backend.domains.affiliates.service import AffiliateLinks
from backend.infra.event_buffer import EventBuffer
from backend.infra.postgres import db
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.bookings import Customer
from tests.factories.catalog import make_category, make_external, make_retail
from tests.fakes.events import FakeEventStore


def link_to(client: FlaskClient, product_id: str) -> str:
    """The path of a link that a visitor made."""
    answer = client.post("/api/affiliate/links", json={"product_id": product_id})
    assert answer.status_code == 201, answer.text
    path: str = answer.json["path"]
    return path


def clicks() -> list[AffiliateClickRow]:
    return list(db.session.scalars(select(AffiliateClickRow).order_by(AffiliateClickRow.number)))


class TestFollowing:
    def test_leads_to_the_partner_and_is_kept_by_nobody(self, client: FlaskClient) -> None:
        path = link_to(client, make_external().id)

        answer = client.get(path)

        assert answer.status_code == 302
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Location"] == (
            f"https://www.booking.com/hotel/fr/lumen.html?lang=en&label={path.rpartition('/')[2]}"
        )

    def test_notes_who_came_without_their_address(self, client: FlaskClient, events: FakeEventStore) -> None:
        path, ada = link_to(client, make_external().id), Customer.new(client)

        client.get(path)
        ada.get(path)

        svcs.flask.get(EventBuffer).flush()
        first, second = clicks()
        assert (first.user_id, second.user_id) == (None, ada.user.id)
        assert first.visitor == second.visitor
        assert re.fullmatch("[0-9a-f]{32}", first.visitor)
        assert [event.name for event in events.events if event.name == "affiliate.clicked"] == [
            "affiliate.clicked"
        ] * 2

    def test_lets_an_expired_session_through_as_a_visitor(self, client: FlaskClient) -> None:
        path = link_to(client, make_external().id)

        answer = client.get(path, headers={"Authorization": "Bearer of.bad.news"})

        assert answer.status_code == 302
        assert [click.user_id for click in clicks()] == [None]

    @pytest.mark.parametrize("link_id", ["lnk_01kaj3zq6m8v9x2c4b5n7p8q9r", "https:%2F%2Fevil.example", "x"])
    def test_of_what_we_never_made_leads_nowhere(self, client: FlaskClient, link_id: str) -> None:
        answer = client.get(f"/api/affiliate/go/{link_id}?url=https://evil.example")

        assert answer.status_code == 404
        assert clicks() == []

    def test_leads_where_it_led_when_it_was_made(self, client: FlaskClient) -> None:
        product = make_external(external_url="https://www.booking.com/old")
        path = link_to(client, product.id)
        db.session.execute(text("UPDATE products SET external_url = 'https://www.booking.com/new'"))
        db.session.commit()

        assert client.get(path).headers["Location"].startswith("https://www.booking.com/old?")
        with pytest.raises(ProgrammingError, match="append-only"):
            db.session.execute(text("UPDATE affiliate_links SET url = 'https://evil.example'"))


class TestMakingLinks:
    def test_answers_what_is_linked_and_never_the_bare_address(self, client: FlaskClient) -> None:
        product = make_external()

        made = Customer.new(client).post("/api/affiliate/links", {"product_id": product.id}).json

        assert (made["product_id"], made["name"], made["partner"]) == (
            product.id,
            "Hotel Lumen",
            "Booking.com",
        )
        assert "lumen.html" not in str(made)

    def test_is_for_what_partners_sell(self, client: FlaskClient) -> None:
        ours, retired = make_retail(stock=1), make_external(is_active=False)
        unknown = "prd_01kaj3zq6m8v9x2c4b5n7p8q9r"

        found = {
            product_id: client.post("/api/affiliate/links", json={"product_id": product_id}).status_code
            for product_id in (ours.id, retired.id, unknown)
        }

        assert found == {ours.id: 409, retired.id: 409, unknown: 404}

    def test_keeps_those_of_an_order_together(self, app: Flask) -> None:
        links, product = svcs.flask.get(AffiliateLinks), make_external()

        links.issue(product_id=product.id, user_id=None, order_id=None, now=NOW)

        assert links.of_order(order_id="ord_1") == []


class TestPartnersOfProducts:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"partner": "Nobody"}, "partner"),
            ({"external_url": "https://evil.example/hotel"}, "external_url"),
            ({"partner": "Viator"}, "external_url"),
        ],
    )
    def test_are_known_and_have_the_page(
        self, client: FlaskClient, change: dict[str, str], field: str
    ) -> None:
        staff = Customer.new(client, roles=[Role.SUPPORT])
        hotel = {
            "kind": "external",
            "name": "Hotel Lumen",
            "category": make_category("hotels"),
            "price": {"amount": 12000, "currency": "EUR"},
            "partner": "Booking.com",
            "external_url": "https://www.booking.com/hotel",
        }

        answer = staff.post("/api/products", {**hotel, **change})

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]
