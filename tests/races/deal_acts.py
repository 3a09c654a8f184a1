"""What a crowd does with the price that one user bargained for (see `tests.races.crowd`)."""

from dataclasses import dataclass
from datetime import datetime

import svcs

from backend.domains.bookings.service import ON_SITE
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.placing import Checkout, CheckoutWish
from backend.domains.pricing.deals import Deals
from backend.domains.pricing.shipping import PICKUP
from backend.kernel import ids


@dataclass(frozen=True)
class PlaceFrom:
    """Order what is in a cart that is not the user's own: of another browser of theirs."""

    cart_id: str
    user_id: str
    now: datetime

    def do(self) -> None:
        svcs.flask.get(Checkout).place(
            owner=CartOwner(None, self.cart_id),
            user_id=self.user_id,
            wish=CheckoutWish(payment_method=ON_SITE, shipping_option=PICKUP, contact={}),
            now=self.now,
        )


def carts_with(bargain_id: str, *, user_id: str, count: int, now: datetime) -> list[str]:
    """The ids of so many carts, in each of which is what the user bargained for."""
    dealt = svcs.flask.get_abstract(Deals).item(bargain_id=bargain_id, user_id=user_id, now=now)
    carts = [ids.new_secret_id(ids.CART) for _ in range(count)]
    for cart_id in carts:
        svcs.flask.get(CartStore).change(CartOwner(None, cart_id), lambda cart: cart.with_deal(dealt))
    return carts
