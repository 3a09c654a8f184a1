"""/api/categories, /api/providers and /api/products over HTTP."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import svcs
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from structlog.testing import capture_logs

from backend.infra.audit import AuditLog
from backend.infra.postgres import db
from backend.kernel.money import Money
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.catalog import make_category, make_product, make_provider
from tests.factories.identity import auth_headers, make_user
from tests.fakes.clock import FakeClock

PROVIDER = {
    "name": "Grace Hopper",
    "category": "tax-advice",
    "experience_years": 12,
    "timezone": "Europe/Paris",
    "currency": "EUR",
}

PHONE = {
    "kind": "retail",
    "name": "Phone",
    "description": "A phone.",
    "category": "electronics",
    "subcategory": "phones",
    "price": {"amount": 50000, "currency": "EUR"},
    "original_price": {"amount": 60000, "currency": "EUR"},
    "cost": {"amount": 30000, "currency": "EUR"},
    "brand": "Acme",
    "images": ["/images/phone.jpg", "https://img.example/phone.jpg"],
    "specifications": {"Colour": "black"},
    "tags": ["5g", "new"],
    "rating": 4.5,
    "review_count": 12,
    "is_featured": True,
    "weight_grams": 180,
    "tax_class": "reduced",
}


@pytest.fixture
def staff(client: FlaskClient) -> dict[str, str]:
    return auth_headers(client, make_user(roles=[Role.SUPPORT]))


@pytest.fixture
def customer(client: FlaskClient) -> dict[str, str]:
    return auth_headers(client, make_user())


def product_body(provider: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Consultation, 60 min",
        "provider_id": provider,
        "category": "tax-advice",
        "duration_minutes": 60,
        "price": {"amount": 10000, "currency": "EUR"},
        "cost": {"amount": 4000, "currency": "EUR"},
        **changes,
    }


class TestCategories:
    def test_are_shown_as_trees_in_their_order(self, client: FlaskClient) -> None:
        make_category("advice", name="Advice")
        make_category("tax-advice", parent="advice")
        make_category("law", name="Law", parent="advice")

        answer = client.get("/api/categories/")

        (advice,) = answer.json["items"]
        assert advice["slug"] == "advice"
        assert [node["slug"] for node in advice["children"]] == ["law", "tax-advice"]

    def test_are_created_by_staff_alone(self, client: FlaskClient, customer: Any, staff: Any) -> None:
        body = {"slug": "law", "name": "Law"}

        refused = client.post("/api/categories/", json=body, headers=customer)
        created = client.post("/api/categories/", json=body, headers=staff)

        assert (refused.status_code, created.status_code) == (403, 201)
        assert client.get("/api/categories/law").headers["ETag"] == created.headers["ETag"] == '"1"'

    def test_have_slugs_of_their_own(self, client: FlaskClient, staff: Any) -> None:
        make_category("law")

        again = client.post("/api/categories/", json={"slug": "law", "name": "Law"}, headers=staff)

        assert again.status_code == 409

    @pytest.mark.parametrize("slug", ["Law", "law-", "-law", "la--w", "law\n", "", "l" * 61])
    def test_refuse_what_is_no_slug(self, client: FlaskClient, staff: Any, slug: str) -> None:
        answer = client.post("/api/categories/", json={"slug": slug, "name": "Law"}, headers=staff)

        assert answer.status_code == 422
        assert "slug" in answer.json["errors"]

    def test_never_go_in_circles(self, client: FlaskClient, staff: Any) -> None:
        make_category("advice")
        make_category("law", parent="advice")

        answer = client.put(
            "/api/categories/advice",
            json={"name": "Advice", "parent": "law"},
            headers={**staff, "If-Match": '"1"'},
        )

        assert answer.status_code == 422
        assert answer.json["errors"] == {"parent": ["A category cannot be below itself."]}

    def test_leave_their_children_as_roots_when_retired(self, client: FlaskClient, staff: Any) -> None:
        make_category("advice")
        make_category("law", parent="advice")

        answer = client.delete("/api/categories/advice", headers={**staff, "If-Match": '"1"'})

        assert answer.status_code == 204
        assert [node["slug"] for node in client.get("/api/categories/").json["items"]] == ["law"]


class TestProviders:
    def test_are_listed_by_category_page_by_page(self, client: FlaskClient) -> None:
        wanted = [make_provider(category="law").id for _ in range(3)]
        make_provider(category="tax-advice")
        make_provider(category="law", is_active=False)

        first = client.get("/api/providers/?category=law&limit=2").json
        second = client.get(f"/api/providers/?category=law&limit=2&cursor={first['next']}").json

        assert [item["id"] for item in first["items"] + second["items"]] == wanted
        assert second["next"] is None

    def test_show_who_acts_for_them_to_staff_alone(self, client: FlaskClient, staff: Any) -> None:
        user = make_user(roles=[Role.PROVIDER])
        provider = make_provider(user_id=user.id)

        public = client.get(f"/api/providers/{provider.id}").json
        internal = client.get(f"/api/providers/{provider.id}", headers=staff).json

        assert (public["user_id"], internal["user_id"]) == (None, user.id)

    def test_are_not_found_by_what_is_no_id(self, client: FlaskClient) -> None:
        answer = client.get("/api/providers/1%27%20OR%201=1")

        assert answer.status_code == 404

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"timezone": "Mars/Olympus"}, "timezone"),
            ({"timezone": "../../etc/passwd"}, "timezone"),
            ({"currency": "ABC"}, "currency"),
            ({"category": "unheard-of"}, "category"),
            ({"user_id": "usr_01kaj3zq6m8v9x2c4b5n7p8q9r"}, "user_id"),
            ({"experience_years": -1}, "experience_years"),
            ({"experience_years": "12"}, "experience_years"),
            ({"shoe_size": 43}, "shoe_size"),
        ],
    )
    def test_refuse_what_does_not_exist(
        self, client: FlaskClient, staff: Any, changes: Mapping[str, Any], field: str
    ) -> None:
        make_category()

        answer = client.post("/api/providers/", json={**PROVIDER, **changes}, headers=staff)

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]

    def test_are_changed_with_their_etag_and_audited(self, client: FlaskClient, staff: Any) -> None:
        make_category()
        created = client.post("/api/providers/", json=PROVIDER, headers=staff)
        address = f"/api/providers/{created.json['id']}"
        new = {**PROVIDER, "name": "Ada Lovelace"}

        blind = client.put(address, json=new, headers=staff)
        first = client.put(address, json=new, headers={**staff, "If-Match": created.headers["ETag"]})
        stale = client.put(address, json=PROVIDER, headers={**staff, "If-Match": created.headers["ETag"]})

        assert (blind.status_code, first.status_code, stale.status_code) == (428, 200, 412)
        entries = svcs.flask.get(AuditLog).of(created.json["id"])
        assert [entry.action for entry in entries] == ["provider.created", "provider.changed"]
        assert (entries[1].before["name"], entries[1].after["name"]) == ("Grace Hopper", "Ada Lovelace")

    def test_keep_their_currency_while_they_have_products(self, client: FlaskClient, staff: Any) -> None:
        provider = make_provider()
        make_product(provider)

        answer = client.put(
            f"/api/providers/{provider.id}",
            json={**PROVIDER, "currency": "USD"},
            headers={**staff, "If-Match": '"1"'},
        )

        assert answer.status_code == 409

    def test_leave_the_list_when_retired(self, client: FlaskClient, staff: Any) -> None:
        provider = make_provider()

        answer = client.delete(f"/api/providers/{provider.id}", headers={**staff, "If-Match": '"1"'})

        assert answer.status_code == 204
        assert client.get("/api/providers/").json["items"] == []
        assert client.get(f"/api/providers/{provider.id}").json["is_active"] is False


class TestProducts:
    def test_are_listed_by_provider_and_category(self, client: FlaskClient) -> None:
        mine = make_product(category="law")
        make_product(category="law")
        make_product(make_provider(), category="tax-advice")

        answer = client.get(f"/api/products/?kind=slot&category=law&provider={mine.provider_id}")

        assert [item["id"] for item in answer.json["items"]] == [mine.id]

    def test_show_their_cost_to_staff_alone(self, client: FlaskClient, customer: Any, staff: Any) -> None:
        product = make_product(cost=Money(4000, "EUR"))
        address = f"/api/products/{product.id}"

        shown = [client.get(address, headers=who).json["cost"] for who in ({}, customer, staff)]

        assert shown == [None, None, {"amount": 4000, "currency": "EUR"}]

    def test_are_created_once_for_one_idempotency_key(self, client: FlaskClient, staff: Any) -> None:
        headers = {**staff, "Idempotency-Key": "a"}
        body = product_body(make_provider().id)

        first = client.post("/api/products/", json=body, headers=headers)
        again = client.post("/api/products/", json=body, headers=headers)

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.data == again.data
        assert len(client.get("/api/products/").json["items"]) == 1

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"price": {"amount": 100, "currency": "USD"}}, "price"),
            ({"cost": {"amount": 100, "currency": "USD"}}, "cost"),
            ({"price": {"amount": -1, "currency": "EUR"}}, "price"),
            ({"duration_minutes": 0}, "duration_minutes"),
            ({"slot_step_minutes": 0}, "slot_step_minutes"),
            ({"max_party": 10**9}, "max_party"),
            ({"kind": "voyage"}, "kind"),
            ({"price_per": "kilo"}, "price_per"),
            ({"provider_id": "prv_01kaj3zq6m8v9x2c4b5n7p8q9r"}, "provider_id"),
        ],
    )
    def test_refuse_what_cannot_be(
        self, client: FlaskClient, staff: Any, changes: Mapping[str, Any], field: str
    ) -> None:
        body = product_body(make_provider().id, **changes)

        answer = client.post("/api/products/", json=body, headers=staff)

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]

    @pytest.mark.parametrize(("cost", "warnings"), [(5000, 0), (5001, 1)])
    def test_that_cost_more_than_the_floor_assumes_are_saved_with_a_warning(
        self, client: FlaskClient, staff: Any, cost: int, warnings: int
    ) -> None:
        body = product_body(make_provider().id, cost={"amount": cost, "currency": "EUR"})

        with capture_logs() as lines:
            answer = client.post("/api/products/", json=body, headers={**staff, "Idempotency-Key": "a"})

        assert answer.status_code == 201
        assert [line["event"] for line in lines].count("product_outside_assumptions") == warnings

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"provider_id": None}, "provider_id"),
            ({"duration_minutes": None}, "duration_minutes"),
            ({"weight_grams": 1}, "weight_grams"),
            ({"price_per": "unit"}, "price_per"),
            ({"subcategory": "law"}, "subcategory"),
            ({"original_price": {"amount": 100, "currency": "USD"}}, "original_price"),
            ({"rating": 4.5}, "rating"),
            ({"rating": 4.55, "review_count": 1}, "rating"),
            ({"images": ["javascript:alert(1)"]}, "images"),
            ({"tags": ["Not a tag"]}, "tags"),
            ({"specifications": {"Colour": 1}}, "specifications"),
            ({"kind": "retail"}, "duration_minutes"),
            ({"kind": "retail", "duration_minutes": None, "price_per": "person"}, "price_per"),
        ],
    )
    def test_are_of_their_kind(
        self, client: FlaskClient, staff: Any, changes: Mapping[str, Any], field: str
    ) -> None:
        body = product_body(make_provider().id, **changes)

        answer = client.post("/api/products/", json=body, headers=staff)

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]

    def test_of_the_shop_show_all_that_staff_wrote(self, client: FlaskClient, staff: Any) -> None:
        make_category("phones", parent=make_category("electronics"))

        created = client.post("/api/products/", json=PHONE, headers=staff)

        assert created.status_code == 201
        shown = client.get(f"/api/products/{created.json['id']}", headers=staff).json
        assert {name: shown[name] for name in PHONE} == PHONE
        assert (shown["price_per"], shown["stock_quantity"], shown["was_price"]) == ("unit", 0, None)

    def test_keep_their_kind(self, client: FlaskClient, staff: Any) -> None:
        product = make_product()

        answer = client.put(f"/api/products/{product.id}", json=PHONE, headers={**staff, "If-Match": '"1"'})

        assert answer.status_code == 422

    def test_say_what_they_cost_before_they_were_reduced(
        self, client: FlaskClient, staff: Any, shared_clock: FakeClock
    ) -> None:
        make_category("phones", parent=make_category("electronics"))
        created = client.post("/api/products/", json=PHONE, headers=staff).json
        address = f"/api/products/{created['id']}"

        for day, amount in enumerate((40000, 35000), start=1):
            shared_clock.set(NOW + timedelta(days=day))
            body = PHONE | {"price": {"amount": amount, "currency": "EUR"}}
            client.put(address, json=body, headers={**staff, "If-Match": f'"{day}"'})

        shown = client.get(address).json
        assert shown["was_price"] == {"amount": 50000, "currency": "EUR"}
        assert shown["reduced_since"] == "2026-12-08T09:00:00Z"
        assert shown["original_price"] == {"amount": 60000, "currency": "EUR"}
        kept = db.session.execute(text("SELECT price_minor, set_by FROM product_prices ORDER BY number"))
        assert [row.price_minor for row in kept if row.set_by] == [50000, 40000, 35000]

    def test_cannot_lose_a_price_that_they_had(self, client: FlaskClient) -> None:
        make_product()

        with pytest.raises(ProgrammingError, match="append-only"):
            db.session.execute(text("UPDATE product_prices SET price_minor = 1"))

    def test_stay_their_providers(self, client: FlaskClient, staff: Any) -> None:
        product = make_product()

        answer = client.put(
            f"/api/products/{product.id}",
            json=product_body(make_provider().id),
            headers={**staff, "If-Match": '"1"'},
        )

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == ["provider_id"]

    def test_are_replaced_whole(self, client: FlaskClient, staff: Any) -> None:
        product = make_product(cost=Money(4000, "EUR"), max_party=5)
        body = product_body(product.provider_id, price_per="person")
        del body["cost"]

        answer = client.put(f"/api/products/{product.id}", json=body, headers={**staff, "If-Match": '"1"'})

        assert answer.headers["ETag"] == '"2"'
        assert (answer.json["cost"], answer.json["max_party"]) == (None, 1)
        assert answer.json["price_per"] == "person"

    def test_leave_the_list_when_retired(self, client: FlaskClient, staff: Any) -> None:
        product = make_product()

        client.delete(f"/api/products/{product.id}", headers={**staff, "If-Match": '"1"'})

        assert client.get("/api/products/").json["items"] == []
        assert svcs.flask.get(AuditLog).of(product.id)[0].action == "product.retired"
