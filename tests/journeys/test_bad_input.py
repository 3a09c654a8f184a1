"""Whatever is wrong with a request, the answer is a problem document that says so, and nothing has changed.

The routes are those of the application, so a new one is covered as it comes.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import inspect, text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from backend.infra.postgres import db
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.bookings import Customer, Shop, make_class
from tests.fakes.clock import FakeClock
from tests.journeys.bad_bodies import NOT_JSON, NOT_OBJECTS, SQL, TEMPLATE

# What remembers that somebody asked, not what they changed.
NOT_COUNTED = {"idempotency_keys", "alembic_version"}
NO_ID = "00000000000000000000000000"
JSON = "application/json"


@dataclass(frozen=True)
class House:
    """A class with a booking, and who asks about it: its customer, another one, an admin."""

    shop: Shop
    customer: Customer
    other: Customer
    admin: Customer
    booking: dict[str, Any]
    slot_id: str

    def path(self, rule: Rule) -> str:
        """The address of `rule`, of what is there as far as there is such a thing."""
        known = {
            "booking_id": self.booking["id"],
            "provider_id": self.shop.provider.id,
            "product_id": self.shop.product.id,
            "slug": self.shop.provider.category,
            "category": self.shop.provider.category,
            "user_id": self.customer.user.id,
            "name": "rules/pricing.yaml",
        }
        return _path(rule, known)


@pytest.fixture
def house(app: Flask) -> House:
    client = app.test_client()
    shop = make_class(seats=4)
    customer = Customer.new(client)
    first, second = customer.slots(shop)[:2]
    return House(
        shop=shop,
        customer=customer,
        other=Customer.new(client),
        admin=Customer.new(client, roles=[Role.ADMIN]),
        booking=customer.book(first["slot_id"]),
        slot_id=second["slot_id"],
    )


def _path(rule: Rule, values: dict[str, str], *, other: str = "none") -> str:
    """The address of `rule`, quoted by us: what no URL may hold as it is, is sent all the same."""
    return "".join(
        quote(values.get(content, other), safe="") if is_argument else content
        for is_argument, content in rule._trace
        if content != "|"
    )


def _rules(app: Flask, *methods: str) -> Iterator[tuple[str, Rule]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & set(methods)):
            if rule.rule.startswith("/api/"):
                yield method, rule


def _with_body(app: Flask) -> Iterator[tuple[str, Rule]]:
    """The operations that are described as having a body."""
    paths = app.test_client().get("/openapi.json").json["paths"]
    for method, rule in _rules(app, "POST", "PUT", "PATCH"):
        if "requestBody" in paths[_described(rule)][method.lower()]:
            yield method, rule


def _described(rule: Rule) -> str:
    """The address as the description has it, without the sorts of its parts."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def _rows() -> dict[str, int]:
    """How many rows each table has."""
    db.session.rollback()
    names = set(inspect(db.session.connection()).get_table_names()) - NOT_COUNTED
    counts = {
        name: db.session.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()  # noqa: S608
        for name in sorted(names)
    }
    db.session.rollback()
    return counts


def _refused(answer: TestResponse, *statuses: int) -> None:
    """The answer is a refusal with a reason that repeats nothing dangerous."""
    told = f"{answer.request.method} {answer.request.path}: {answer.status_code} {answer.text[:500]}"
    assert 400 <= answer.status_code < 500, told
    assert answer.content_type == "application/problem+json", told
    assert answer.json["status"] == answer.status_code, told
    assert answer.json["detail"], told
    if statuses:
        assert answer.status_code in statuses, told


class TestAnyBody:
    """Of every operation that takes one."""

    @pytest.fixture
    def operations(self, app: Flask) -> list[tuple[str, Rule]]:
        found = list(_with_body(app))
        assert len(found) > 10
        return found

    @pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
    def test_that_is_not_json_we_can_store_is_refused(
        self, house: House, operations: list[tuple[str, Rule]], body: bytes
    ) -> None:
        before = _rows()

        for method, rule in operations:
            answer = house.admin._send(
                method, house.path(rule), data=body, content_type=JSON, headers={"If-Match": '"1"'}
            )

            _refused(answer, 400, 403, 422)
        assert _rows() == before

    @pytest.mark.parametrize("body", NOT_OBJECTS.values(), ids=NOT_OBJECTS.keys())
    def test_that_is_not_what_is_described_is_refused(
        self, house: House, operations: list[tuple[str, Rule]], body: Any
    ) -> None:
        before = _rows()

        for method, rule in operations:
            answer = house.admin._send(method, house.path(rule), json=body, headers={"If-Match": '"1"'})

            _refused(answer, 400, 403, 422)
        assert _rows() == before

    def test_over_a_megabyte_is_refused(self, house: House, operations: list[tuple[str, Rule]]) -> None:
        before = _rows()
        body = json.dumps({"name": "a" * (2**20 + 1)}).encode()

        for method, rule in operations:
            answer = house.admin._send(
                method, house.path(rule), data=body, content_type=JSON, headers={"If-Match": '"1"'}
            )

            _refused(answer, 413)
        assert _rows() == before

    def test_of_another_type_is_refused(self, house: House, operations: list[tuple[str, Rule]]) -> None:
        before = _rows()

        for method, rule in operations:
            answer = house.admin._send(
                method,
                house.path(rule),
                data=b"<!DOCTYPE x><x/>",
                content_type="text/xml",
                headers={"If-Match": '"1"'},
            )

            _refused(answer, 400, 403, 415, 422)
        assert _rows() == before


class TestAnyQuery:
    """Of every operation that describes one, and of those that take none."""

    VALUES = ("", "\ud800", SQL, TEMPLATE, "-1", "0", "1e9", "10" * 20, "2026-02-30", "0000-00-00", "prv_x")

    def test_with_a_nul_character_is_refused(self, app: Flask, house: House) -> None:
        before = _rows()

        for _, rule in _rules(app, "GET"):
            for query in ("category=%00", "%00=1"):
                _refused(house.admin.get(f"{house.path(rule)}?{query}"), 400)
        assert _rows() == before

    def test_with_an_unknown_parameter_is_refused(self, app: Flask, house: House) -> None:
        before = _rows()

        for path in _paths_with_query(app, house):
            _refused(house.admin.get(f"{path}?no_such_parameter=1"), 422)
        assert _rows() == before

    @pytest.mark.parametrize(
        "name", ["limit", "cursor", "party", "from", "to", "currency", "provider", "status"]
    )
    def test_of_another_type_is_refused(self, app: Flask, house: House, name: str) -> None:
        days = {"from": "2026-12-14", "to": "2026-12-21"}
        before = _rows()

        for path, known in _paths_with_query(app, house).items():
            for value in self.VALUES if name in known else ():
                query = {**{key: day for key, day in days.items() if key in known}, name: value}
                asked = "&".join(f"{k}={quote(v.encode(errors='surrogatepass'))}" for k, v in query.items())
                _refused(house.admin.get(f"{path}?{asked}"), 422)
        assert _rows() == before


def _paths_with_query(app: Flask, house: House) -> dict[str, set[str]]:
    """Addresses that take parameters, and which."""
    paths = app.test_client().get("/openapi.json").json["paths"]
    found = {}
    for method, rule in _rules(app, "GET"):
        path = paths[_described(rule)]
        known = [*path.get("parameters", ()), *path[method.lower()].get("parameters", ())]
        names = {one["name"] for one in known if one["in"] == "query"}
        if names:
            found[house.path(rule)] = names
    return found


class TestAnyId:
    """In every address that has one."""

    IDS = (
        "none",
        NO_ID,
        f"bkg_{NO_ID}",
        SQL,
        TEMPLATE,
        "a" * 5_000,
        "\u202e\U0001f600",
        "-1",
        "1e9",
        "a\x00b",
    )

    @pytest.mark.parametrize("value", IDS, ids=range(len(IDS)))
    def test_that_is_unknown_is_refused(self, app: Flask, house: House, value: str) -> None:
        before = _rows()

        for method, rule in _rules(app, "GET", "POST", "PUT", "PATCH", "DELETE"):
            if rule.arguments:
                path = _path(rule, {}, other=value)
                answer = house.admin._send(method, path, json={}, headers={"If-Match": '"1"'})

                _refused(answer, 400, 403, 404, 405, 422)
        assert _rows() == before


class TestBooking:
    @pytest.mark.parametrize("party", [0, -1, 10**9, 10**400, "2", 1.5, True, None, [1], {"$gt": 0}])
    def test_for_no_number_of_persons_is_refused(self, house: House, party: Any) -> None:
        before = _rows()

        for path, body in {
            "/api/quotes": {"items": [{"slot_id": house.slot_id, "party": party}]},
            "/api/holds": {"slot_id": house.slot_id, "party": party},
            "/api/waitlist": {"slot_id": house.slot_id, "party": party},
        }.items():
            _refused(house.customer.post(path, body), 422)
        assert _rows() == before

    @pytest.mark.parametrize(
        "slot_id", ["", "slt_none", "slt_" + "0" * 32, "slt_" + "v" * 32, SQL, TEMPLATE, 7]
    )
    def test_of_an_unknown_slot_is_refused(self, house: House, slot_id: Any) -> None:
        before = _rows()

        for path, body in {
            "/api/quotes": {"items": [{"slot_id": slot_id}]},
            "/api/holds": {"slot_id": slot_id},
            "/api/waitlist": {"slot_id": slot_id},
        }.items():
            _refused(house.customer.post(path, body), 404, 409, 422)
        assert _rows() == before

    @pytest.mark.parametrize("currency", ["XXX", "eur", "", "EURO", SQL, 978])
    def test_in_an_unknown_currency_is_refused(self, house: House, currency: Any) -> None:
        before = _rows()

        answer = house.customer.post(
            "/api/quotes", {"items": [{"slot_id": house.slot_id}], "currency": currency}
        )

        _refused(answer, 422)
        assert _rows() == before

    def test_with_a_tampered_token_is_refused(self, house: House) -> None:
        token = house.customer.quote(house.slot_id)["token"]
        before = _rows()

        for bad in ("", token[:-2], token[::-1], token + "A", "e30." + token, SQL, TEMPLATE, "a" * 3000):
            body = {"quote_token": bad, "payment_method": "on_site"}
            _refused(house.customer.post("/api/bookings", body), 422)
        assert _rows() == before

    def test_with_an_expired_token_is_refused(self, house: House, shared_clock: FakeClock) -> None:
        token = house.customer.quote(house.slot_id)["token"]
        shared_clock.set(NOW + timedelta(minutes=50))
        before = _rows()

        answer = house.customer.post("/api/bookings", {"quote_token": token, "payment_method": "on_site"})

        _refused(answer, 410)
        assert _rows() == before

    def test_with_the_token_of_another_user_is_refused(self, house: House) -> None:
        token = house.customer.quote(house.slot_id)["token"]
        before = _rows()

        answer = house.other.post("/api/bookings", {"quote_token": token, "payment_method": "on_site"})

        _refused(answer, 403)
        assert _rows() == before

    def test_of_another_user_is_not_to_be_seen_or_changed(self, app: Flask, house: House) -> None:
        token = house.other.quote(house.slot_id)["token"]
        before = _rows()

        for method, rule in _rules(app, "GET", "POST", "PUT", "DELETE"):
            if "booking_id" in rule.arguments:
                _refused(house.other._send(method, house.path(rule), json={"quote_token": token}), 404, 422)
        assert _rows() == before


class TestProvider:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("timezone", "Mars/Olympus"),
            ("timezone", "../../etc/passwd"),
            ("timezone", ""),
            ("timezone", SQL),
            ("currency", "XXX"),
            ("category", "no-such-category"),
            ("user_id", f"usr_{NO_ID}"),
            ("experience_years", -1),
            ("experience_years", 10**9),
            ("experience_years", "7"),
            ("is_active", {}),
            ("name", ["a"]),
            ("name", "a" * 10_000),
        ],
    )
    def test_with_an_impossible_field_is_refused(self, house: House, name: str, value: Any) -> None:
        draft = {
            "name": "Grace",
            "category": house.shop.provider.category,
            "experience_years": 3,
            "timezone": "Europe/Paris",
            "currency": "EUR",
        }
        before = _rows()

        answer = house.admin.post("/api/providers", {**draft, name: value})

        _refused(answer, 404, 409, 422)
        assert _rows() == before

    @pytest.mark.parametrize(
        "day", ["2026-02-30T10:00", "2026-13-01T10:00", "2026-12-24T25:00", "tomorrow", 0]
    )
    def test_closed_on_a_day_that_does_not_exist_is_refused(self, house: House, day: Any) -> None:
        address = f"/api/providers/{house.shop.provider.id}/availability"
        etag = house.admin.get(address).headers["ETag"]
        patch = {"exceptions": [{"kind": "closed", "starts": day, "ends": "2027-01-01T00:00"}]}
        before = _rows()

        answer = house.admin._send("PATCH", address, json=patch, headers={"If-Match": etag})

        _refused(answer, 422)
        assert house.admin.get(address).headers["ETag"] == etag
        assert _rows() == before
