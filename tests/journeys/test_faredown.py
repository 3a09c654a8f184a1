"""A traveller who haggles over a flight of the demonstration and pays the agreed price in francs."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.kernel.roles import Role
from backend.local_stripe.local import LocalStripe
from tests.factories.bookings import Customer
from tests.factories.identity import PASSWORD, make_user
from tests.factories.payments import posting
from tests.factories.till import CARD, work_off


@pytest.fixture
def demo(client: FlaskClient) -> None:
    """The shop with its demonstration data."""
    admin = Customer.new(client, roles=[Role.ADMIN])
    assert admin.post("/api/admin/init-data").status_code == 200


def log_in(client: FlaskClient) -> dict[str, str]:
    """Headers of a traveller from Switzerland, who pays in francs."""
    user = make_user(country="CH")
    answer = client.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def money(minor: int) -> dict[str, Any]:
    return {"amount": minor, "currency": "EUR"}


def stage(lines: list[dict[str, Any]], name: str) -> int:
    """What the lines of a stage come to."""
    return sum(line["amount"]["amount"] for line in lines if line["stage"] == name)


class TestABargain:
    @pytest.mark.usefixtures("demo")
    def test_is_haggled_out_and_paid_in_another_currency(
        self, client: FlaskClient, local_stripe: LocalStripe
    ) -> None:
        headers = log_in(client)

        # They search a flight, and see what it costs.
        query = {"kind": "flight", "route": "FRA-BER"}
        (flight,) = client.get("/api/products", query_string=query, headers=headers).json["items"]
        begun = client.post("/api/bargain/start", json={"product_id": flight["id"]}, headers=headers)
        assert begun.status_code == 201, begun.text
        session_id, listed = begun.json["session_id"], begun.json["list_price"]["amount"]
        assert begun.json["attempts_left"] == 3
        assert listed > flight["price"]["amount"]  # The markup of what others supply.

        # Two offers; the second counter-offer is good enough.
        counters = []
        for percent in (60, 66):
            said = client.post(
                "/api/bargain/offer",
                json={"session_id": session_id, "price": money(listed * percent // 100)},
                headers=headers,
            )
            assert said.json["status"] == "countered", said.text
            counters.append(said.json["counter_price"]["amount"])
        assert listed >= counters[0] > counters[1] > listed * 66 // 100
        deal = client.post(f"/api/bargain/accept-counter/{session_id}", headers=headers).json
        assert (deal["status"], deal["final_price"]) == ("accepted", money(counters[1]))

        # The price in euros is promised; in the cart it is seen in francs, with what comes on top.
        cart = client.post("/api/cart/add", json={"bargain_id": session_id}, headers=headers)
        assert cart.status_code == 200, cart.text
        options = {"currency": "CHF", "payment_method": "card"}
        shown = client.put("/api/cart/options", json=options, headers=headers).json
        assert shown["total"]["currency"] == "CHF"

        # They check out at the promised price, pay by card, and have their seat.
        wish = {"payment_method": "card", "quote_token": deal["quote_token"]}
        ordered = client.post("/api/cart/checkout", json=wish, headers=headers)
        assert ordered.status_code == 201, ordered.text
        order = ordered.json
        assert order["total"] == shown["total"]
        lines = [line for item in order["lines"] for line in item["lines"]]
        assert stage(lines, "bargain") < 0
        assert stage(lines, "convenience_fee") > 0
        assert all(part["tax"]["currency"] == "CHF" for part in order["taxes"])
        assert sum(part["tax"]["amount"] for part in order["taxes"]) > 0
        paid = client.post(
            "/api/payments/confirm",
            json={"payment_id": order["payment"]["id"], "payment_method": CARD},
            headers=headers,
        )
        assert paid.json["state"] == "paid", paid.text
        assert paid.json["paid"] == order["total"]
        local_stripe.deliver_due(post=posting(client))
        work_off()
        confirmed = client.get(f"/api/orders/{order['id']}", headers=headers).json
        assert confirmed["state"] == "paid"

        # The deal is used, and the session says so.
        ended = client.get(f"/api/bargain/session/{session_id}", headers=headers).json
        assert (ended["status"], ended["used"]) == ("accepted", True)
        again = client.post("/api/cart/add", json={"bargain_id": session_id}, headers=headers)
        assert again.status_code == 409
