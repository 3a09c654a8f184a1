"""Deals as the pricing function and the checkout ask for them."""

from datetime import timedelta
from typing import Any

import pytest
import svcs
from flask import Flask

from backend.domains.catalog.entities import Product
from backend.domains.pricing.deals import (
    DealGoneError,
    DealMismatchError,
    Deals,
    DealUsedError,
    UnknownDealError,
)
from backend.infra.postgres import db
from tests.conftest import NOW
from tests.factories.bookings import Customer
from tests.factories.checkout import ON_DELIVERY
from tests.factories.haggling import accept, counter_of, start
from tests.fakes.clock import FakeClock


@pytest.fixture
def deals(app: Flask) -> Deals:
    return svcs.flask.get_abstract(Deals)


def agree(customer: Customer, goods: Product, **wish: Any) -> dict[str, Any]:
    session_id = start(customer, goods, **wish)["session_id"]
    counter_of(customer, session_id)
    return accept(customer, session_id)


def asked(deal: dict[str, Any], customer: Customer, **changes: Any) -> dict[str, Any]:
    return {
        "bargain_id": deal["session_id"],
        "product_id": deal["product_id"],
        "slot_id": None,
        "quantity": deal["quantity"],
        "party": 1,
        "user_id": customer.user.id,
        "now": NOW,
        **changes,
    }


class TestADeal:
    def test_is_the_price_of_what_was_haggled_over_for_a_while(
        self, customer: Customer, goods: Product, deals: Deals
    ) -> None:
        made = agree(customer, goods, quantity=2)

        deal = deals.deal(**asked(made, customer))

        assert deal.price.minor == made["final_price"]["amount"]
        assert deal.until == NOW + timedelta(minutes=15)
        assert not deal.combines

    def test_is_over_that_number_alone(self, customer: Customer, goods: Product, deals: Deals) -> None:
        made = agree(customer, goods, quantity=2)

        with pytest.raises(DealMismatchError, match="over 2 of"):
            deals.deal(**asked(made, customer, quantity=1))

    def test_is_its_customers_alone(
        self, app: Flask, customer: Customer, goods: Product, deals: Deals
    ) -> None:
        made = agree(customer, goods)
        stranger = Customer.new(app.test_client())

        with pytest.raises(UnknownDealError):
            deals.deal(**asked(made, stranger))

    def test_runs_out(self, customer: Customer, goods: Product, deals: Deals) -> None:
        made = agree(customer, goods)

        with pytest.raises(DealGoneError) as gone:
            deals.deal(**asked(made, customer, now=NOW + timedelta(minutes=15)))

        assert gone.value.extra == {"bargain_id": made["session_id"]}

    def test_is_none_of_a_session_that_is_open(
        self, customer: Customer, goods: Product, deals: Deals
    ) -> None:
        session = start(customer, goods)

        with pytest.raises(UnknownDealError):
            deals.deal(**asked(session, customer))

    def test_is_claimed_once_and_by_the_same_order_again(
        self, customer: Customer, goods: Product, deals: Deals
    ) -> None:
        claimed = [agree(customer, goods)["session_id"]]

        deals.claim(bargain_ids=claimed, reference="ord_1", now=NOW)
        deals.claim(bargain_ids=claimed, reference="ord_1", now=NOW)

        with pytest.raises(DealUsedError):
            deals.claim(bargain_ids=claimed, reference="ord_2", now=NOW)

    def test_that_was_released_is_claimed_again(
        self, customer: Customer, goods: Product, deals: Deals
    ) -> None:
        claimed = [agree(customer, goods)["session_id"]]
        deals.claim(bargain_ids=claimed, reference="ord_1", now=NOW)

        deals.release(reference="ord_1", now=NOW)
        deals.claim(bargain_ids=claimed, reference="ord_2", now=NOW)

        query = db.text("SELECT used_by FROM bargain_sessions WHERE id = :id")
        assert db.session.execute(query, {"id": claimed[0]}).scalar_one() == "ord_2"


class TestTheQuoteOfADeal:
    def test_is_bought_at_the_agreed_price_although_the_list_price_rose(
        self, customer: Customer, goods: Product, shared_clock: FakeClock
    ) -> None:
        made = agree(customer, goods)
        db.session.execute(db.text("UPDATE products SET price_minor = price_minor * 2"))
        db.session.commit()
        shared_clock.set(NOW + timedelta(minutes=14))

        customer.post("/api/cart/add", {"bargain_id": made["session_id"]})
        wish = {**ON_DELIVERY, "quote_token": made["quote_token"]}
        ordered = customer.post("/api/cart/checkout", wish)

        assert ordered.status_code == 201, ordered.text
        (line, *_) = ordered.json["lines"]
        assert line["amount"] == made["final_price"]

    def test_is_bought_once(self, customer: Customer, goods: Product) -> None:
        made = agree(customer, goods)
        customer.post("/api/cart/add", {"bargain_id": made["session_id"]})
        wish = {**ON_DELIVERY, "quote_token": made["quote_token"]}

        first = customer.post("/api/cart/checkout", wish)
        customer.post("/api/cart/add", {"product_id": goods.id})
        again = customer.post("/api/cart/checkout", wish)

        assert first.status_code == 201, first.text
        assert again.status_code == 409

    def test_is_quoted_once(self, customer: Customer, goods: Product) -> None:
        twice = [{"bargain_id": agree(customer, goods)["session_id"]}] * 2

        answer = customer.post("/api/quotes", {"items": twice})

        assert answer.status_code == 422
        assert "once" in answer.text
