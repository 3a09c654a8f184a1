"""Whatever is in a cart, the checkout costs what the cart said."""

from collections.abc import Sequence
from decimal import Decimal

import hypothesis.strategies as st
import svcs
from flask import Flask
from hypothesis import given, settings
from sqlalchemy import text

from backend.domains.checkout.cart_prices import CartPrices
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import Contents
from backend.domains.checkout.placing import ON_DELIVERY, Checkout, CheckoutWish
from backend.domains.currency.overrides import RateOverrides
from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.catalog import make_retail
from tests.factories.checkout import ADDRESS
from tests.factories.coupons import make_coupon
from tests.factories.identity import make_user

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD"])
THINGS = st.lists(st.tuples(st.integers(1, 99_999), CURRENCIES, st.integers(1, 9)), min_size=1, max_size=4)


class TestACart:
    def test_costs_what_it_said_whatever_is_in_it(self, app: Flask) -> None:
        """In any currencies, with a coupon or without, by any way of delivery, paid in any currency."""
        user = make_user(country="FR").id
        owner = CartOwner(user, None)
        # The European Central Bank publishes none of the dinar.
        rates = svcs.flask.get(RateOverrides)
        rates.set(currency="KWD", rate=Decimal("0.3551"), note="A test", by=user, now=NOW, confirmed=True)
        db.session.commit()
        codes = [make_coupon().code for _ in range(2)]

        @settings(max_examples=20)
        @given(
            things=THINGS,
            used=st.integers(0, 2),
            shipping=st.sampled_from([None, "standard", "express", "pickup"]),
            currency=st.none() | CURRENCIES,
        )
        def agree(
            things: Sequence[tuple[int, str, int]], used: int, shipping: str | None, currency: str | None
        ) -> None:
            goods = [
                (make_retail(price=Money(minor, code), stock=99).id, quantity)
                for minor, code, quantity in things
            ]

            def fill(cart: Contents) -> Contents:
                cart = Contents(
                    cart.id, shipping=shipping, currency=currency, country="FR", payment_method=ON_DELIVERY
                )
                for product_id, quantity in goods:
                    cart = cart.with_product(product_id, quantity)
                return cart.with_codes(codes[:used])

            contents = svcs.flask.get(CartStore).change(owner, fill)
            shown = svcs.flask.get(CartPrices).of(contents, user_id=user, now=NOW)
            wish = CheckoutWish(payment_method=ON_DELIVERY, contact={}, shipping_address=ADDRESS)
            placed = svcs.flask.get(Checkout).place(owner=owner, user_id=user, wish=wish, now=NOW)
            db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
            db.session.commit()

            assert shown.price is not None, shown.notices
            assert placed.order.total == shown.price.total
            assert sum(line.amount_minor for line in placed.lines) == placed.order.total_minor
            assert all(line.amount_minor >= 0 for line in placed.lines if line.kind != "charge")

        agree()
