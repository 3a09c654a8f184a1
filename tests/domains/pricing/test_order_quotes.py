"""Quotes of orders over HTTP: POST /api/quotes with several things, coupons, delivery, a currency."""

from typing import Any

import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient

from backend.domains.catalog.entities import TaxClass
from backend.domains.pricing.desk import QuoteDesk
from backend.domains.pricing.order_quotes import OrderQuotes
from backend.domains.pricing.tokens import QuoteTokenError
from backend.domains.pricing.wanted import Item, Wanted
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class, make_consultant
from tests.factories.catalog import make_retail
from tests.factories.coupons import make_coupon


@pytest.fixture
def customer(app: Flask) -> Customer:
    return Customer.new(app.test_client())


def sums(lines: list[dict[str, Any]]) -> int:
    return sum(line["amount"]["amount"] for line in lines)


def eur(minor: int) -> dict[str, Any]:
    return {"amount": minor, "currency": "EUR"}


class TestOrders:
    def test_of_goods_and_a_slot_are_priced_together(self, customer: Customer) -> None:
        shop = make_class(seats=4)
        goods = make_retail(price=Money(1990, "EUR"))
        slot = customer.slots(shop)[0]

        quote = customer.post(
            "/api/quotes",
            {"items": [{"slot_id": slot["slot_id"], "party": 2}, {"product_id": goods.id, "quantity": 3}]},
        ).json

        assert [item["total"]["amount"] for item in quote["items"]][1] == 5970
        assert sums(quote["lines"]) == quote["total"]["amount"]
        assert (quote["slot_id"], quote["due_now"]) == (None, quote["total"])

    def test_tell_what_coupons_take_off_and_which_take_nothing_off(self, customer: Customer) -> None:
        goods = make_retail(price=Money(10000, "EUR"))
        make_coupon(code="TEN", label="Ten percent")
        make_coupon(code="LARGE", minimum_order=Money(50000, "EUR"))

        quote = customer.post(
            "/api/quotes", {"items": [{"product_id": goods.id}], "coupons": ["ten", "large", "none"]}
        ).json

        assert [(line["stage"], line["amount"]["amount"]) for line in quote["lines"]] == [
            ("base", 10000),
            ("coupon", -1000),
        ]
        assert [one["code"] for one in quote["coupons"]["redeemed"]] == ["TEN"]
        assert {one["code"].lower() for one in quote["coupons"]["left_out"]} == {"large", "none"}
        assert "Spend 400.00 EUR more" in str(quote["coupons"]["left_out"])

    def test_are_shipped_taxed_and_paid_at_the_door(self, customer: Customer) -> None:
        book = make_retail(price=Money(2110, "EUR"), tax_class=TaxClass.REDUCED)

        quote = customer.post(
            "/api/quotes",
            {
                "items": [{"product_id": book.id}],
                "shipping": "standard",
                "payment_method": "on_delivery",
                "country": "FR",
            },
        ).json

        assert [line["stage"] for line in quote["lines"]] == ["base", "shipping", "convenience_fee"]
        assert [(tax["percent"], tax["included"]) for tax in quote["taxes"]] == [("5.5", True), ("20", True)]
        assert quote["taxes"][0]["tax"] == eur(110)

    def test_go_abroad_at_the_tax_of_the_country(self, customer: Customer) -> None:
        goods = make_retail(price=Money(11900, "EUR"))

        quote = customer.post("/api/quotes", {"items": [{"product_id": goods.id}], "country": "DE"}).json

        assert [(tax["label"], tax["tax"]) for tax in quote["taxes"]] == [("VAT 19 %", eur(1900))]

    def test_of_a_business_abroad_leave_the_tax_to_it(self, customer: Customer) -> None:
        goods = make_retail(price=Money(11900, "EUR"))
        profile = {"country": "DE", "vat_id": "DE136695976"}
        assert customer.put("/api/auth/profile", profile).status_code == 200

        quote = customer.post("/api/quotes", {"items": [{"product_id": goods.id}]}).json

        assert quote["total"] == eur(10000)
        assert quote["taxes"][0]["reverse_charge"].startswith("Reverse charge")

    def test_can_be_paid_in_another_currency_and_say_the_rate(self, customer: Customer) -> None:
        goods = make_retail(price=Money(10000, "EUR"))

        quote = customer.post("/api/quotes", {"items": [{"product_id": goods.id}], "currency": "JPY"}).json

        (rate,) = quote["exchange"]
        assert (rate["source"], rate["target"], quote["total"]["currency"]) == ("EUR", "JPY", "JPY")
        assert sums(quote["lines"]) == quote["total"]["amount"] > 0

    def test_mix_currencies_of_products(self, customer: Customer) -> None:
        ours = make_retail(price=Money(10000, "EUR"))
        theirs = make_retail(price=Money(10000, "USD"))

        quote = customer.post(
            "/api/quotes", {"items": [{"product_id": ours.id}, {"product_id": theirs.id}]}
        ).json

        assert quote["currency"] == "EUR"
        assert [rate["source"] for rate in quote["exchange"]] == ["USD"]

    @pytest.mark.parametrize(
        ("items", "field"),
        [
            ([{"quantity": 1}], "items"),
            ([{"product_id": "prd_01kaj3zq6m8v9x2c4b5n7p8q9r", "quantity": 0}], "items"),
            ([], "items"),
        ],
    )
    def test_that_make_no_sense_are_refused(self, customer: Customer, items: Any, field: str) -> None:
        answer = customer.post("/api/quotes", {"items": items})

        assert answer.status_code == 422
        assert field in answer.json["errors"]

    def test_of_what_is_not_there_are_refused_by_name(self, customer: Customer) -> None:
        unknown = "prd_01kaj3zq6m8v9x2c4b5n7p8q9r"

        answer = customer.post("/api/quotes", {"items": [{"product_id": unknown}]})

        assert answer.status_code == 404
        assert unknown in answer.json["detail"]

    def test_of_a_service_without_its_time_are_refused(self, customer: Customer) -> None:
        shop = make_consultant()

        answer = customer.post("/api/quotes", {"items": [{"product_id": shop.product.id}]})

        assert answer.status_code == 404
        assert "slot_id" in answer.json["detail"]


class TestPromises:
    def wanted(self, customer: Customer, **changes: Any) -> Wanted:
        goods = make_retail(price=Money(4999, "EUR"))
        make_coupon(code="TEN")
        values = {"items": (Item(product_id=goods.id, quantity=2),), "codes": ("TEN",), "currency": "USD"}
        return Wanted(user_id=customer.user.id, **{**values, **changes})

    def test_hold_what_was_quoted(self, customer: Customer) -> None:
        quotes = svcs.flask.get(OrderQuotes)
        made = quotes.make(wanted=self.wanted(customer), now=NOW)

        redeemed = quotes.redeem(token=made.token, user_id=customer.user.id, now=NOW)

        assert redeemed == made
        assert redeemed.price.redemption.redeemed[0].discount == Money(1000, "EUR")

    def test_are_explained_by_their_own_rules(self, customer: Customer) -> None:
        made = svcs.flask.get(OrderQuotes).make(wanted=self.wanted(customer), now=NOW)

        explained = svcs.flask.get(QuoteDesk).explain(quote_id=made.id)

        assert explained.is_same
        assert explained.price == made.price

    def test_of_an_order_book_no_slot_and_the_other_way_round(self, customer: Customer) -> None:
        slot = customer.slots(make_consultant())[0]
        of_slot = customer.quote(slot["slot_id"])
        of_order = svcs.flask.get(OrderQuotes).make(wanted=self.wanted(customer), now=NOW)

        booking = customer.post("/api/bookings", {"quote_token": of_order.token, "payment_method": "on_site"})

        assert booking.status_code == 422
        with pytest.raises(QuoteTokenError, match="POST /api/bookings"):
            svcs.flask.get(OrderQuotes).redeem(token=of_slot["token"], user_id=customer.user.id, now=NOW)

    def test_preview_and_quote_are_equal_to_the_cent(self, customer: Customer) -> None:
        wanted = self.wanted(customer)
        quotes = svcs.flask.get(OrderQuotes)

        preview = quotes.preview(wanted=wanted, now=NOW)

        assert quotes.make(wanted=wanted, now=NOW).price.lines == preview.lines


def test_visitors_may_ask(client: FlaskClient) -> None:
    goods = make_retail()

    answer = client.post("/api/quotes", json={"items": [{"product_id": goods.id, "quantity": 2}]})

    assert answer.status_code == 201
