"""POST /api/quotes over HTTP."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from backend.domains.availability.slot_ids import slot_id
from backend.domains.catalog.entities import PricePer, Product
from backend.infra.event_buffer import EventBuffer
from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.factories.availability import make_schedule
from tests.factories.catalog import make_product, make_provider
from tests.factories.identity import auth_headers, make_user
from tests.fakes.events import FakeEventStore

# 18:00 in Paris, a Monday.
EVENING = datetime(2026, 12, 14, 17, 0, tzinfo=UTC)
EVENINGS = ((time(9), time(21)),)
EUR = "EUR"


@pytest.fixture
def product(app: Flask) -> Product:
    provider = make_provider(experience_years=12)
    make_schedule(provider.id, hours=EVENINGS)
    return make_product(provider, price=Money(10000, EUR), max_party=10)


def ask(client: FlaskClient, product: Product, headers: dict[str, str] | None = None, **item: Any) -> Any:
    body = {"items": [{"slot_id": slot_id(product_id=product.id, starts_at=EVENING), "party": 1, **item}]}
    return client.post("/api/quotes", json=body, headers=headers)


class TestQuote:
    def test_explains_every_line(self, client: FlaskClient, product: Product) -> None:
        answer = ask(client, product)

        assert answer.status_code == 201
        quote = answer.json
        assert [(line["stage"], line["amount"]["amount"]) for line in quote["lines"]] == [
            ("base", 10000),
            ("experience", 1500),
            ("peak_hours", 2875),
        ]
        assert quote["lines"][0]["rule"] is None
        assert quote["lines"][2]["rule"]["id"] == "weekday-evening"
        assert quote["lines"][2]["rule"]["file"] == "rules/peak_hours.yaml"
        assert quote["total"] == {"amount": 14375, "currency": "EUR"}
        assert quote["due_now"] == quote["total"]
        assert quote["due_later"] == []
        assert quote["release"].startswith("sha256:")
        assert quote["expires_at"] == "2026-12-07T09:15:00Z"

    def test_says_which_rules_nearly_fired(self, client: FlaskClient, product: Product) -> None:
        quote = ask(client, product, party=2).json

        assert {"rule": "group-of-four", "fact": "party", "wanted": ">= 4", "got": "2"} in quote[
            "near_misses"
        ]

    def test_is_stored_with_its_facts_and_the_version_of_the_rules(
        self, client: FlaskClient, product: Product
    ) -> None:
        quote = ask(client, product).json

        row = db.session.execute(text("SELECT * FROM quotes WHERE id = :id"), {"id": quote["id"]}).one()
        assert row.release == quote["release"]
        assert row.case["facts"]["start_time"] == "18:00"
        assert row.total_minor == 14375

    def test_is_told_to_the_behaviour_log(
        self, client: FlaskClient, product: Product, events: FakeEventStore
    ) -> None:
        quote = ask(client, product).json

        svcs.flask.get(EventBuffer).flush()
        (event,) = events.events
        assert event.name == "quote.made"
        assert event.data["quote_id"] == quote["id"]
        assert event.data["total"] == quote["total"]

    def test_cannot_be_changed_in_the_database(self, client: FlaskClient, product: Product) -> None:
        quote = ask(client, product).json

        with pytest.raises(Exception, match="append-only"):
            db.session.execute(text("UPDATE quotes SET total_minor = 1 WHERE id = :id"), {"id": quote["id"]})

    def test_a_price_for_each_person_counts_the_party(self, client: FlaskClient, app: Flask) -> None:
        provider = make_provider(experience_years=5)
        make_schedule(provider.id)
        each = make_product(provider, price=Money(2000, EUR), price_per=PricePer.PERSON, max_party=10)
        midday = datetime(2026, 12, 16, 10, 0, tzinfo=UTC)
        body = {"items": [{"slot_id": slot_id(product_id=each.id, starts_at=midday), "party": 3}]}

        quote = client.post("/api/quotes", json=body).json

        assert quote["lines"][0]["amount"] == {"amount": 6000, "currency": "EUR"}

    def test_of_a_signed_in_user_knows_their_loyalty_tier(
        self, client: FlaskClient, product: Product
    ) -> None:
        user = make_user(loyalty_tier="gold")

        quote = ask(client, product, headers=auth_headers(client, user)).json

        row = db.session.execute(text("SELECT * FROM quotes WHERE id = :id"), {"id": quote["id"]}).one()
        assert row.user_id == user.id
        assert row.case["facts"]["loyalty_tier"] == "gold"


class TestRefusal:
    def test_a_rule_that_refuses_speaks_for_itself(self, client: FlaskClient, app: Flask) -> None:
        provider = make_provider()
        make_schedule(provider.id, mode="inventory", units=100)
        crowd = make_product(provider, max_party=100)
        midday = datetime(2026, 12, 16, 10, 0, tzinfo=UTC)
        body = {"items": [{"slot_id": slot_id(product_id=crowd.id, starts_at=midday), "party": 60}]}

        answer = client.post("/api/quotes", json=body)

        assert answer.status_code == 409
        assert "telephone" in answer.json["detail"]

    def test_a_party_that_is_too_large_is_told_how_many_fit(
        self, client: FlaskClient, product: Product
    ) -> None:
        answer = ask(client, product, party=11)

        assert answer.status_code == 422
        assert answer.json["errors"]["party"] == ["At most 10."]

    def test_a_foreign_currency_is_told_what_is_sold(self, client: FlaskClient, product: Product) -> None:
        body = {"items": [{"slot_id": slot_id(product_id=product.id, starts_at=EVENING)}], "currency": "USD"}

        answer = client.post("/api/quotes", json=body)

        assert answer.status_code == 422
        assert "EUR" in answer.json["errors"]["currency"][0]

    @pytest.mark.parametrize("party", [0, -1, 10**9, "2", 1.5, None, True])
    def test_an_impossible_party_is_refused_by_name(
        self, client: FlaskClient, product: Product, party: Any
    ) -> None:
        answer = ask(client, product, party=party)

        assert answer.status_code == 422
        assert "items" in answer.json["errors"]

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"items": []},
            {"items": "slt_1"},
            {"items": [{"slot_id": "slt_1"}]},
            {"items": [{"slot_id": "'; DROP TABLE quotes; --"}]},
            {"items": [{"slot_id": "{{7*7}}"}]},
            {"items": [{}], "surprise": 1},
            [],
            "text",
            None,
        ],
    )
    def test_a_body_of_another_shape_is_a_422(self, client: FlaskClient, app: Flask, body: Any) -> None:
        answer = client.post("/api/quotes", json=body)

        assert answer.status_code == 422
        assert answer.content_type == "application/problem+json"

    def test_an_unknown_slot_is_a_404(self, client: FlaskClient, product: Product) -> None:
        nobody = "prd_" + "0" * 26

        answer = client.post(
            "/api/quotes", json={"items": [{"slot_id": slot_id(product_id=nobody, starts_at=EVENING)}]}
        )

        assert answer.status_code == 404

    def test_a_slot_outside_opening_hours_is_a_409(self, client: FlaskClient, product: Product) -> None:
        night = datetime(2026, 12, 14, 2, 0, tzinfo=UTC)

        answer = client.post(
            "/api/quotes", json={"items": [{"slot_id": slot_id(product_id=product.id, starts_at=night)}]}
        )

        assert answer.status_code == 409
