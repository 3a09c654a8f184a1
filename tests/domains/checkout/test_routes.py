"""/api/cart over HTTP."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.domains.coupons.entities import CouponKind
from tests.conftest import Stores
from tests.factories.apps import NO_REDIS, running_app
from tests.factories.bookings import Customer, make_class
from tests.factories.catalog import make_retail
from tests.factories.checkout import Visitor, cart, fill
from tests.factories.coupons import eur, make_coupon
from tests.factories.identity import PASSWORD, make_user

EUR_20 = {"amount": 2000, "currency": "EUR"}


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


def things(found: dict[str, Any]) -> dict[str, int]:
    return {
        item["product_id"] or item["slot_id"]: item["quantity"] * item["party"] for item in found["items"]
    }


class TestAdding:
    def test_answers_the_whole_cart_with_its_price(self, ada: Customer) -> None:
        product = make_retail(price=eur("20.00"), stock=5)

        answer = ada.post("/api/cart/add", {"product_id": product.id, "quantity": 2})

        (item,) = answer.json["items"]
        assert answer.status_code == 200
        assert answer.headers["X-Cart-Id"] == answer.json["id"]
        assert (item["name"], item["quantity"], item["left"]) == ("Headphones", 2, 5)
        assert sum(line["amount"]["amount"] for line in item["lines"]) == item["total"]["amount"]
        assert [option["key"] for option in answer.json["shipping"]["options"]] == [
            "standard",
            "express",
            "pickup",
        ]
        assert answer.json["shipping"]["chosen"] == "standard"
        charged = sum(line["amount"]["amount"] for line in answer.json["charges"])
        assert answer.json["total"]["amount"] == item["total"]["amount"] + charged

    def test_takes_slots_beside_goods(self, ada: Customer) -> None:
        product, slot = make_retail(stock=5), ada.slots(make_class(seats=4))[0]

        found = fill(ada, **{product.id: 1, slot["slot_id"]: 3})

        assert things(found) == {product.id: 1, slot["slot_id"]: 3}
        assert found["items"][1]["starts_at"] == slot["starts_at"]

    @pytest.mark.parametrize("wanted", [6, 99])
    def test_more_than_are_left_is_refused_with_the_number_that_is(self, ada: Customer, wanted: int) -> None:
        product = make_retail(stock=5)

        answer = ada.post("/api/cart/add", {"product_id": product.id, "quantity": wanted})

        assert answer.status_code == 409
        assert answer.json["items"][0]["left"] == 5
        assert cart(ada)["items"] == []

    def test_of_what_never_was_is_not_found(self, ada: Customer) -> None:
        for item in ({"product_id": "prd_01kaj3zq6m8v9x2c4b5n7p8q9r"}, {"slot_id": "slt_" + "0" * 32}):
            assert ada.post("/api/cart/add", item).status_code == 404

    @pytest.mark.parametrize(
        "item",
        [
            {},
            {"product_id": "prd_1"},
            {"product_id": None, "slot_id": None},
            {"product_id": "prd_01kaj3zq6m8v9x2c4b5n7p8q9r", "quantity": 0},
            {"product_id": "prd_01kaj3zq6m8v9x2c4b5n7p8q9r", "quantity": 100},
            {"product_id": "prd_01kaj3zq6m8v9x2c4b5n7p8q9r", "party": 2},
            {"slot_id": "slt_" + "0" * 32, "quantity": 2},
        ],
    )
    def test_of_nothing_is_refused(self, ada: Customer, item: Any) -> None:
        assert ada.post("/api/cart/add", item).status_code == 422


class TestChanging:
    def test_updates_removes_and_clears(self, ada: Customer) -> None:
        one, other = make_retail(stock=9), make_retail(stock=9)
        found = fill(ada, **{one.id: 1, other.id: 1})
        first, second = (item["id"] for item in found["items"])

        updated = ada.put("/api/cart/update", {"item_id": first, "quantity": 4})
        removed = ada.delete(f"/api/cart/remove/{second}")
        cleared = ada.delete("/api/cart/clear")

        assert things(updated.json) == {one.id: 4, other.id: 1}
        assert things(removed.json) == {one.id: 4}
        assert (cleared.json["items"], cleared.json["total"]) == ([], None)

    def test_of_an_unknown_item_is_not_found(self, ada: Customer) -> None:
        unknown = "itm_01kaj3zq6m8v9x2c4b5n7p8q9r"

        assert ada.put("/api/cart/update", {"item_id": unknown, "quantity": 4}).status_code == 404
        assert ada.delete(f"/api/cart/remove/{unknown}").status_code == 404

    def test_chooses_delivery_and_country(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=9, price=eur("20.00")).id: 1})

        collected = ada.put("/api/cart/options", {"shipping_option": "pickup"})
        abroad = ada.put("/api/cart/options", {"shipping_option": "express", "country": "BR"})

        assert collected.json["shipping"]["chosen"] == "pickup"
        assert abroad.json["shipping"]["chosen"] == "standard"
        assert "European Union" in abroad.json["shipping"]["options"][1]["refused_because"]

    def test_chooses_the_currency_of_all_amounts(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=9, price=eur("20.00")).id: 1})

        found = ada.put("/api/cart/options", {"currency": "USD"}).json

        amounts = [found["total"], found["items"][0]["total"], *(line["amount"] for line in found["charges"])]
        amounts += [option["price"] for option in found["shipping"]["options"]]
        assert {amount["currency"] for amount in amounts} == {"USD"}
        assert (
            sum(amount["amount"] for amount in amounts[1 : 2 + len(found["charges"])]) == amounts[0]["amount"]
        )

    def test_that_cannot_be_priced_says_why_and_keeps_the_items(self, ada: Customer) -> None:
        product = make_retail(stock=9, price=eur("20.00"))
        fill(ada, **{product.id: 1})

        found = ada.put("/api/cart/options", {"currency": "KWD"}).json

        assert found["total"] is None
        assert "There is no exchange rate for KWD" in found["notices"][0]
        assert things(found) == {product.id: 1}


class TestUnavailableItems:
    def test_are_told_in_words_and_cost_nothing(self, ada: Customer, client: FlaskClient) -> None:
        scarce, plenty = make_retail(stock=2, price=eur("20.00")), make_retail(stock=9, price=eur("60.00"))
        before = fill(ada, **{scarce.id: 2, plenty.id: 1})
        other = Customer.new(client)
        fill(other, **{scarce.id: 1})
        order = other.post("/api/cart/checkout", {"payment_method": "on_site", "shipping_option": "pickup"})
        assert order.status_code == 201, order.text

        found = cart(ada)

        assert found["items"][0]["unavailable"] == "Only 1 of the 2 are left; lower the quantity."
        assert found["items"][0]["total"] is None
        assert found["total"]["amount"] < before["total"]["amount"]


class TestCoupons:
    def test_are_set_and_removed(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=9, price=eur("20.00")).id: 1})
        coupon = make_coupon(amount=eur("5.00"))

        used = ada.put("/api/cart/coupons", {"codes": [coupon.code.lower()]})
        unused = ada.delete(f"/api/cart/coupons/{coupon.code}")

        assert [one["discount"]["amount"] for one in used.json["coupons"]["applied"]] == [500]
        assert unused.json["coupons"] == {"codes": [], "applied": [], "left_out": []}
        assert ada.delete("/api/cart/coupons/none").status_code == 404

    def test_of_free_delivery_take_it_off(self, ada: Customer) -> None:
        before = fill(ada, **{make_retail(stock=9, price=eur("20.00")).id: 1})
        coupon = make_coupon(kind=CouponKind.FREE_SHIPPING)

        used = ada.put("/api/cart/coupons", {"codes": [coupon.code]}).json

        assert used["coupons"]["applied"][0]["discount"] == {"amount": 490, "currency": "EUR"}
        assert used["total"]["amount"] < before["total"]["amount"]
        collected = ada.put("/api/cart/options", {"shipping_option": "pickup"}).json
        assert collected["coupons"]["left_out"][0]["failures"][0]["code"] == "no_shipping"

    def test_cannot_be_guessed_for_long(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=9).id: 1})
        known = make_coupon().code

        statuses = [
            ada.put(
                "/api/cart/coupons", {"codes": [known, *(f"GUESS-{n}-{m}" for m in range(4))]}
            ).status_code
            for n in range(7)
        ]

        assert statuses[:4] == [200] * 4
        assert statuses[-1] == 429
        assert cart(ada)["coupons"]["codes"][0] == known

    def test_see_the_cart_without_being_told_of_its_items(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=9, price=eur("20.00")).id: 2})
        coupon = make_coupon(minimum_order=eur("40.00"))

        answer = ada.post("/api/coupons/apply", {"codes": [coupon.code]})

        assert answer.status_code == 200
        assert answer.json["discount"] == {"amount": 400, "currency": "EUR"}


class TestVisitors:
    def test_are_known_by_a_cookie_that_no_script_reads(self, client: FlaskClient) -> None:
        product = make_retail(stock=5)

        added = client.post("/api/cart/add", json={"product_id": product.id})

        cookie = added.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert added.json["id"] not in cookie.partition("=")[2].partition(".")[0]
        assert things(client.get("/api/cart").json) == {product.id: 1}

    def test_are_known_by_the_id_in_the_header(self, app: Flask) -> None:
        product = make_retail(stock=5)
        cart_id = app.test_client().get("/api/cart").headers["X-Cart-Id"]

        Visitor(app.test_client(), cart_id).post("/api/cart/add", {"product_id": product.id})

        assert things(Visitor(app.test_client(), cart_id).get("/api/cart").json) == {product.id: 1}
        assert things(app.test_client().get("/api/cart").json) == {}

    @pytest.mark.parametrize("cookie", ["", "x", '"crt_01kaj3zq6m8v9x2c4b5n7p8q9r".forged'])
    def test_with_a_cookie_of_somebody_elses_making_are_new(self, client: FlaskClient, cookie: str) -> None:
        client.set_cookie("climbup_cart", cookie, path="/api")

        answer = client.get("/api/cart")

        assert answer.status_code == 200
        assert answer.json["id"] != "crt_01kaj3zq6m8v9x2c4b5n7p8q9r"

    def test_cannot_check_out(self, client: FlaskClient) -> None:
        assert client.post("/api/cart/checkout", json={"payment_method": "on_site"}).status_code == 401


class TestSigningIn:
    def test_brings_the_visitors_cart_along_once(self, app: Flask) -> None:
        product, other = make_retail(stock=5), make_retail(stock=5)
        user = make_user()
        fill(Customer.of(app.test_client(), user), **{product.id: 3})
        browser = app.test_client()
        browser.post("/api/cart/add", json={"product_id": product.id, "quantity": 4})
        browser.post("/api/cart/add", json={"product_id": other.id, "quantity": 1})

        signed_in = browser.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})
        headers = {"Authorization": f"Bearer {signed_in.json['access_token']}"}
        first = browser.get("/api/cart", headers=headers)
        again = browser.get("/api/cart", headers=headers)

        assert things(first.json) == things(again.json) == {product.id: 5, other.id: 1}
        assert first.json["notices"] == ["Headphones: 5 instead of 7 in your cart, as 5 are left."]
        assert again.json["notices"] == []
        assert browser.get_cookie("climbup_cart", path="/api") is None

    def test_brings_it_along_when_coupons_are_asked_for_first(self, app: Flask) -> None:
        product, coupon = make_retail(stock=5), make_coupon()
        ada = Customer.new(app.test_client())
        browser = app.test_client()
        browser.post("/api/cart/add", json={"product_id": product.id})

        applied = browser.post("/api/coupons/apply", json={"codes": [coupon.code]}, headers=ada.headers)

        assert applied.json["discount"] == {"amount": 1000, "currency": "EUR"}
        assert things(browser.get("/api/cart", headers=ada.headers).json) == {product.id: 1}

    def test_that_fails_leaves_the_visitors_cart_with_the_browser(self, app: Flask) -> None:
        product = make_retail(stock=5)
        browser = app.test_client()
        browser.post("/api/cart/add", json={"product_id": product.id})

        refused = browser.get("/api/cart", headers={"Authorization": "Bearer nonsense"})

        assert refused.status_code == 401
        assert things(browser.get("/api/cart").json) == {product.id: 1}


class TestWithoutRedis:
    def test_a_cart_is_refused_and_is_there_again_afterwards(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            product = make_retail(stock=5)
            cart_id = app.test_client().post("/api/cart/add", json={"product_id": product.id}).json["id"]
        with running_app(own_stores, redis_url=NO_REDIS) as app:
            refused = Visitor(app.test_client(), cart_id).post("/api/cart/add", {"product_id": product.id})
        with running_app(own_stores) as app:
            found = Visitor(app.test_client(), cart_id).get("/api/cart").json

        assert refused.status_code == 503
        assert "nothing was changed" in refused.json["detail"]
        assert things(found) == {product.id: 1}
