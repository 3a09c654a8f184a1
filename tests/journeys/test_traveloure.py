"""A trip in one cart: a consultant, a guide who has to agree, goods, and a hotel that a partner sells."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.kernel.roles import Role
from backend.local_stripe.local import LocalStripe
from tests.factories.bookings import Customer, Shop, make_class, make_consultant
from tests.factories.catalog import make_external, make_retail
from tests.factories.checkout import ADDRESS, fill
from tests.factories.payments import posting
from tests.factories.till import CARD, balance, onboarded, work_off


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    """A traveller."""
    return Customer.new(client)


def statement(reader: Customer, shop: Shop) -> dict[str, Any]:
    """A provider's statement of the day."""
    query = {"from": "2026-12-07", "to": "2026-12-08"}
    answer = reader.get(f"/api/providers/{shop.provider.id}/statement", query_string=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def fates(answer: dict[str, Any]) -> dict[str, str]:
    """What became of each thing, by its name."""
    return {item["name"]: item["status"] for item in answer["items"]}


class TestATrip:
    def test_is_paid_once_and_told_of_item_by_item(
        self, ada: Customer, client: FlaskClient, local_stripe: LocalStripe
    ) -> None:
        consultant, guide = make_consultant(name="Travel advice"), make_class(seats=20, name="Louvre tour")
        for shop in (consultant, guide):
            onboarded(local_stripe, shop)
        umbrella, hotel = make_retail(name="Umbrella", stock=5), make_external(name="Hotel Lumen")
        advice = ada.slots(consultant)[0]["slot_id"]
        tour = ada.slots(guide, party=10)[0]["slot_id"]

        # An expert puts everything into one cart, and hands it over. The hotel costs nothing here.
        eve = Customer.new(client, roles=[Role.EXPERT])
        fill(eve, **{advice: 1, tour: 10, umbrella.id: 2, hotel.id: 1})
        handed = eve.post("/api/cart/hand-over", {"user_id": ada.user.id, "note": "As we said."})
        assert handed.status_code == 200, handed.text
        cart = ada.get("/api/cart").json
        assert cart["expert"]["id"] == eve.user.id
        asked = [item["name"] for item in cart["items"] if item["needs_approval"]]
        assert asked == ["Louvre tour"]

        # One order, one payment, and a link to the partner.
        ordered = ada.post("/api/bookings/process-cart", {"shipping_address": ADDRESS})
        assert ordered.status_code == 201, ordered.text
        assert ordered.json["order"]["total"] == cart["total"]
        assert ada.get("/api/cart").json["items"] == []
        (link,) = ordered.json["links"]
        gone = client.get(link["path"])
        assert (gone.status_code, link["name"]) == (302, "Hotel Lumen")

        # Paid: what is instant is theirs, the guide is asked.
        pay = {"payment_id": ordered.json["payment"]["id"], "payment_method": CARD}
        paid = ada.post("/api/bookings/confirm", pay)
        assert paid.json["payment"]["state"] == "authorised"
        assert fates(paid.json) == {
            "Travel advice": "confirmed",
            "Louvre tour": "awaits_provider",
            "Umbrella": "confirmed",
        }

        # The guide agrees, and the money is taken and passed on.
        owner = Customer.of(client, guide.owner)
        request = next(item["booking_id"] for item in paid.json["items"] if item["kind"] == "request")
        path = f"/api/booking-requests/{request}/respond"
        answered = client.patch(path, json={"decision": "approve"}, headers=owner.headers)
        assert answered.json["status"] == "confirmed"
        local_stripe.deliver_due(post=posting(client))
        work_off()
        seen = ada.post("/api/bookings/confirm", {"payment_id": pay["payment_id"]}).json
        assert seen["payment"]["state"] == "paid"
        assert seen["payment"]["paid"] == cart["total"]
        assert set(fates(seen).values()) == {"confirmed"}

        # Half of the guide's price goes back; the rest stays as it was.
        staff = Customer.new(client, roles=[Role.SUPPORT])
        price = next(item["amount"] for item in seen["items"] if item["booking_id"] == request)
        half = {"amount": price["amount"] // 2, "currency": "EUR"}
        wish = {"part": request, "amount": half, "reason": "It rained."}
        back = staff.post(f"/api/payments/{pay['payment_id']}/refund", wish)
        assert back.status_code == 200, back.text
        work_off()
        told = ada.post("/api/bookings/confirm", {"payment_id": pay["payment_id"]}).json
        assert told["payment"]["refunded"] == half

        # The expert has their share of what stayed.
        assert balance(f"expert:{eve.user.id}") < 0

        # Both providers see what they earned and what they were paid, and owe nothing.
        (guides,) = statement(owner, guide)["currencies"]
        (advisers,) = statement(Customer.of(client, consultant.owner), consultant)["currencies"]
        assert [guides["closing"]["amount"], advisers["closing"]["amount"]] == [0, 0]
        assert balance(f"provider:{guide.provider.id}") == 0
        assert {line["kind"] for line in guides["lines"]} == {
            "charge",
            "transfer",
            "refund",
            "transfer_reversal",
        }
