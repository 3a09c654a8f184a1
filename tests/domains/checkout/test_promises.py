"""Checking out at a price that was promised."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from backend.domains.catalog.entities import Product
from backend.infra.postgres import db
from tests.factories.bookings import Customer
from tests.factories.catalog import make_retail
from tests.factories.checkout import ON_DELIVERY, fill
from tests.factories.coupons import eur, make_coupon
from tests.fakes.clock import FakeClock

ASKED = {"shipping": "standard", "payment_method": "on_delivery", "country": "FR"}


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


@pytest.fixture
def product(ada: Customer) -> Product:
    """Two of it are in the cart."""
    made = make_retail(stock=9, price=eur("20.00"))
    fill(ada, **{made.id: 2})
    return made


def promise(customer: Customer, product: Product, **asked: Any) -> dict[str, Any]:
    """A quote for what is in the cart."""
    wanted = {"items": [{"product_id": product.id, "quantity": 2}], **ASKED, **asked}
    told = {name: value for name, value in wanted.items() if value is not None}
    answer = customer.post("/api/quotes", told)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def check_out(customer: Customer, quote: dict[str, Any], **wish: Any) -> TestResponse:
    return customer.post("/api/cart/checkout", {**ON_DELIVERY, "quote_token": quote["token"], **wish})


class TestAPromise:
    def test_is_kept_though_the_price_rose(self, ada: Customer, product: Product) -> None:
        quote = promise(ada, product)
        db.session.execute(text("UPDATE products SET price_minor = 9900"))
        db.session.commit()

        answer = check_out(ada, quote)

        assert answer.status_code == 201, answer.text
        assert answer.json["total"] == quote["total"]
        assert answer.json["quote_id"] == quote["id"]
        assert answer.json["shipping_option"] == "standard"

    def test_of_coupons_is_kept_though_their_code_is_not_in_the_cart(
        self, ada: Customer, product: Product
    ) -> None:
        coupon = make_coupon(amount=eur("5.00"), global_limit=1)
        quote = promise(ada, product, coupon=coupon.code)

        answer = check_out(ada, quote)

        assert answer.json["total"] == quote["total"]
        assert [one["code"] for one in answer.json["coupons"]] == [coupon.code]

    def test_of_a_coupon_that_is_used_up_meanwhile_is_refused_and_takes_nothing(
        self, ada: Customer, product: Product, client: FlaskClient
    ) -> None:
        coupon = make_coupon(amount=eur("5.00"), global_limit=1)
        quote = promise(ada, product, coupon=coupon.code)
        other = Customer.new(client)
        fill(other, **{product.id: 2})
        assert check_out(other, promise(other, product, coupon=coupon.code)).status_code == 201

        answer = check_out(ada, quote)

        assert answer.status_code == 409
        assert answer.json["coupon"] == coupon.code
        assert db.session.execute(text("SELECT count(*) FROM orders")).scalar_one() == 1

    def test_is_kept_once(self, ada: Customer, product: Product) -> None:
        quote = promise(ada, product)
        check_out(ada, quote)
        fill(ada, **{product.id: 2})

        again = check_out(ada, quote)

        assert again.status_code == 409
        assert "used" in again.json["detail"]

    def test_to_another_is_refused(self, ada: Customer, product: Product, client: FlaskClient) -> None:
        other = Customer.new(client)
        fill(other, **{product.id: 2})

        assert check_out(other, promise(ada, product)).status_code == 403

    def test_ends(self, ada: Customer, product: Product, shared_clock: FakeClock) -> None:
        quote = promise(ada, product)
        shared_clock.advance(minutes=15)

        assert check_out(ada, quote).status_code == 410

    def test_for_other_items_is_refused(self, ada: Customer, product: Product) -> None:
        quote = promise(ada, product)
        fill(ada, **{product.id: 1})

        answer = check_out(ada, quote)

        assert answer.status_code == 409
        assert "other items" in answer.json["detail"]

    @pytest.mark.parametrize(
        ("asked", "wish", "status"),
        [
            ({"shipping": "pickup"}, {"shipping_option": "standard"}, 409),
            ({"shipping": None}, {"shipping_option": "standard"}, 409),
            ({"shipping": None}, {}, 422),
            ({"payment_method": None}, {}, 409),
            ({"payment_method": "on_site"}, {}, 409),
            ({"country": "DE"}, {}, 409),
            ({"country": None}, {}, 201),
        ],
    )
    def test_that_leaves_out_what_costs_money_is_refused(
        self, ada: Customer, product: Product, asked: dict[str, Any], wish: dict[str, Any], status: int
    ) -> None:
        answer = check_out(ada, promise(ada, product, **asked), **wish)

        assert answer.status_code == status, answer.text
