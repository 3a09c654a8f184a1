"""/api/coupons as staff use it."""

from typing import Any

import pytest
import svcs
from flask.testing import FlaskClient

from backend.infra.audit import AuditLog
from backend.kernel.roles import Role
from tests.factories.catalog import make_product
from tests.factories.coupons import eur, make_coupon
from tests.factories.identity import auth_headers, make_user


@pytest.fixture
def staff(client: FlaskClient) -> dict[str, str]:
    return auth_headers(client, make_user(roles=[Role.SUPPORT]))


def body(**changes: Any) -> dict[str, Any]:
    return {"code": "WELCOME-10", "label": "Welcome", "kind": "percentage", "percent": "10", **changes}


def money(amount: int, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def create(client: FlaskClient, headers: Any, **changes: Any) -> Any:
    return client.post("/api/coupons", json=body(**changes), headers=headers)


class TestCreating:
    def test_answers_the_coupon_with_its_etag_and_is_audited(self, client, staff) -> None:
        answer = create(client, staff, minimum_order=money(5000), valid_until="2027-01-01T00:00:00+01:00")

        entries = svcs.flask.get(AuditLog).of(answer.json["id"])
        assert answer.status_code == 201
        assert answer.headers["ETag"] == '"1"'
        assert answer.json["percent"] == "10"
        assert answer.json["valid_until"] == "2026-12-31T23:00:00Z"
        assert answer.json["usage"] == {"uses": 0, "spent_minor": 0}
        assert [entry.action for entry in entries] == ["coupon.created"]

    def test_takes_each_code_once_whatever_its_letters(self, client, staff) -> None:
        create(client, staff)

        assert create(client, staff, code="welcome-10").status_code == 409

    @pytest.mark.parametrize("roles", [[Role.CUSTOMER], [Role.ANALYST], [Role.RULE_EDITOR]])
    def test_is_for_support_and_admins(self, client, roles) -> None:
        assert create(client, auth_headers(client, make_user(roles=roles))).status_code == 403

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"percent": None}, "percent"),
            ({"percent": "0"}, "percent"),
            ({"percent": "1e1"}, "percent"),
            ({"percent": "10\n"}, "percent"),
            ({"percent": "100.5"}, "percent"),
            ({"kind": "free_shipping"}, "percent"),
            ({"kind": "fixed", "percent": None}, "amount"),
            ({"amount": money(500)}, "amount"),
            ({"minimum_order": money(0)}, "minimum_order"),
            ({"minimum_order": money(1), "budget": money(1, "USD")}, "budget"),
            (
                {"kind": "fixed", "percent": None, "amount": money(1), "maximum_discount": money(1)},
                "maximum_discount",
            ),
            ({"valid_from": "2027-01-01T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z"}, "valid_until"),
            ({"global_limit": 0}, "global_limit"),
            ({"categories": ["nowhere"]}, "categories"),
            ({"products": ["prd_01kaj3zq6m8v9x2c4b5n7p8q9r"]}, "products"),
            ({"user_id": "usr_01kaj3zq6m8v9x2c4b5n7p8q9r"}, "user_id"),
            ({"stacking_group": "Not A Slug"}, "stacking_group"),
            ({"code": "a b"}, "code"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, client, staff, changes, field) -> None:
        answer = create(client, staff, **changes)

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]

    def test_refuses_a_product_that_is_in_and_out_and_a_public_personal_coupon(self, client, staff) -> None:
        product, user = make_product().id, make_user().id

        both = create(client, staff, products=[product], excluded_products=[product])
        shown = create(client, staff, user_id=user, is_public=True)

        assert list(both.json["errors"]) == ["excluded_products"]
        assert list(shown.json["errors"]) == ["is_public"]


class TestChanging:
    def test_needs_the_version_that_was_read(self, client, staff) -> None:
        made = create(client, staff).json["id"]

        blind = client.put(f"/api/coupons/{made}", json=body(), headers=staff)
        changed = client.put(
            f"/api/coupons/{made}", json=body(percent="15"), headers={**staff, "If-Match": '"1"'}
        )
        stale = client.put(f"/api/coupons/{made}", json=body(), headers={**staff, "If-Match": '"1"'})

        assert [answer.status_code for answer in (blind, changed, stale)] == [428, 200, 412]
        assert changed.headers["ETag"] == '"2"'

    def test_what_it_answered_can_be_sent_back(self, client, staff) -> None:
        made = create(client, staff, budget=money(10000), stacking_group="seasonal").json
        sent = {name: value for name, value in made.items() if name not in {"id", "usage"}}

        again = client.put(f"/api/coupons/{made['id']}", json=sent, headers={**staff, "If-Match": '"1"'})

        assert again.json == made

    def test_retiring_keeps_it_readable(self, client, staff) -> None:
        made = create(client, staff).json["id"]

        gone = client.delete(f"/api/coupons/{made}", headers={**staff, "If-Match": '"1"'})

        assert gone.status_code == 204
        assert client.get(f"/api/coupons/{made}", headers=staff).json["is_active"] is False

    def test_unknown_ones_are_not_found(self, client, staff) -> None:
        unknown = "/api/coupons/cpn_01kaj3zq6m8v9x2c4b5n7p8q9r"

        answers = [
            client.get(unknown, headers=staff),
            client.put(unknown, json=body(), headers={**staff, "If-Match": '"1"'}),
        ]

        assert [answer.status_code for answer in answers] == [404, 404]


class TestListing:
    def test_is_for_analysts_too_page_by_page(self, client) -> None:
        wanted = [make_coupon(amount=eur("5.00")).id for _ in range(3)]
        analyst = auth_headers(client, make_user(roles=[Role.ANALYST]))

        first = client.get("/api/coupons?limit=2", headers=analyst).json
        second = client.get(f"/api/coupons?limit=2&cursor={first['next']}", headers=analyst).json

        assert [item["id"] for item in first["items"] + second["items"]] == wanted[::-1]

    def test_is_not_for_customers(self, client) -> None:
        answer = client.get("/api/coupons", headers=auth_headers(client, make_user()))

        assert answer.status_code == 403
