"""What a crowd does at the checkout (see `tests.races.crowd`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import svcs
from sqlalchemy import insert

from backend.domains.bookings.access import Actor
from backend.domains.bookings.service import ON_SITE
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import Contents
from backend.domains.checkout.orders import OrderService
from backend.domains.checkout.placing import Checkout, CheckoutWish
from backend.domains.identity.models import UserRow
from backend.domains.pricing.shipping import PICKUP
from backend.infra.postgres import db
from backend.kernel import ids
from backend.kernel.money import Money
from backend.kernel.roles import Role
from tests.conftest import NOW


@dataclass(frozen=True)
class Place:
    """Order what is in the cart of a user, for so much at most."""

    user_id: str
    now: datetime
    max_total: Money | None = None

    def do(self) -> None:
        wish = CheckoutWish(
            payment_method=ON_SITE, shipping_option=PICKUP, contact={}, max_total=self.max_total
        )
        checkout = svcs.flask.get(Checkout)
        checkout.place(owner=CartOwner(self.user_id, None), user_id=self.user_id, wish=wish, now=self.now)


@dataclass(frozen=True)
class Cancel:
    """Cancel every order of a user, and each once more."""

    user_id: str
    now: datetime

    def do(self) -> None:
        orders = svcs.flask.get(OrderService)
        actor = Actor(self.user_id)
        mine: dict[str, Any] = {"user_id": self.user_id, "actor": actor, "state": None, "older_than": None}
        for view in orders.orders(**mine, limit=10):
            orders.cancel(order_id=view.order.id, actor=actor, version=None, now=self.now)


def buyers_with(
    product_id: str, *, count: int, code: str | None = None, quantity: int = 1, slot_id: str | None = None
) -> Sequence[str]:
    """The ids of so many users, each of whom has the product (and a seat of the slot) in the cart."""
    users = [ids.new_id(ids.USER) for _ in range(count)]
    row = {
        "password_hash": None,
        "name": "A buyer",
        "roles": [Role.CUSTOMER],
        "locale": "en",
        "country": None,
    }
    row |= {"loyalty_tier": "none", "created_at": NOW}
    db.session.execute(insert(UserRow), [{**row, "id": id_, "email": f"{id_}@example.com"} for id_ in users])
    db.session.commit()

    def fill(cart: Contents) -> Contents:
        cart = cart.with_product(product_id, quantity).with_codes([code] if code else [])
        return cart if slot_id is None else cart.with_slot(slot_id, 1)

    for user_id in users:
        svcs.flask.get(CartStore).change(CartOwner(user_id, None), fill)
    return users
