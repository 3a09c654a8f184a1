"""/api/providers/{id}/availability and /api/holds over HTTP."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import svcs
from flask.testing import FlaskClient

from backend.domains.availability.holds import HoldService
from backend.domains.availability.service import AvailabilityService
from backend.domains.identity.service import User
from backend.infra.audit import AuditLog
from backend.kernel import ids
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.availability import make_exception, make_schedule
from tests.factories.catalog import make_product, make_provider
from tests.factories.identity import auth_headers, make_user

# Seats are booked for ids of bookings that a layer above would store in the same transaction.
pytestmark = pytest.mark.never_committed

NINE_TO_FIVE = {"opens": "09:00", "closes": "17:00"}


@pytest.fixture
def user() -> User:
    return make_user(roles=[Role.PROVIDER])


@pytest.fixture
def provider_id(client: FlaskClient, user: User) -> str:
    provider = make_provider(user_id=user.id)
    make_schedule(provider.id)
    return provider.id


@pytest.fixture
def own(client: FlaskClient, provider_id: str, user: User) -> dict[str, str]:
    """Headers of the provider's own user, who edits the first version."""
    return {**auth_headers(client, user), "If-Match": '"1"'}


def first_slot(provider_id: str) -> str:
    day = date(2026, 12, 14)
    slots = svcs.flask.get(AvailabilityService).slots(
        provider_ids=[provider_id], first=day, last=day + timedelta(days=1), party=1, now=NOW
    )
    return slots[0].id


class TestReadingAvailability:
    def test_shows_the_schedule_and_the_open_time_of_the_asked_days(
        self, client: FlaskClient, provider_id: str
    ) -> None:
        make_exception(
            provider_id,
            starts=datetime.fromisoformat("2026-12-15T12:00"),
            ends=datetime.fromisoformat("2026-12-15T14:00"),
        )

        answer = client.get(f"/api/providers/{provider_id}/availability?from=2026-12-15&to=2026-12-16")

        assert answer.status_code == 200
        assert answer.headers["ETag"] == '"1"'
        assert answer.json["hours"]["tue"] == [NINE_TO_FIVE]
        assert answer.json["exceptions"] == [
            {"kind": "closed", "starts": "2026-12-15T12:00", "ends": "2026-12-15T14:00", "units": None}
        ]
        assert answer.json["open"] == [
            {"starts_at": "2026-12-15T08:00:00Z", "ends_at": "2026-12-15T11:00:00Z"},
            {"starts_at": "2026-12-15T13:00:00Z", "ends_at": "2026-12-15T16:00:00Z"},
        ]

    def test_shows_a_week_from_today_unless_asked(self, client: FlaskClient, provider_id: str) -> None:
        answer = client.get(f"/api/providers/{provider_id}/availability")

        assert [period["starts_at"][:10] for period in answer.json["open"]] == [
            f"2026-12-{day:02}" for day in range(7, 14)
        ]

    def test_shows_nothing_of_who_never_made_a_schedule(self, client: FlaskClient) -> None:
        answer = client.get(f"/api/providers/{make_provider().id}/availability")

        assert answer.headers["ETag"] == '"0"'
        assert (answer.json["open"], answer.json["hours"]["mon"]) == ([], [])

    @pytest.mark.parametrize(
        "query",
        [
            "from=2026-02-30",
            "from=2026-12-15&to=2026-12-15",
            "from=2026-12-15&to=2027-12-15",
            "from=9999-12-31",
            "to=0001-01-01",
            "day=2026-12-15",
        ],
    )
    def test_refuses_days_that_cannot_be(self, client: FlaskClient, provider_id: str, query: str) -> None:
        answer = client.get(f"/api/providers/{provider_id}/availability?{query}")

        assert answer.status_code == 422


class TestChangingAvailability:
    def test_patches_what_is_sent_and_leaves_the_rest(
        self, client: FlaskClient, provider_id: str, own: Any
    ) -> None:
        patch = {"hours": {"mon": [{"opens": "22:00", "closes": "24:00"}], "sun": None}, "notice_minutes": 60}

        answer = client.patch(f"/api/providers/{provider_id}/availability", json=patch, headers=own)

        assert answer.status_code == 200
        assert answer.headers["ETag"] == '"2"'
        week = answer.json["hours"]
        assert (week["mon"], week["tue"], week["sun"]) == (patch["hours"]["mon"], [NINE_TO_FIVE], [])
        assert (answer.json["notice_minutes"], answer.json["mode"]) == (60, "calendar")
        assert client.get(f"/api/providers/{provider_id}/availability").json == answer.json

    def test_makes_the_first_schedule(self, client: FlaskClient) -> None:
        provider = make_provider()
        staff = auth_headers(client, make_user(roles=[Role.SUPPORT]))
        patch = {"mode": "inventory", "units": 10, "hours": {"mon": [NINE_TO_FIVE]}}

        answer = client.patch(
            f"/api/providers/{provider.id}/availability", json=patch, headers={**staff, "If-Match": '"0"'}
        )

        assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')

    def test_replaces_the_exceptions(self, client: FlaskClient, provider_id: str, own: Any) -> None:
        make_exception(
            provider_id,
            starts=datetime.fromisoformat("2026-12-15T12:00"),
            ends=datetime.fromisoformat("2026-12-15T14:00"),
        )
        new = {"kind": "open", "starts": "2026-12-20T10:00", "ends": "2026-12-20T12:00", "units": None}

        answer = client.patch(
            f"/api/providers/{provider_id}/availability", json={"exceptions": [new]}, headers=own
        )

        assert answer.json["exceptions"] == [new]

    def test_is_in_the_audit_log(self, client: FlaskClient, provider_id: str, own: Any, user: User) -> None:
        client.patch(f"/api/providers/{provider_id}/availability", json={"is_open": False}, headers=own)

        (entry,) = svcs.flask.get(AuditLog).of(provider_id)
        assert (entry.actor_id, entry.action) == (user.id, "schedule.changed")
        assert (entry.before["is_open"], entry.after["is_open"]) == (True, False)

    def test_needs_the_newest_version(self, client: FlaskClient, provider_id: str, own: Any) -> None:
        address = f"/api/providers/{provider_id}/availability"
        client.patch(address, json={"units": 2}, headers=own)
        blind = {name: value for name, value in own.items() if name != "If-Match"}

        stale = client.patch(address, json={"units": 3}, headers=own)
        without = client.patch(address, json={"units": 3}, headers=blind)
        foreign = client.patch(address, json={"units": 3}, headers={**own, "If-Match": '"abc"'})

        assert (stale.status_code, without.status_code, foreign.status_code) == (412, 428, 412)

    def test_is_for_the_providers_own_user_and_staff(self, client: FlaskClient, provider_id: str) -> None:
        address, tag = f"/api/providers/{provider_id}/availability", {"If-Match": '"1"'}
        other = auth_headers(client, make_user(roles=[Role.PROVIDER]))

        refused = client.patch(address, json={"units": 3}, headers={**other, **tag})
        unknown = client.patch(address, json={"units": 3}, headers=tag)

        assert (refused.status_code, unknown.status_code) == (403, 401)

    @pytest.mark.parametrize(
        ("patch", "field"),
        [
            ({"mode": "sometimes"}, "mode"),
            ({"units": 0}, "units"),
            ({"units": None}, "units"),
            ({"horizon_days": 731}, "horizon_days"),
            ({"buffer_before_minutes": -1}, "buffer_before_minutes"),
            ({"hours": {"mon": [{"opens": "09:00", "closes": "09:00"}]}}, "hours"),
            ({"hours": {"mon": [{"opens": "09:00", "closes": "24:01"}]}}, "hours"),
            ({"hours": {"mon": [{"opens": "9", "closes": "12:00"}]}}, "hours"),
            ({"hours": {"mon": [NINE_TO_FIVE, {"opens": "16:00", "closes": "18:00"}]}}, "hours"),
            ({"hours": {"someday": []}}, "hours"),
            ({"exceptions": [{"kind": "closed", "starts": "2026-12-20T12:00"}]}, "exceptions"),
            (
                {"exceptions": [{"kind": "open", "starts": "2026-12-20T12:00", "ends": "2026-12-20T12:00"}]},
                "exceptions",
            ),
            (
                {"exceptions": [{"kind": "units", "starts": "2026-12-20T12:00", "ends": "2026-12-20T13:00"}]},
                "exceptions",
            ),
            (
                {"exceptions": [{"kind": "open", "starts": "0001-01-01T00:00", "ends": "2026-12-20T13:00"}]},
                "exceptions",
            ),
            (
                {
                    "exceptions": [
                        {
                            "kind": "units",
                            "starts": "2026-12-20T12:00",
                            "ends": "2026-12-20T13:00",
                            "units": 1,
                        }
                    ]
                    * 2
                },
                "exceptions",
            ),
        ],
    )
    def test_refuses_what_cannot_be(
        self, client: FlaskClient, provider_id: str, own: Any, patch: dict[str, Any], field: str
    ) -> None:
        address = f"/api/providers/{provider_id}/availability"

        answer = client.patch(address, json=patch, headers=own)

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]
        assert client.get(address).headers["ETag"] == '"1"'

    def test_refuses_fewer_units_than_are_taken_and_names_the_slots(self, client: FlaskClient) -> None:
        product = make_product(max_party=10)
        make_schedule(product.provider_id, mode="inventory", units=10)
        slot_id = first_slot(product.provider_id)
        guest = make_user()
        holds, availability = svcs.flask.get(HoldService), svcs.flask.get(AvailabilityService)
        slot = availability.slot(slot_id=slot_id, now=NOW)
        holds.claim(slot=slot, seats=4, booking_id=ids.new_id(ids.BOOKING), user_id=guest.id, now=NOW)
        staff = auth_headers(client, make_user(roles=[Role.ADMIN]))
        address = f"/api/providers/{product.provider_id}/availability"

        refused = client.patch(address, json={"units": 3}, headers={**staff, "If-Match": '"1"'})
        allowed = client.patch(address, json={"units": 4}, headers={**staff, "If-Match": '"1"'})

        assert (refused.status_code, refused.json["slots"]) == (409, [slot_id])
        assert allowed.status_code == 200


class TestHolds:
    @pytest.fixture
    def slot_id(self, client: FlaskClient) -> str:
        product = make_product(max_party=3)
        make_schedule(product.provider_id)
        return first_slot(product.provider_id)

    @pytest.fixture
    def guest(self, client: FlaskClient) -> dict[str, str]:
        return auth_headers(client, make_user())

    def test_are_made_listed_and_given_back(self, client: FlaskClient, slot_id: str, guest: Any) -> None:
        made = client.post("/api/holds/", json={"slot_id": slot_id, "party": 2}, headers=guest)
        listed = client.get("/api/holds/", headers=guest)
        released = client.delete(f"/api/holds/{made.json['id']}", headers=guest)

        assert made.status_code == 201
        assert made.json["expires_at"] == "2026-12-07T09:10:00Z"
        assert listed.json["items"] == [made.json]
        assert released.status_code == 204
        assert client.get("/api/holds/", headers=guest).json["items"] == []

    def test_are_the_same_for_one_idempotency_key(
        self, client: FlaskClient, slot_id: str, guest: Any
    ) -> None:
        headers = {**guest, "Idempotency-Key": "once"}

        first = client.post("/api/holds/", json={"slot_id": slot_id}, headers=headers)
        again = client.post("/api/holds/", json={"slot_id": slot_id}, headers=headers)

        assert first.status_code == again.status_code == 201
        assert first.data == again.data

    def test_of_a_taken_slot_are_refused(self, client: FlaskClient, slot_id: str, guest: Any) -> None:
        client.post("/api/holds/", json={"slot_id": slot_id}, headers=guest)
        other = auth_headers(client, make_user())

        refused = client.post("/api/holds/", json={"slot_id": slot_id}, headers=other)

        assert (refused.status_code, refused.json["slot_id"]) == (409, slot_id)

    def test_of_somebody_else_are_not_found(self, client: FlaskClient, slot_id: str, guest: Any) -> None:
        made = client.post("/api/holds/", json={"slot_id": slot_id}, headers=guest)
        other = auth_headers(client, make_user())

        answer = client.delete(f"/api/holds/{made.json['id']}", headers=other)

        assert answer.status_code == 404

    def test_are_for_signed_in_users(self, client: FlaskClient, slot_id: str) -> None:
        answer = client.post("/api/holds/", json={"slot_id": slot_id})

        assert answer.status_code == 401

    @pytest.mark.parametrize("party", [0, -1, 10**9, "2", 1.5, None])
    def test_refuse_a_party_that_cannot_be(
        self, client: FlaskClient, slot_id: str, guest: Any, party: Any
    ) -> None:
        answer = client.post("/api/holds/", json={"slot_id": slot_id, "party": party}, headers=guest)

        assert answer.status_code == 422

    @pytest.mark.parametrize(("slot_id", "status"), [("slt_1", 404), ("", 404), ("x" * 65, 422), (7, 422)])
    def test_refuse_what_names_no_slot(
        self, client: FlaskClient, guest: Any, slot_id: Any, status: int
    ) -> None:
        answer = client.post("/api/holds/", json={"slot_id": slot_id}, headers=guest)

        assert answer.status_code == status
