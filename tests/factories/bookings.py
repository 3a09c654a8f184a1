"""Slots that are open, and bookings made over HTTP as a customer makes them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import svcs
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.domains.catalog.entities import PricePer, Product, Provider
from backend.domains.identity.models import UserRow
from backend.domains.identity.service import User, UserService
from backend.infra.postgres import db
from backend.kernel import ids
from backend.kernel.money import Money
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.availability import make_schedule
from tests.factories.catalog import make_product, make_provider
from tests.factories.identity import auth_headers, make_user

IN_A_WEEK = NOW.date() + timedelta(days=7)


def next_week(now: datetime) -> date:
    """A day on which everything is open: for applications that run in real time."""
    return now.date() + timedelta(days=7)


@dataclass(frozen=True)
class Shop:
    """A provider whose own user is `owner`, and what can be booked there."""

    owner: User
    provider: Provider
    product: Product


def make_consultant(**product: Any) -> Shop:
    """One customer at a time, an hour each, 09:00 to 17:00 in Paris, every day, at 100.00 EUR."""
    return _make_shop("calendar", 1, **product)


def make_class(*, seats: int, **product: Any) -> Shop:
    """An hour for `seats` persons at 20.00 EUR each, 09:00 to 17:00 in Paris, every day."""
    values = {"price": Money(2000, "EUR"), "price_per": PricePer.PERSON, "max_party": seats, **product}
    return _make_shop("inventory", seats, **values)


def _make_shop(mode: str, units: int, **product: Any) -> Shop:
    owner = make_user()
    provider = make_provider(user_id=owner.id, experience_years=1)
    make_schedule(provider.id, mode=mode, units=units)
    return Shop(owner, provider, make_product(provider, **product))


@dataclass(frozen=True)
class Customer:
    """A signed-in user with a client."""

    user: User
    client: FlaskClient
    headers: dict[str, str]

    @classmethod
    def new(cls, client: FlaskClient, **user: Any) -> "Customer":
        """Somebody who has just signed in."""
        return cls.of(client, make_user(**user))

    @classmethod
    def of(cls, client: FlaskClient, user: User) -> "Customer":
        """The user, signed in."""
        return cls(user, client, auth_headers(client, user))

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET as this user."""
        return self._send("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        """POST as this user."""
        return self._send("POST", path, json={} if json is None else json, **options)

    def put(self, path: str, json: Any, **options: Any) -> TestResponse:
        """PUT as this user."""
        return self._send("PUT", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        """DELETE as this user."""
        return self._send("DELETE", path, **options)

    def slots(self, shop: Shop, *, day: date = IN_A_WEEK, **query: Any) -> list[dict[str, Any]]:
        """The slots of a day."""
        query = {
            "provider": shop.provider.id,
            "from": day.isoformat(),
            "to": (day + timedelta(days=1)).isoformat(),
            **query,
        }
        answer = self.get("/api/bookings", query_string=query)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: list[dict[str, Any]] = answer.json["items"]
        return found

    def quote(self, slot_id: str, *, party: int = 1) -> dict[str, Any]:
        """A quote for a slot."""
        answer = self.post("/api/quotes", {"items": [{"slot_id": slot_id, "party": party}]})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        made: dict[str, Any] = answer.json
        return made

    def try_to_book(self, slot_id: str, *, party: int = 1, **options: Any) -> TestResponse:
        """Quote and book on site; the answer, whatever it is."""
        token = self.quote(slot_id, party=party)["token"]
        return self.post("/api/bookings", {"quote_token": token, "payment_method": "on_site"}, **options)

    def book(self, slot_id: str, *, party: int = 1) -> dict[str, Any]:
        """Quote and book on site."""
        answer = self.try_to_book(slot_id, party=party)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        made: dict[str, Any] = answer.json
        # What is paid on site has none.
        assert made.pop("payment") is None
        return made

    def _send(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {**self.headers, **options.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **options)


def make_newcomers(app: Flask, *, count: int) -> list[dict[str, str]]:
    """Headers of so many signed-in customers without a password, which takes long to hash."""
    rows = [
        UserRow(
            id=ids.new_id(ids.USER),
            email=f"newcomer{number}@example.com",
            password_hash=None,
            name="A Newcomer",
            roles=[Role.CUSTOMER],
            locale="en",
            country=None,
            loyalty_tier="none",
            created_at=NOW,
        )
        for number in range(count)
    ]
    db.session.add_all(rows)
    db.session.commit()
    users = svcs.flask.get(UserService)
    return [auth_headers(app, users.user(row.id)) for row in rows]
