"""An expert puts a trip together for a customer, who changes it and sees what it costs."""

from flask.testing import FlaskClient

from backend.kernel.roles import Role
from tests.factories.bookings import Customer, make_class, make_consultant
from tests.factories.catalog import make_external, make_retail
from tests.factories.checkout import cart, fill


class TestAnAdvisedTrip:
    def test_is_the_customers_to_change_and_to_pay(self, client: FlaskClient) -> None:
        ada = Customer.new(client, email="ada@example.com")
        elena = Customer.new(client, name="Elena Petrova", roles=[Role.CUSTOMER, Role.EXPERT])
        advice, tour = make_consultant(name="Travel advice"), make_class(seats=20, name="Louvre tour")
        umbrella, hotel = make_retail(name="Umbrella", stock=5), make_external(name="Hotel Lumen")

        # The expert builds a cart like anybody.
        slots = [ada.slots(shop)[0]["slot_id"] for shop in (advice, tour)]
        built = fill(elena, **{slots[0]: 1, slots[1]: 2, hotel.id: 1})
        assert [item["name"] for item in built["items"]] == ["Travel advice", "Louvre tour", "Hotel Lumen"]

        # The customer had something in theirs already, and is handed the rest.
        fill(ada, **{umbrella.id: 1})
        handed = elena.post("/api/cart/hand-over", {"customer_email": "ada@example.com", "note": "Enjoy!"})
        assert (handed.status_code, handed.json["items"]) == (200, [])

        # One cart at one price, which the hotel is no part of.
        found = cart(ada)
        priced = {item["name"]: item["total"] for item in found["items"]}
        assert list(priced) == ["Umbrella", "Travel advice", "Louvre tour", "Hotel Lumen"]
        assert priced.pop("Hotel Lumen") is None
        charges = sum(line["amount"]["amount"] for line in found["charges"])
        assert found["total"]["amount"] == charges + sum(total["amount"] for total in priced.values())
        assert (found["expert"]["name"], found["expert"]["note"]) == ("Elena Petrova", "Enjoy!")

        # They take the tour out, and later do without the advice: the price is the same.
        tour_item = next(item["id"] for item in found["items"] if item["name"] == "Louvre tour")
        smaller = ada.delete(f"/api/cart/remove/{tour_item}").json
        alone = ada.delete("/api/cart/expert").json
        assert smaller["expert"]["name"] == "Elena Petrova"
        assert (alone["expert"], alone["total"]) == (None, smaller["total"])
