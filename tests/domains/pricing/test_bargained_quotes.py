"""Quotes of what was bargained for, over HTTP, and between which prices something can be."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import svcs
from flask import Flask

from backend.domains.pricing.bands import Bands
from backend.domains.pricing.desk import QuoteDesk
from backend.domains.pricing.order_quotes import OrderQuotes
from backend.domains.pricing.orders import NotForSaleError
from backend.domains.pricing.wanted import Item, Wanted
from backend.kernel import ids
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_consultant
from tests.factories.catalog import make_retail
from tests.factories.coupons import make_coupon
from tests.fakes.clock import FakeClock
from tests.fakes.deals import FakeDeals, dealing


@pytest.fixture
def customer(app: Flask) -> Customer:
    return Customer.new(app.test_client())


@pytest.fixture
def deals(app: Flask) -> Iterator[FakeDeals]:
    with dealing(app) as fake:
        yield fake


def agree(deals: FakeDeals, customer: Customer, minor: int, **item: Any) -> str:
    """A bargain over an item at 100 EUR, which came to so much; coupons `combine` with it if that is said."""
    combines = item.pop("combines", False)
    price = Money(minor, "EUR")
    return deals.agree(user_id=customer.user.id, item=Item(**item), price=price, now=NOW, combines=combines)


def staged(lines: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(line["stage"], line["amount"]["amount"]) for line in lines]


class TestQuotes:
    def test_of_a_bargain_alone_are_of_what_it_was_over(self, customer: Customer, deals: FakeDeals) -> None:
        goods = make_retail(price=Money(5000, "EUR"))
        bargain_id = agree(deals, customer, 8500, product_id=goods.id, quantity=2)

        quote = customer.post("/api/quotes", {"items": [{"bargain_id": bargain_id}]}).json

        (item,) = quote["items"]
        assert (item["product_id"], item["quantity"], item["bargain_id"]) == (goods.id, 2, bargain_id)
        assert staged(item["lines"]) == [("base", 10000), ("bargain", -1500)]
        assert quote["total"] == {"amount": 8500, "currency": "EUR"}

    def test_of_a_slot_are_those_of_an_order(self, customer: Customer, deals: FakeDeals) -> None:
        slot = customer.slots(make_consultant())[0]
        bargain_id = agree(deals, customer, 8000, slot_id=slot["slot_id"])

        quote = customer.post(
            "/api/quotes",
            {"items": [{"slot_id": slot["slot_id"], "bargain_id": bargain_id}], "currency": "USD"},
        ).json

        assert quote["slot_id"] is None
        assert quote["currency"] == "USD"
        assert [stage for stage, _ in staged(quote["lines"])][-1] == "bargain"

    def test_hold_no_longer_than_their_deals(
        self, customer: Customer, deals: FakeDeals, shared_clock: FakeClock
    ) -> None:
        bargain_id = agree(deals, customer, 8000, product_id=make_retail().id)
        shared_clock.advance(minutes=25)

        quote = customer.post("/api/quotes", {"items": [{"bargain_id": bargain_id}]}).json

        assert quote["expires_at"] == "2026-12-07T09:30:00Z"

    def test_hold_as_long_as_is_said(self, customer: Customer, deals: FakeDeals) -> None:
        bargain_id = agree(deals, customer, 1500, product_id=make_retail().id)
        item = deals.made[bargain_id].item

        quote = svcs.flask.get(OrderQuotes).make(
            wanted=Wanted((item,), customer.user.id), now=NOW, until=NOW + timedelta(minutes=25)
        )

        assert quote.expires_at == NOW + timedelta(minutes=25)

    def test_are_priced_again_to_the_cent(self, customer: Customer, deals: FakeDeals) -> None:
        goods = make_retail(price=Money(9999, "EUR"))
        bargain_id = agree(deals, customer, 7777, product_id=goods.id, combines=True)
        make_coupon(code="TEN")
        asked = {"items": [{"bargain_id": bargain_id}], "coupon": "TEN", "currency": "JPY"}
        quote_id = customer.post("/api/quotes", asked).json["id"]
        deals.made.clear()

        explained = svcs.flask.get(QuoteDesk).explain(quote_id=quote_id)

        assert explained.is_same
        assert [line.stage for line in explained.again.lines] == ["base", "coupon", "bargain"]

    @pytest.mark.parametrize(("more", "status"), [({"quantity": 3}, 409), ({"quantity": 2}, 201), ({}, 409)])
    def test_are_for_as_many_as_were_bargained_for(
        self, customer: Customer, deals: FakeDeals, more: dict[str, Any], status: int
    ) -> None:
        goods = make_retail()
        bargain_id = agree(deals, customer, 1500, product_id=goods.id, quantity=2)

        answer = customer.post(
            "/api/quotes", {"items": [{"product_id": goods.id, "bargain_id": bargain_id, **more}]}
        )

        assert answer.status_code == status

    def test_of_a_bargain_say_no_number_of_their_own(self, customer: Customer) -> None:
        item = {"bargain_id": ids.new_id(ids.BARGAIN), "quantity": 2}

        answer = customer.post("/api/quotes", {"items": [item]})

        assert answer.status_code == 422
        assert "over so many" in answer.text

    def test_know_no_bargain_of_another(self, app: Flask, customer: Customer, deals: FakeDeals) -> None:
        bargain_id = agree(deals, customer, 1500, product_id=make_retail().id)
        other = Customer.new(app.test_client())

        answer = other.post("/api/quotes", {"items": [{"bargain_id": bargain_id}]})

        assert answer.status_code == 404

    def test_know_no_deal_that_has_run_out(
        self, customer: Customer, deals: FakeDeals, shared_clock: FakeClock
    ) -> None:
        bargain_id = agree(deals, customer, 1500, product_id=make_retail().id)
        shared_clock.advance(minutes=30)

        answer = customer.post("/api/quotes", {"items": [{"bargain_id": bargain_id}]})

        assert answer.status_code == 410

    def test_refuse_a_deal_in_another_currency_than_the_price(
        self, customer: Customer, deals: FakeDeals
    ) -> None:
        bargain_id = agree(deals, customer, 1500, product_id=make_retail(price=Money(2000, "USD")).id)

        answer = customer.post("/api/quotes", {"items": [{"bargain_id": bargain_id}]})

        assert answer.status_code == 409
        assert "sold in USD by now" in answer.text


class TestCoupons:
    def test_say_that_they_do_not_come_on_top(self, customer: Customer, deals: FakeDeals) -> None:
        bargain_id = agree(deals, customer, 8000, product_id=make_retail(price=Money(10000, "EUR")).id)
        make_coupon(code="TEN")
        make_coupon(code="LARGE", minimum_order=Money(5000, "EUR"))

        quote = customer.post(
            "/api/quotes", {"items": [{"bargain_id": bargain_id}], "coupons": ["TEN", "LARGE"]}
        ).json

        failures = {
            one["code"]: [failure["code"] for failure in one["failures"]]
            for one in quote["coupons"]["left_out"]
        }
        assert quote["total"]["amount"] == 8000
        assert failures == {"TEN": ["price_agreed"], "LARGE": ["minimum_order", "price_agreed"]}
        assert "coupons do not come on top" in str(quote["coupons"]["left_out"])
        assert "What you bargained for does not count." in str(quote["coupons"]["left_out"])

    def test_come_off_what_stands_beside_a_deal(self, customer: Customer, deals: FakeDeals) -> None:
        bargain_id = agree(deals, customer, 8000, product_id=make_retail(price=Money(10000, "EUR")).id)
        beside = make_retail(price=Money(2000, "EUR"))
        make_coupon(code="TEN")

        quote = customer.post(
            "/api/quotes",
            {"items": [{"bargain_id": bargain_id}, {"product_id": beside.id}], "coupon": "TEN"},
        ).json

        assert quote["total"]["amount"] == 9800
        assert quote["coupons"]["left_out"] == []


class TestBands:
    def test_reach_from_the_floor_to_the_list_price(self, customer: Customer) -> None:
        slot = customer.slots(make_consultant(cost=Money(5000, "EUR")))[0]
        item = Item(slot_id=slot["slot_id"])

        band = svcs.flask.get(Bands).of(item=item, user_id=customer.user.id, now=NOW)

        quote = customer.post("/api/quotes", {"items": [{"slot_id": slot["slot_id"]}]}).json
        assert (band.kind, band.slot_id, band.release) == ("slot", slot["slot_id"], quote["release"])
        assert band.starts_at is not None
        assert band.list_price.minor == quote["total"]["amount"]
        # Cost, a tenth more, and the French tax that prices include.
        assert (band.floor, band.cost) == (Money(6600, "EUR"), Money(5000, "EUR"))
        assert band.facts["base"] == band.list_price
        assert None not in band.facts.values()

    def test_of_goods_count_all_units(self, app: Flask) -> None:
        goods = make_retail(price=Money(2000, "EUR"))

        band = svcs.flask.get(Bands).of(item=Item(product_id=goods.id, quantity=3), user_id=None, now=NOW)

        assert (band.list_price, band.floor, band.cost) == (Money(6000, "EUR"), Money(0, "EUR"), None)
        assert (band.product_id, band.name, band.category) == (goods.id, goods.name, goods.category)

    def test_know_nothing_of_earlier_deals(self, customer: Customer, deals: FakeDeals) -> None:
        bargain_id = agree(deals, customer, 1500, product_id=make_retail(price=Money(2000, "EUR")).id)
        item = deals.made[bargain_id].item

        band = svcs.flask.get(Bands).of(item=item, user_id=customer.user.id, now=NOW)

        assert band.list_price == Money(2000, "EUR")

    def test_of_what_is_not_sold_are_refused(self, app: Flask) -> None:
        with pytest.raises(NotForSaleError):
            svcs.flask.get(Bands).of(item=Item(product_id=ids.new_id(ids.PRODUCT)), user_id=None, now=NOW)
