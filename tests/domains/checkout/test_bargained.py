"""What was bargained for, in carts and orders, over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from backend.domains.catalog.entities import Product
from backend.domains.checkout.settling import OrderSettlement
from backend.domains.pricing.wanted import Item
from backend.infra.postgres import db
from backend.kernel import ids
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class
from tests.factories.catalog import make_flight, make_retail
from tests.factories.checkout import ADDRESS, ON_DELIVERY, Visitor, cart, fill, place
from tests.factories.coupons import eur, make_coupon
from tests.factories.till import Till
from tests.fakes.clock import FakeClock
from tests.fakes.deals import FakeDeals, dealing

CARD = {"payment_method": "card", "shipping_address": ADDRESS}


@pytest.fixture
def deals(app: Flask) -> Iterator[FakeDeals]:
    with dealing(app) as fake:
        yield fake


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


@pytest.fixture
def shoes(app: Flask) -> Product:
    return make_retail(stock=9, price=eur("50.00"))


@pytest.fixture
def bargain_id(deals: FakeDeals, ada: Customer, shoes: Product) -> str:
    """Ada may have two pairs for 80.00 EUR, not 100.00."""
    return agree(deals, ada, "80.00", product_id=shoes.id, quantity=2)


def agree(deals: FakeDeals, customer: Customer, price: str, *, combines: bool = False, **item: Any) -> str:
    return deals.agree(
        user_id=customer.user.id, item=Item(**item), price=eur(price), now=NOW, combines=combines
    )


def add(customer: Customer, bargain_id: str) -> dict[str, Any]:
    """The cart with what was bargained for."""
    answer = customer.post("/api/cart/add", {"bargain_id": bargain_id})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def promise(customer: Customer, bargain_id: str, **asked: Any) -> dict[str, Any]:
    """A quote for what was bargained for."""
    answer = customer.post("/api/quotes", {"items": [{"bargain_id": bargain_id}], **asked})
    assert answer.status_code == 201, answer.text
    quote: dict[str, Any] = answer.json
    return quote


def orders() -> int:
    return int(db.session.execute(text("SELECT count(*) FROM orders")).scalar_one())


def stages(item: dict[str, Any]) -> dict[str, int]:
    """What each stage adds, in cents."""
    return {line["stage"]: line["amount"]["amount"] for line in item["lines"]}


class TestCarts:
    def test_have_it_at_the_price_and_in_the_number_that_was_agreed(
        self, ada: Customer, bargain_id: str
    ) -> None:
        (item,) = add(ada, bargain_id)["items"]

        assert (item["quantity"], item["bargain_id"], item["notice"]) == (2, bargain_id, None)
        assert stages(item) == {"base": 10000, "bargain": -2000}
        assert cart(ada)["items"] == [item]

    def test_keep_its_number(self, ada: Customer, bargain_id: str) -> None:
        found = add(ada, bargain_id)

        answer = ada.put("/api/cart/update", {"item_id": found["items"][0]["id"], "quantity": 3})

        assert answer.status_code == 409
        assert answer.json["bargain_id"] == bargain_id
        assert cart(ada) == found

    @pytest.mark.parametrize("number", [{"quantity": 2}, {"party": 2}, {"product_id": "prd_1"}])
    def test_take_nothing_else_beside_a_bargain(self, ada: Customer, number: dict[str, Any]) -> None:
        answer = ada.post("/api/cart/add", {"bargain_id": ids.new_id(ids.BARGAIN), **number})

        assert answer.status_code == 422

    def test_know_no_bargain_of_another(self, client: FlaskClient, bargain_id: str) -> None:
        eve = Customer.new(client)

        answers = [one.post("/api/cart/add", {"bargain_id": bargain_id}) for one in (eve, Visitor(client))]

        assert [answer.status_code for answer in answers] == [404, 404]

    def test_refuse_it_when_too_few_are_left(self, ada: Customer, deals: FakeDeals) -> None:
        last = make_retail(stock=1)

        answer = ada.post(
            "/api/cart/add", {"bargain_id": agree(deals, ada, "9.00", product_id=last.id, quantity=2)}
        )

        assert answer.status_code == 409
        assert cart(ada)["items"] == []

    def test_price_it_in_the_currency_that_is_paid_in(self, ada: Customer, bargain_id: str) -> None:
        add(ada, bargain_id)

        found = ada.put("/api/cart/options", {"currency": "JPY"}).json

        (item,) = found["items"]
        assert item["total"]["currency"] == "JPY"
        assert sum(stages(item).values()) == item["total"]["amount"]

    def test_say_that_coupons_do_not_come_on_top(self, ada: Customer, bargain_id: str) -> None:
        add(ada, bargain_id)
        code = make_coupon(code="TEN").code

        found = ada.put("/api/cart/coupons", {"codes": [code]}).json

        assert found["coupons"]["applied"] == []
        assert "coupons do not come on top" in str(found["coupons"]["left_out"])
        assert "coupons do not come on top" in ada.post("/api/coupons/apply", {"codes": [code]}).text

    def test_take_coupons_off_a_deal_that_combines(
        self, ada: Customer, deals: FakeDeals, shoes: Product
    ) -> None:
        add(ada, agree(deals, ada, "40.00", product_id=shoes.id, combines=True))
        code = make_coupon(code="TEN").code

        found = ada.put("/api/cart/coupons", {"codes": [code]}).json

        assert stages(found["items"][0]) == {"base": 5000, "coupon": -400, "bargain": -1000}

    def test_of_experts_are_handed_over_at_the_usual_price(
        self, client: FlaskClient, ada: Customer, deals: FakeDeals, shoes: Product
    ) -> None:
        elena = Customer.new(client, roles=[Role.CUSTOMER, Role.EXPERT])
        add(elena, agree(deals, elena, "40.00", product_id=shoes.id))

        elena.post("/api/cart/hand-over", {"user_id": ada.user.id})

        (item,) = cart(ada)["items"]
        assert (item["bargain_id"], item["total"]["amount"]) == (None, 5000)
        assert item["notice"].startswith("Somebody else bargained for this")


class TestLapsedDeals:
    def test_that_ran_out_leave_the_item_at_its_usual_price_and_say_so(
        self, ada: Customer, bargain_id: str, shared_clock: FakeClock
    ) -> None:
        add(ada, bargain_id)
        shared_clock.advance(minutes=30)

        found, again = cart(ada), cart(ada)

        (item,) = found["items"]
        assert (item["bargain_id"], item["total"]["amount"]) == (None, 10000)
        assert item["notice"] == "The price that you bargained for has run out; this is its usual price."
        assert again["items"] == found["items"]

    def test_that_an_order_had_are_told(self, ada: Customer, bargain_id: str, deals: FakeDeals) -> None:
        add(ada, bargain_id)
        deals.used[bargain_id] = "ord_1"

        assert cart(ada)["items"][0]["notice"].startswith("An order has had the price")

    def test_in_another_currency_than_the_price_are_told(
        self, ada: Customer, bargain_id: str, shoes: Product
    ) -> None:
        add(ada, bargain_id)
        db.session.execute(
            text("UPDATE products SET currency = 'USD' WHERE id = :product"), {"product": shoes.id}
        )
        db.session.commit()

        (item,) = cart(ada)["items"]

        assert item["notice"].startswith("The price that was bargained for is not for this")
        assert item["total"] == {"amount": 10000, "currency": "USD"}

    def test_are_not_charged_at_the_usual_price_before_that_was_seen(
        self, ada: Customer, bargain_id: str, shared_clock: FakeClock
    ) -> None:
        add(ada, bargain_id)
        shared_clock.advance(minutes=30)

        refused = ada.post("/api/cart/checkout", ON_DELIVERY)
        seen = cart(ada)

        assert refused.status_code == 410
        assert place(ada)["total"] == seen["total"] | {"amount": seen["total"]["amount"] + 250}


class TestOrders:
    def test_are_at_the_price_that_was_agreed_and_remember_it(
        self, ada: Customer, bargain_id: str, deals: FakeDeals
    ) -> None:
        add(ada, bargain_id)

        order = place(ada)

        line = order["lines"][0]
        assert (line["amount"]["amount"], line["bargain_id"]) == (8000, bargain_id)
        assert deals.used == {bargain_id: order["id"]}
        assert cart(ada)["items"] == []
        assert order["lines"][-1]["bargain_id"] is None

    def test_of_a_slot_book_it_at_that_price(self, ada: Customer, deals: FakeDeals) -> None:
        slot = ada.slots(make_class(seats=4))[0]["slot_id"]
        add(ada, agree(deals, ada, "30.00", slot_id=slot, party=2))

        order = place(ada, payment_method="on_site")

        booking = ada.get(f"/api/bookings/{order['lines'][0]['booking_id']}").json
        assert booking["total"] == {"amount": 3000, "currency": "EUR"}

    def test_have_a_deal_once(self, ada: Customer, bargain_id: str, deals: FakeDeals) -> None:
        add(ada, bargain_id)
        deals.used[bargain_id] = "ord_1"

        answer = ada.post("/api/cart/checkout", ON_DELIVERY)

        assert (answer.status_code, orders()) == (409, 0)

    def test_that_are_cancelled_give_it_back(self, ada: Customer, bargain_id: str, deals: FakeDeals) -> None:
        add(ada, bargain_id)
        order = place(ada)

        ada.delete(f"/api/orders/{order['id']}")

        assert deals.used == {}
        assert add(ada, bargain_id)["items"][0]["total"]["amount"] == 8000

    def test_that_are_not_paid_give_it_back(self, ada: Customer, bargain_id: str, deals: FakeDeals) -> None:
        add(ada, bargain_id)
        order = Till(ada).order(shipping_address=ADDRESS)
        claimed = dict(deals.used)

        settlement = svcs.flask.get(OrderSettlement)
        settlement.lock(subject=order["id"])
        settlement.release(subject=order["id"], reason="It was not paid.", now=NOW)

        assert (claimed, deals.used) == ({bargain_id: order["id"]}, {})


class TestPromises:
    def test_of_a_deal_leave_payment_and_delivery_open(
        self, ada: Customer, bargain_id: str, deals: FakeDeals
    ) -> None:
        quote = promise(ada, bargain_id)
        add(ada, bargain_id)

        order = place(ada, quote_token=quote["token"], shipping_option="express")

        assert [line["name"] for line in order["lines"][1:]] == [
            "Express delivery",
            "Payment on delivery.",
        ]
        assert order["lines"][0]["amount"]["amount"] == 8000
        assert deals.used == {bargain_id: order["id"]}

    def test_of_a_deal_leave_the_currency_open(self, ada: Customer, bargain_id: str) -> None:
        quote = promise(ada, bargain_id)
        add(ada, bargain_id)
        seen = ada.put("/api/cart/options", {"currency": "USD", "payment_method": "on_delivery"}).json

        order = place(ada, quote_token=quote["token"])

        assert order["total"]["currency"] == "USD"
        assert order["lines"][0]["amount"] == seen["items"][0]["total"]

    def test_of_a_flight_are_paid_with_tax_and_fee_in_another_currency(
        self, client: FlaskClient, deals: FakeDeals
    ) -> None:
        xenia = Customer.new(client, country="CH")
        flight = make_flight(price=eur("100.00"), cost_minor=7000)
        bargain_id = agree(deals, xenia, "170.00", product_id=flight.id, quantity=2)
        quote = promise(xenia, bargain_id)
        add(xenia, bargain_id)
        xenia.put("/api/cart/options", {"currency": "CHF", "country": "CH"})

        order = Till(xenia).order(quote_token=quote["token"])

        seats, fee = order["lines"]
        in_euros = [line["stage"] for line in quote["lines"]]
        assert (in_euros, quote["total"]["amount"]) == (["base", "markup", "bargain"], 17000)
        assert [line["stage"] for line in seats["lines"]] == in_euros
        assert [line["stage"] for line in fee["lines"]] == ["convenience_fee"]
        assert {line["amount"]["currency"] for line in order["lines"]} == {"CHF"}
        assert order["taxes"][0]["label"] == "VAT 10 %"

    def test_of_a_deal_count_for_the_same_thing_put_in_by_itself(
        self, ada: Customer, bargain_id: str, shoes: Product
    ) -> None:
        quote = promise(ada, bargain_id)
        fill(ada, **{shoes.id: 2})

        order = place(ada, quote_token=quote["token"])

        assert (order["lines"][0]["amount"]["amount"], order["lines"][0]["bargain_id"]) == (8000, bargain_id)

    def test_of_a_deal_keep_their_coupons(self, ada: Customer, deals: FakeDeals, shoes: Product) -> None:
        bargain_id = agree(deals, ada, "40.00", product_id=shoes.id, combines=True)
        quote = promise(ada, bargain_id, coupon=make_coupon(code="TEN").code)
        add(ada, bargain_id)

        order = place(ada, quote_token=quote["token"])

        assert order["lines"][0]["amount"]["amount"] == 3600

    def test_that_say_all_are_kept_to_the_cent(self, ada: Customer, bargain_id: str) -> None:
        said = {"payment_method": "on_delivery", "shipping": "standard", "country": "FR"}
        quote = promise(ada, bargain_id, **said)
        add(ada, bargain_id)

        order = place(ada, quote_token=quote["token"])

        assert (order["quote_id"], order["total"]) == (quote["id"], quote["total"])

    @pytest.mark.parametrize(
        ("asked", "wish"),
        [({"payment_method": "card"}, {}), ({"shipping": "pickup"}, {"shipping_option": "standard"})],
    )
    def test_that_say_otherwise_are_refused(
        self, ada: Customer, bargain_id: str, asked: dict[str, Any], wish: dict[str, Any]
    ) -> None:
        quote = promise(ada, bargain_id, **asked)
        add(ada, bargain_id)

        answer = ada.post("/api/cart/checkout", {**ON_DELIVERY, "quote_token": quote["token"], **wish})

        assert answer.status_code == 409

    def test_of_another_deal_than_the_cart_has_are_refused(
        self, ada: Customer, bargain_id: str, deals: FakeDeals, shoes: Product
    ) -> None:
        other = agree(deals, ada, "90.00", product_id=shoes.id, quantity=2)
        add(ada, bargain_id)

        answer = ada.post("/api/cart/checkout", {**ON_DELIVERY, "quote_token": promise(ada, other)["token"]})

        assert answer.status_code == 409
        assert "other items" in answer.json["detail"]

    def test_are_kept_once(self, ada: Customer, bargain_id: str) -> None:
        quote = promise(ada, bargain_id)
        add(ada, bargain_id)
        place(ada, quote_token=quote["token"])
        fill(ada)

        again = ada.post("/api/cart/add", {"bargain_id": bargain_id})

        assert again.status_code == 409
