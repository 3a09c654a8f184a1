"""What partners sell, in carts: shown, kept, and never charged."""

from typing import Any

import hypothesis.strategies as st
import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from sqlalchemy import text

from backend.domains.checkout.cart_prices import CartPrices
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import Contents, contents_of, document_of, new_cart
from backend.domains.checkout.placing import ON_DELIVERY, Checkout, CheckoutWish
from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.bookings import Customer
from tests.factories.catalog import make_external, make_retail
from tests.factories.checkout import ADDRESS, ON_SITE, cart, fill, place
from tests.factories.coupons import eur, make_coupon
from tests.factories.identity import make_user

HOTELS = st.lists(
    st.tuples(st.integers(0, 99_999), st.sampled_from(["EUR", "USD", "JPY"]), st.integers(1, 9)), max_size=3
)


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


def money_of(found: dict[str, Any]) -> list[Any]:
    """Everything in a cart that costs or changes what is paid."""
    names = ("total", "charges", "taxes", "due_now", "due_later", "coupons", "shipping")
    return [found[name] for name in names]


class TestContents:
    def test_know_what_partners_sell(self) -> None:
        mixed = (
            new_cart().with_product("prd_1", 1).with_product("prd_2", 2, external=True).with_slot("slt_1", 1)
        )

        assert [item.thing for item in mixed.external] == ["prd_2"]
        assert contents_of(document_of(mixed)) == mixed

    def test_keep_it_when_the_rest_is_ordered(self) -> None:
        mixed = new_cart().with_product("prd_1", 1).with_product("prd_2", 2, external=True)

        left = mixed.without_ordered(mixed.items)

        assert left.items == mixed.external

    def test_lose_it_once_it_became_links_and_nothing_else(self) -> None:
        mixed = new_cart().with_product("prd_1", 1).with_product("prd_2", 2, external=True)
        later = mixed.with_product("prd_3", 1, external=True)

        left = later.without_external(mixed.items)

        assert [item.thing for item in left.items] == ["prd_1", "prd_3"]

    def test_know_it_after_a_merge_too(self) -> None:
        visitor = new_cart().with_product("prd_2", 2, external=True)

        merged = new_cart().with_product("prd_2", 1, external=True).merged_with(visitor, kept={})

        assert [(item.thing, item.quantity) for item in merged.external] == [("prd_2", 3)]


class TestACart:
    def test_shows_it_with_its_partner_and_price(self, ada: Customer) -> None:
        hotel = make_external()

        found = fill(ada, **{hotel.id: 2})

        (item,) = found["items"]
        assert (item["kind"], item["external"], item["partner"]) == ("external", True, "Booking.com")
        assert (item["total"], item["unavailable"], item["lines"]) == (None, None, [])
        assert item["shown_price"] == {"amount": 12000, "currency": "EUR"}
        assert (found["total"], found["notices"]) == (None, [])

    def test_costs_the_same_with_it_and_without(self, ada: Customer) -> None:
        goods, hotel = make_retail(stock=9, price=eur("20.00")), make_external(price=Money(99_900, "USD"))
        ada_without = Customer.new(ada.client)
        code = make_coupon().code
        for customer in (ada, ada_without):
            fill(customer, **{goods.id: 2})
            customer.put("/api/cart/coupons", {"codes": [code]})

        found = fill(ada, **{hotel.id: 3})

        assert money_of(found) == money_of(cart(ada_without))
        assert [item["external"] for item in found["items"]] == [False, True]

    def test_says_that_it_is_gone_once_it_is_retired(self, ada: Customer) -> None:
        hotel = make_external()
        fill(ada, **{hotel.id: 1})
        db.session.execute(text("UPDATE products SET is_active = false"))
        db.session.commit()

        (item,) = cart(ada)["items"]

        assert item["unavailable"] == "This product is not sold any more."

    def test_of_a_visitor_brings_it_along(self, client: FlaskClient, ada: Customer) -> None:
        hotel = make_external()
        made = client.post("/api/cart/add", json={"product_id": hotel.id})

        found = ada.get("/api/cart", headers={**ada.headers, "X-Cart-Id": made.headers["X-Cart-Id"]})

        assert found.status_code == 200
        assert [item["external"] for item in cart(ada)["items"]] == [True]


class TestACheckout:
    def test_orders_the_rest_and_leaves_it_in_the_cart(self, ada: Customer) -> None:
        goods, hotel = make_retail(stock=9, price=eur("20.00")), make_external()
        fill(ada, **{hotel.id: 1, goods.id: 2})
        options = {"payment_method": "on_delivery", "country": "FR"}
        shown = ada.put("/api/cart/options", options).json

        order = place(ada)

        assert order["total"] == shown["total"]
        assert hotel.id not in str(order)
        assert [item["product_id"] for item in cart(ada)["items"]] == [hotel.id]

    def test_of_nothing_else_says_what_to_do(self, ada: Customer) -> None:
        fill(ada, **{make_external().id: 1})

        answer = ada.post("/api/cart/checkout", ON_SITE)

        assert answer.status_code == 409
        assert "POST /api/bookings/process-cart" in answer.json["detail"]

    def test_by_a_quote_of_the_rest_is_at_its_price(self, ada: Customer) -> None:
        goods, hotel = make_retail(stock=9, price=eur("20.00")), make_external()
        fill(ada, **{hotel.id: 1, goods.id: 2})
        wanted = {
            "items": [{"product_id": goods.id, "quantity": 2}],
            "payment_method": "on_delivery",
            "shipping": "standard",
            "country": "FR",
        }
        quote = ada.post("/api/quotes", wanted).json

        order = place(ada, quote_token=quote["token"])

        assert order["total"] == quote["total"]

    def test_never_charges_it_whatever_is_in_the_cart(self, app: Flask) -> None:
        user = make_user(country="FR").id
        owner = CartOwner(user, None)
        goods = make_retail(price=Money(1999, "EUR"), stock=99_999).id

        @settings(max_examples=12)
        @given(hotels=HOTELS, quantity=st.integers(1, 9))
        def check(hotels: list[tuple[int, str, int]], quantity: int) -> None:
            found = [
                (make_external(price=Money(minor, currency)).id, number) for minor, currency, number in hotels
            ]

            def fill_again(cart: Contents) -> Contents:
                plain = Contents(cart.id, country="FR", payment_method=ON_DELIVERY).with_product(
                    goods, quantity
                )
                for product_id, number in found:
                    plain = plain.with_product(product_id, number, external=True)
                return plain

            contents = svcs.flask.get(CartStore).change(owner, fill_again)
            alone = Contents(contents.id, items=contents.items[:1], country="FR", payment_method=ON_DELIVERY)
            price = svcs.flask.get(CartPrices).of(alone, user_id=user, now=NOW).price
            shown = svcs.flask.get(CartPrices).of(contents, user_id=user, now=NOW)
            wish = CheckoutWish(payment_method=ON_DELIVERY, contact={}, shipping_address=ADDRESS)
            placed = svcs.flask.get(Checkout).place(owner=owner, user_id=user, wish=wish, now=NOW)
            db.session.commit()

            assert price is not None
            assert shown.price == price
            assert placed.order.total == price.total
            assert {line.product_id for line in placed.lines} <= {goods, None}
            left = svcs.flask.get(CartStore).read(owner).items
            assert [(item.thing, item.quantity) for item in left] == found

        check()


class TestElsewhere:
    def test_a_quote_of_it_is_refused_with_the_way_to_a_link(self, ada: Customer) -> None:
        answer = ada.post("/api/quotes", {"items": [{"product_id": make_external().id}]})

        assert answer.status_code == 404
        assert "POST /api/affiliate/links" in answer.json["detail"]

    def test_a_coupon_takes_nothing_off_it(self, ada: Customer) -> None:
        code, hotel = make_coupon().code, make_external()
        fill(ada, **{hotel.id: 1})

        of_cart = ada.post("/api/coupons/validate", {"code": code})
        named = ada.post("/api/coupons/validate", {"code": code, "items": [{"product_id": hotel.id}]})

        assert (of_cart.status_code, named.status_code) == (422, 422)
        assert "Booking.com" in named.json["detail"]
