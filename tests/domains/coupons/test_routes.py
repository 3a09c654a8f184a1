"""/api/coupons as customers use it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import svcs
from flask.testing import FlaskClient

from backend.domains.coupons.entities import CouponKind
from backend.domains.coupons.uses import CouponUses, Redemption
from backend.domains.identity.service import User
from backend.kernel.money import Money
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.bookings import Customer, make_class
from tests.factories.catalog import make_product, make_retail
from tests.factories.coupons import eur, make_coupon
from tests.factories.identity import auth_headers, make_user


@pytest.fixture
def user(app: Any) -> User:
    return make_user()


@pytest.fixture
def me(client: FlaskClient, user: User) -> dict[str, str]:
    return auth_headers(client, user)


def money(amount: int, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def ask(client: FlaskClient, code: str, headers: Any = None, **changes: Any) -> Any:
    body = {"code": code, **changes}
    if "items" not in body:
        body["items"] = [{"product_id": make_product().id}]
    return client.post("/api/coupons/validate", json=body, headers=headers)


def use(code_of: Any, user: User, *, reference: str = "ord_1") -> None:
    uses = svcs.flask.get(CouponUses)
    redemption = Redemption(code_of.id, user.id, eur("5.00"))
    uses.reserve(redemptions=[redemption], reference=reference, until=NOW + timedelta(minutes=10), now=NOW)
    uses.commit(reference=reference, now=NOW)


class TestValidating:
    def test_tells_a_visitor_the_discount_whatever_the_case_of_the_code(self, client: FlaskClient) -> None:
        make_coupon(code="WELCOME-10")

        answer = ask(client, "welcome-10")

        assert answer.json == {"valid": True, "discount": money(1000), "failures": [], "better": []}

    def test_explains_every_failed_condition(self, client: FlaskClient) -> None:
        make_coupon(code="BIG", minimum_order=eur("150.00"), first_order_only=True, product_kinds=("retail",))

        answer = ask(client, "BIG").json

        assert (answer["valid"], answer["discount"]) == (False, money(0))
        assert [failure["code"] for failure in answer["failures"]] == [
            "first_order_only",
            "minimum_order",
            "nothing_eligible",
        ]
        assert answer["failures"][1]["message"] == (
            "Spend 50.00 EUR more: the coupon needs an order of 150.00 EUR."
        )
        assert answer["failures"][1]["missing"] == money(5000)

    def test_suggests_offered_coupons_that_save_more(self, client: FlaskClient, user: User, me: Any) -> None:
        make_coupon(code="TEN")
        make_coupon(code="TWENTY", percent=Decimal(20), is_public=True)
        make_coupon(code="MINE", percent=Decimal(30), user_id=user.id)
        make_coupon(code="SECRET", percent=Decimal(40))
        make_coupon(code="FIVE", percent=Decimal(5), is_public=True)

        answer = ask(client, "TEN", me).json

        assert [(one["code"], one["discount"]) for one in answer["better"]] == [
            ("MINE", money(3000)),
            ("TWENTY", money(2000)),
        ]

    def test_does_not_give_away_that_a_personal_code_is_somebody_elses(
        self, client: FlaskClient, me: Any
    ) -> None:
        make_coupon(code="HERS", user_id=make_user().id)

        hers, none = ask(client, "HERS", me).json, ask(client, "NOBODYS", me).json

        assert hers == none
        assert hers["failures"][0]["code"] == "unknown"

    def test_counts_persons_quantities_and_what_lies_below_a_category(self, client: FlaskClient) -> None:
        shirt = make_retail(category="clothes", subcategory="shirts", price=eur("20.00"))
        other = make_retail(category="books", price=eur("10.00"))
        make_coupon(code="CLOTHES", categories=("clothes",))

        answer = ask(
            client, "CLOTHES", items=[{"product_id": shirt.id, "quantity": 3}, {"product_id": other.id}]
        )

        assert answer.json["discount"] == money(600)

    def test_takes_the_price_that_was_shown_for_a_slot_and_its_shipping(self, client: FlaskClient) -> None:
        slot = Customer.new(client).slots(make_class(seats=8))[0]["slot_id"]
        make_coupon(code="TEN")
        make_coupon(code="SHIP", kind=CouponKind.FREE_SHIPPING)
        items = [{"slot_id": slot, "amount": money(4200)}]

        ten = ask(client, "TEN", items=items).json
        ship = ask(client, "SHIP", items=items, shipping=money(490)).json

        assert (ten["discount"], ship["discount"]) == (money(420), money(490))

    def test_knows_who_has_ordered_before(self, client: FlaskClient) -> None:
        customer, shop = Customer.new(client), make_class(seats=8)
        make_coupon(code="FIRST", first_order_only=True)
        headers = auth_headers(client, customer.user)
        before = ask(client, "FIRST", headers).json

        customer.book(customer.slots(shop)[0]["slot_id"])
        after = ask(client, "FIRST", headers).json

        assert (before["valid"], after["valid"]) == (True, False)

    @pytest.mark.parametrize(
        ("item", "status"),
        [
            ({}, 422),
            ({"product_id": "prd_01kaj3zq6m8v9x2c4b5n7p8q9r"}, 404),
            ({"slot_id": "slt_" + "0" * 32}, 404),
            ({"product_id": "prd_01kaj3zq6m8v9x2c4b5n7p8q9r", "quantity": 0}, 422),
        ],
    )
    def test_refuses_items_that_are_none(self, client: FlaskClient, item: Any, status: int) -> None:
        assert ask(client, "TEN", items=[item]).status_code == status

    def test_refuses_a_basket_of_several_currencies_and_none_at_all(self, client: FlaskClient) -> None:
        mixed = [{"product_id": make_product().id}, {"product_id": make_retail(price=Money(500, "USD")).id}]

        answers = [ask(client, "TEN", items=mixed), ask(client, "TEN", items=[])]

        assert [answer.status_code for answer in answers] == [422, 422]
        assert "one currency" in answers[0].json["detail"]
        assert "no cart" in answers[1].json["detail"]


class TestGuessing:
    def test_is_limited_by_address_but_known_codes_are_not_counted(self, own_stores: Stores) -> None:
        with running_app(own_stores, coupon_guesses="2 per 15 minutes") as app, app.app_context():
            client = app.test_client()
            product = make_product().id
            make_coupon(code="KNOWN")

            def attempt(code: str) -> int:
                return ask(client, code, items=[{"product_id": product}]).status_code

            known = [attempt("KNOWN") for _ in range(4)]
            guessed = [attempt(f"GUESS-{number}") for number in range(3)]

        assert known == [200] * 4
        assert guessed == [200, 200, 429]


class TestApplying:
    def test_answers_the_best_combination_and_what_is_left_out(self, client: FlaskClient) -> None:
        make_coupon(code="TEN", stacking_group="seasonal")
        make_coupon(code="FIFTEEN", percent=Decimal(15), stacking_group="seasonal")
        make_coupon(code="MINUS-5", amount=eur("5.00"))
        body = {"codes": ["TEN", "minus-5", "FIFTEEN", "OOPS"], "items": [{"product_id": make_product().id}]}

        answer = client.post("/api/coupons/apply", json=body).json

        assert (answer["valid"], answer["exact"], answer["discount"]) == (True, True, money(2000))
        assert [(one["code"], one["discount"], one["lines"]) for one in answer["applied"]] == [
            ("FIFTEEN", money(1500), [money(1500)]),
            ("MINUS-5", money(500), [money(500)]),
        ]
        assert [(out["code"], out["failures"][0]["code"]) for out in answer["left_out"]] == [
            ("TEN", "not_combinable"),
            ("OOPS", "unknown"),
        ]

    def test_takes_a_code_once_however_often_it_is_written(self, client: FlaskClient) -> None:
        make_coupon(code="TEN")
        body = {"codes": ["TEN", "ten", "Ten"], "items": [{"product_id": make_product().id}]}

        answer = client.post("/api/coupons/apply", json=body).json

        assert answer["discount"] == money(1000)
        assert answer["left_out"] == []


class TestLists:
    def test_of_available_ones_are_public_or_the_callers_own(
        self, client: FlaskClient, user: User, me: Any
    ) -> None:
        make_coupon(code="PUBLIC", is_public=True)
        make_coupon(code="OVER", is_public=True, valid_until=NOW)
        make_coupon(code="SECRET")
        make_coupon(code="MINE", user_id=user.id)

        visitor = client.get("/api/coupons/available").json["items"]
        mine = client.get("/api/coupons/available", headers=me).json["items"]

        assert [item["code"] for item in visitor] == ["PUBLIC"]
        assert [(item["code"], item["personal"]) for item in mine] == [("MINE", True), ("PUBLIC", False)]

    def test_of_available_ones_say_what_they_do_for_products(self, client: FlaskClient) -> None:
        product = make_product().id
        make_coupon(code="TEN", is_public=True)
        make_coupon(code="BIG", is_public=True, minimum_order=eur("500.00"))

        items = client.get(f"/api/coupons/available?product_id={product}").json["items"]

        assert [(item["code"], item["discount"]) for item in items] == [
            ("TEN", money(1000)),
            ("BIG", money(0)),
        ]
        assert items[1]["failures"][0]["code"] == "minimum_order"

    def test_of_the_callers_own_have_personal_and_used_ones(
        self, client: FlaskClient, user: User, me: Any
    ) -> None:
        use(make_coupon(code="USED"), user)
        make_coupon(code="MINE", user_id=user.id)
        make_coupon(code="OTHER", is_public=True)

        items = client.get("/api/coupons/user", headers=me).json["items"]

        assert [(item["code"], item["used"]) for item in items] == [("MINE", 0), ("USED", 1)]

    def test_of_the_past_go_page_by_page(self, client: FlaskClient, user: User, me: Any) -> None:
        coupon = make_coupon(code="AGAIN")
        for number in range(3):
            use(coupon, user, reference=f"ord_{number}")

        first = client.get("/api/coupons/history?limit=2", headers=me).json
        second = client.get(f"/api/coupons/history?limit=2&cursor={first['next']}", headers=me).json

        assert [use["reference"] for use in first["items"] + second["items"]] == ["ord_2", "ord_1", "ord_0"]
        assert (first["items"][0]["state"], first["items"][0]["discount"]) == ("committed", money(500))

    @pytest.mark.parametrize("path", ["/api/coupons/user", "/api/coupons/history"])
    def test_of_ones_own_need_a_caller(self, client: FlaskClient, path: str) -> None:
        assert client.get(path).status_code == 401
