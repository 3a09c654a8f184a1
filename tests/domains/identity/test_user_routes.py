"""/api/users."""

import pytest
import svcs
from flask.testing import FlaskClient

from backend.infra.audit import AuditLog
from backend.kernel.roles import Role
from tests.factories.bookings import Customer
from tests.fakes.clock import FakeClock

LIKED = {
    "categories": ["books", "home-and-garden"],
    "brands": ["Cairn Books"],
    "price_range": {"min": {"amount": 500, "currency": "EUR"}, "max": {"amount": 2500, "currency": "EUR"}},
}


@pytest.fixture
def customer(client: FlaskClient) -> Customer:
    return Customer.new(client)


@pytest.fixture
def support(client: FlaskClient) -> Customer:
    return Customer.new(client, name="Sam Okafor", roles=(Role.SUPPORT,))


class TestPreferences:
    def test_are_empty_before_the_first_time(self, customer: Customer) -> None:
        answer = customer.get("/api/users/preferences")

        assert answer.json == {"categories": [], "brands": [], "price_range": {"min": None, "max": None}}
        assert answer.headers["ETag"] == '"0"'

    def test_are_replaced_as_a_whole(self, customer: Customer) -> None:
        customer.put("/api/users/preferences", LIKED, headers={"If-Match": '"0"'})

        less = {"categories": [], "brands": []}
        changed = customer.put("/api/users/preferences", less, headers={"If-Match": '"1"'})

        assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
        assert customer.get("/api/users/preferences").json == changed.json
        assert changed.json["price_range"] == {"min": None, "max": None}

    def test_come_back_as_they_were_said(self, customer: Customer) -> None:
        answer = customer.put("/api/users/preferences", LIKED, headers={"If-Match": '"0"'})

        assert answer.json == customer.get("/api/users/preferences").json == LIKED

    @pytest.mark.parametrize(("header", "status"), [({}, 428), ({"If-Match": '"7"'}, 412)])
    def test_are_not_replaced_by_who_did_not_read_them(
        self, customer: Customer, header: dict[str, str], status: int
    ) -> None:
        answer = customer.put("/api/users/preferences", LIKED, headers=header)

        assert answer.status_code == status
        assert customer.get("/api/users/preferences").headers["ETag"] == '"0"'

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"categories": ["Not A Slug"]}, "categories"),
            ({"categories": ["books", "books"]}, "categories"),
            ({"brands": ["x"] * 51}, "brands"),
            ({"price_range": {"min": {"amount": -1, "currency": "EUR"}}}, "price_range"),
            (
                {
                    "price_range": {
                        "min": {"amount": 2, "currency": "EUR"},
                        "max": {"amount": 1, "currency": "EUR"},
                    }
                },
                "price_range",
            ),
            (
                {
                    "price_range": {
                        "min": {"amount": 1, "currency": "EUR"},
                        "max": {"amount": 2, "currency": "USD"},
                    }
                },
                "price_range",
            ),
        ],
    )
    def test_that_make_no_sense_are_refused_by_field(
        self, customer: Customer, change: dict[str, object], field: str
    ) -> None:
        answer = customer.put("/api/users/preferences", {**LIKED, **change}, headers={"If-Match": '"0"'})

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]

    def test_are_for_those_who_signed_in(self, client: FlaskClient) -> None:
        assert client.get("/api/users/preferences").status_code == 401


class TestProfile:
    def test_is_the_same_at_both_addresses(self, customer: Customer) -> None:
        changed = customer.put("/api/users/profile", {"name": "Ada King", "country": "DE"})

        assert changed.json["name"] == "Ada King"
        assert (
            customer.get("/api/users/profile").json == customer.get("/api/auth/profile").json == changed.json
        )

    def test_keeps_the_vat_number_of_a_business_in_one_spelling(self, customer: Customer) -> None:
        answer = customer.put("/api/users/profile", {"vat_id": "de 136 695 976"})

        assert answer.json["vat_id"] == "DE136695976"

    def test_forgets_the_vat_number(self, customer: Customer) -> None:
        customer.put("/api/users/profile", {"vat_id": "DE136695976"})

        assert customer.put("/api/users/profile", {"vat_id": None}).json["vat_id"] is None

    @pytest.mark.parametrize("vat_id", ["DE136695978", "DE12", "136695976", "XX136695976", "nonsense"])
    def test_refuses_a_vat_number_that_is_none(self, customer: Customer, vat_id: str) -> None:
        answer = customer.put("/api/users/profile", {"vat_id": vat_id})

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == ["vat_id"]


class TestStaff:
    def test_find_users_by_a_part_of_name_or_address(self, client: FlaskClient, support: Customer) -> None:
        grace = Customer.new(client, name="Grace 100% Hopper", email="grace@navy.example").user
        Customer.new(client)

        found = [
            support.get("/api/users", query_string={"q": q}).json["items"] for q in ("hOPPer", "navy.", "0%")
        ]

        assert [[user["id"] for user in users] for users in found] == [[grace.id]] * 3

    def test_page_through_everybody_newest_first(self, client: FlaskClient, support: Customer) -> None:
        made = [support.user.id, *(Customer.new(client).user.id for _ in range(4))]

        seen: list[str] = []
        cursor = None
        while cursor or not seen:
            page = support.get(
                "/api/users", query_string={"limit": 2, **({"cursor": cursor} if cursor else {})}
            ).json
            seen += [user["id"] for user in page["items"]]
            cursor = page["next"]

        assert seen == sorted(made, reverse=True)

    def test_read_one_user(self, support: Customer, customer: Customer) -> None:
        answer = support.get(f"/api/users/{customer.user.id}")

        assert (answer.json["email"], answer.json["loyalty_set_by"]) == (customer.user.email, None)
        assert support.get("/api/users/usr_nobody").status_code == 404

    def test_put_a_user_into_a_tier_which_is_in_the_audit_log(
        self, support: Customer, customer: Customer
    ) -> None:
        answer = support.put(f"/api/users/{customer.user.id}/loyalty-tier", {"tier": "gold"})

        entry = svcs.flask.get(AuditLog).of(customer.user.id)[-1]
        assert (answer.json["loyalty_tier"], answer.json["loyalty_set_by"]) == ("gold", support.user.id)
        assert (entry.action, entry.before, entry.after) == (
            "user.loyalty_tier_set",
            {"loyalty_tier": "none"},
            {"loyalty_tier": "gold"},
        )
        assert customer.get("/api/auth/me").json["loyalty_tier"] == "gold"

    @pytest.mark.parametrize(
        ("role", "tier", "status"), [(Role.CUSTOMER, "gold", 403), (Role.SUPPORT, "wood", 422)]
    )
    def test_alone_give_tiers_that_there_are(
        self, client: FlaskClient, customer: Customer, role: Role, tier: str, status: int
    ) -> None:
        somebody = Customer.new(client, roles=(role,))

        answer = somebody.put(f"/api/users/{customer.user.id}/loyalty-tier", {"tier": tier})

        assert answer.status_code == status

    def test_see_who_is_online_until_they_leave_or_are_silent(
        self, client: FlaskClient, support: Customer, shared_clock: FakeClock
    ) -> None:
        leaving, silent, busy = (Customer.new(client) for _ in range(3))
        shared_clock.advance(minutes=4)
        busy.get("/api/auth/me")
        leaving.post("/api/auth/logout")
        before = _online(support)
        shared_clock.advance(minutes=2)

        assert before == {support.user.id, silent.user.id, busy.user.id}
        assert _online(support) == {support.user.id, busy.user.id}

    def test_page_through_those_online_who_were_seen_at_the_same_instant(
        self, client: FlaskClient, support: Customer
    ) -> None:
        others = {Customer.new(client).user.id for _ in range(4)}

        assert _online(support, limit=2) == {support.user.id, *others}

    @pytest.mark.parametrize("cursor", ["x", "WzEsMl0", "WyJhIiwiYiJd"])
    def test_are_told_of_a_cursor_that_is_none(self, support: Customer, cursor: str) -> None:
        assert support.get("/api/users/online", query_string={"cursor": cursor}).status_code == 422

    @pytest.mark.parametrize("path", ["/api/users", "/api/users/online", "/api/users/usr_x"])
    def test_alone_may_look_at_others(self, client: FlaskClient, customer: Customer, path: str) -> None:
        assert (client.get(path).status_code, customer.get(path).status_code) == (401, 403)


def _online(support: Customer, limit: int = 20) -> set[str]:
    seen: list[str] = []
    cursor = None
    while cursor or not seen:
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        page = support.get("/api/users/online", query_string=query).json
        seen += [one["user"]["id"] for one in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen))
    return set(seen)
