"""Carts that experts put together for customers, over HTTP."""

from typing import Any

import pytest
import svcs
from flask.testing import FlaskClient

from backend.domains.checkout.cart_prices import CartPrices, Quoted
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import MOST_ITEMS, new_cart
from backend.domains.checkout.promises import CartChangedError
from backend.domains.pricing.order_quotes import OrderQuotes
from backend.infra.event_buffer import EventBuffer
from backend.kernel.money import total
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class
from tests.factories.catalog import make_external, make_retail
from tests.factories.checkout import cart, fill, place
from tests.factories.coupons import eur, make_coupon
from tests.fakes.events import FakeEventStore

HAND_OVER = "/api/cart/hand-over"
NOBODY = "usr_01kaj3zq6m8v9x2c4b5n7p8q9r"


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client, email="ada@example.com")


@pytest.fixture
def elena(client: FlaskClient) -> Customer:
    return Customer.new(client, name="Elena Petrova", roles=[Role.CUSTOMER, Role.EXPERT])


def quoted(customer: Customer) -> Quoted:
    """What the customer's cart is promised to cost."""
    contents = svcs.flask.get(CartStore).read(CartOwner(customer.user.id, None))
    prices = svcs.flask.get(CartPrices)
    return prices.quoted(contents, user_id=customer.user.id, token=None, now=NOW)


def hand_over(elena: Customer, ada: Customer, **things: int) -> None:
    """The expert puts these things into the customer's cart."""
    fill(elena, **things)
    answer = elena.post(HAND_OVER, {"user_id": ada.user.id})
    assert answer.status_code == 200, answer.text


class TestHandingOver:
    def test_makes_it_the_customers_and_empties_the_experts(self, ada: Customer, elena: Customer) -> None:
        goods, slot = make_retail(stock=9), elena.slots(make_class(seats=4))[0]["slot_id"]
        hotel, code = make_external(), make_coupon().code
        fill(elena, **{goods.id: 2, slot: 3, hotel.id: 1})
        elena.put("/api/cart/coupons", {"codes": [code]})
        elena.put("/api/cart/options", {"country": "FR"})

        answer = elena.post(HAND_OVER, {"customer_email": "Ada@Example.com", "note": "Three days in May."})

        found = cart(ada)
        assert answer.status_code == 200
        assert (answer.json["items"], answer.json["expert"]) == ([], None)
        assert [item["product_id"] or item["slot_id"] for item in found["items"]] == [
            goods.id,
            slot,
            hotel.id,
        ]
        assert (found["coupons"]["codes"], found["country"]) == ([code], "FR")
        assert found["expert"] == {
            "id": elena.user.id,
            "name": "Elena Petrova",
            "note": "Three days in May.",
        }
        assert cart(elena)["items"] == []

    def test_adds_to_what_the_customer_has(self, ada: Customer, elena: Customer) -> None:
        mine, both = make_retail(stock=9), make_retail(stock=3)
        fill(ada, **{mine.id: 1, both.id: 2})
        ada.put("/api/cart/options", {"shipping_option": "pickup"})
        elena.put("/api/cart/options", {"shipping_option": "express"})

        hand_over(elena, ada, **{both.id: 2})

        found = cart(ada)
        assert [(item["product_id"], item["quantity"]) for item in found["items"]] == [
            (mine.id, 1),
            (both.id, 3),
        ]
        assert found["notices"] == ["Headphones: 3 instead of 4 in your cart, as 3 are left."]
        assert found["shipping"]["chosen"] == "pickup"
        assert found["expert"]["note"] is None

    def test_credits_the_last_expert_alone(self, client: FlaskClient, ada: Customer, elena: Customer) -> None:
        other = Customer.new(client, roles=[Role.EXPERT])
        for expert in (elena, other):
            hand_over(expert, ada, **{make_retail(stock=9).id: 1})

        found = cart(ada)

        assert (found["expert"]["id"], len(found["items"])) == (other.user.id, 2)

    def test_fills_a_cart_no_further_than_it_goes(self, ada: Customer, elena: Customer) -> None:
        full = new_cart()
        for number in range(MOST_ITEMS):
            full = full.with_product(f"prd_{number}", 1)
        svcs.flask.get(CartStore).change(CartOwner(ada.user.id, None), lambda _: full)

        hand_over(elena, ada, **{make_retail(stock=9).id: 1})

        found = cart(ada)
        assert len(found["items"]) == MOST_ITEMS
        assert "A cart takes 50 different things; 1 more did not fit." in found["notices"]

    def test_is_told_to_the_behaviour_log(
        self, ada: Customer, elena: Customer, events: FakeEventStore
    ) -> None:
        goods = make_retail(stock=9)

        hand_over(elena, ada, **{goods.id: 1})

        svcs.flask.get(EventBuffer).flush()
        (told,) = [event for event in events.events if event.name == "cart.handed_over"]
        assert (told.user_id, dict(told.data)) == (
            ada.user.id,
            {"expert_id": elena.user.id, "items": [goods.id]},
        )

    def test_twice_with_one_key_is_once(self, ada: Customer, elena: Customer) -> None:
        fill(elena, **{make_retail(stock=9).id: 1})
        key = {**elena.headers, "Idempotency-Key": "one"}

        answers = [elena.post(HAND_OVER, {"user_id": ada.user.id}, headers=key) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200, 200]
        assert [item["quantity"] for item in cart(ada)["items"]] == [1]


class TestRefusals:
    @pytest.mark.parametrize("to", [{"user_id": NOBODY}, {"customer_email": "nobody@example.com"}])
    def test_of_nobody_we_know_tells_no_more(self, elena: Customer, to: dict[str, str]) -> None:
        fill(elena, **{make_retail(stock=9).id: 1})

        answer = elena.post(HAND_OVER, to)

        assert answer.status_code == 404
        assert answer.json["detail"] == "There is no such customer; ask them to register first."
        assert len(cart(elena)["items"]) == 1

    def test_of_an_empty_cart(self, ada: Customer, elena: Customer) -> None:
        assert elena.post(HAND_OVER, {"user_id": ada.user.id}).status_code == 409

    def test_of_ones_own(self, elena: Customer) -> None:
        fill(elena, **{make_retail(stock=9).id: 1})

        assert elena.post(HAND_OVER, {"user_id": elena.user.id}).status_code == 422
        assert elena.post(HAND_OVER, {"customer_email": elena.user.email}).status_code == 422

    def test_by_who_is_no_expert(self, ada: Customer, elena: Customer) -> None:
        assert ada.post(HAND_OVER, {"user_id": elena.user.id}).status_code == 403

    @pytest.mark.parametrize(
        "to", [{}, {"user_id": NOBODY, "customer_email": "a@example.com"}, {"customer_email": "nobody"}]
    )
    def test_of_no_one_customer(self, elena: Customer, to: dict[str, str]) -> None:
        assert elena.post(HAND_OVER, to).status_code == 422


class TestAdvice:
    def test_earns_the_expert_a_share_of_each_item_and_costs_the_customer_nothing(
        self, ada: Customer, elena: Customer
    ) -> None:
        goods, slot = make_retail(stock=9, price=eur("50.00")), ada.slots(make_class(seats=4))[0]["slot_id"]
        fill(ada, **{goods.id: 2, slot: 2})
        before = quoted(ada)
        hand_over(elena, ada, **{make_external().id: 1})

        after = quoted(ada)

        shares = [price.shares for price in after.price.items if price.shares is not None]
        assert after.expert_id == elena.user.id
        assert after.price.total == before.price.total
        assert len(shares) == 2
        assert all(share.expert.minor > 0 for share in shares)
        assert [total(share.parts, "EUR") for share in shares] == [price.total for price in after.price.items]
        assert not any(price.shares and price.shares.expert for price in before.price.items)

    def test_is_remembered_by_the_quote(self, ada: Customer, elena: Customer) -> None:
        hand_over(elena, ada, **{make_retail(stock=9).id: 1})
        made = quoted(ada).quote

        explained = svcs.flask.get(OrderQuotes).explain(quote_id=made.id)

        assert explained.quote.wanted.expert_id == elena.user.id
        assert explained.again.items == made.price.items

    def test_is_no_part_of_a_quote_that_was_made_without_it(self, ada: Customer, elena: Customer) -> None:
        goods = make_retail(stock=9)
        fill(ada, **{goods.id: 1})
        wanted = {"items": [{"product_id": goods.id, "quantity": 1}], "shipping": "standard", "country": "FR"}
        token = ada.post("/api/quotes", wanted).json["token"]
        hand_over(elena, ada, **{make_external().id: 1})
        contents = svcs.flask.get(CartStore).read(CartOwner(ada.user.id, None))

        with pytest.raises(CartChangedError, match="other advice"):
            svcs.flask.get(CartPrices).quoted(contents, user_id=ada.user.id, token=token, now=NOW)

    def test_is_dropped_and_the_things_stay(self, ada: Customer, elena: Customer) -> None:
        hand_over(elena, ada, **{make_retail(stock=9).id: 1})

        answers = [ada.delete("/api/cart/expert") for _ in range(2)]

        assert [answer.json["expert"] for answer in answers] == [None, None]
        assert len(cart(ada)["items"]) == 1
        assert quoted(ada).expert_id is None

    @pytest.mark.parametrize("end", ["order", "clear"])
    def test_ends_with_what_it_was_for(self, ada: Customer, elena: Customer, end: str) -> None:
        hand_over(elena, ada, **{make_retail(stock=9).id: 1})

        if end == "order":
            place(ada)
        else:
            ada.delete("/api/cart/clear")

        found: dict[str, Any] = fill(ada, **{make_retail(stock=9).id: 1})
        assert found["expert"] is None
