"""What the customers of the demonstration have bought: orders placed in the past, through the checkout."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from backend.domains.admin.demo_customers import CUSTOMERS, DemoCustomer
from backend.domains.bookings.access import Actor
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import Contents
from backend.domains.checkout.orders import OrderService
from backend.domains.checkout.placing import ON_DELIVERY, Checkout, CheckoutWish
from backend.kernel import ids

FIRST: Final = timedelta(days=80)
# An order is with its customer after so long, and may go back after that.
SENT: Final = timedelta(days=1)
ARRIVED: Final = timedelta(days=3)
RETURNED: Final = timedelta(days=10)


@dataclass(frozen=True)
class DemoHistory:
    """Places the orders of all customers; the caller commits."""

    carts: CartStore
    checkout: Checkout
    orders: OrderService
    staff_id: str
    now: datetime

    def write(self, user_ids: dict[str, str], goods: Sequence[str]) -> int:
        """Orders of `goods` (ids of products that can be had), oldest first; how many there are."""
        wanted = [(customer, number) for customer in CUSTOMERS for number in range(customer.orders)]
        for customer, number in sorted(wanted, key=lambda one: _age(*one), reverse=True):
            self._order(customer, number, user_ids[customer.email], goods)
        return len(wanted)

    def _order(self, customer: DemoCustomer, number: int, user_id: str, goods: Sequence[str]) -> None:
        at = self.now - _age(customer, number)
        owner = CartOwner(None, ids.new_secret_id(ids.CART))
        chance = _chance(customer, number)

        def fill(cart: Contents) -> Contents:
            for place in range(1 + chance % 3):
                product_id = goods[(chance // 7 + 11 * place) % len(goods)]
                cart = cart.with_product(product_id, 1 + (chance // 13 + place) % 2)
            return cart

        self.carts.change(owner, fill)
        wish = CheckoutWish(
            payment_method=ON_DELIVERY,
            contact={"name": customer.name, "email": customer.email},
            shipping_option="standard",
            shipping_address={
                "name": customer.name,
                "line1": f"{1 + chance % 90} Demonstration Street",
                "line2": "",
                "region": "",
                "postal_code": f"{10_000 + chance % 80_000}",
                "city": "Anytown",
                "country": customer.country,
            },
        )
        placed = self.checkout.place(owner=owner, user_id=user_id, wish=wish, now=at)
        self._lead(placed.order.id, user_id, at, chance)

    def _lead(self, order_id: str, user_id: str, at: datetime, chance: int) -> None:
        """Most arrive; one in nine is cancelled, one in eleven goes back."""
        staff = Actor(self.staff_id, is_staff=True)
        if chance % 9 == 0:
            customer = Actor(user_id, is_staff=False)
            self.orders.cancel(order_id=order_id, actor=customer, version=None, now=at + SENT / 2)
            return
        for step, after in ((self._ship, SENT), (self._deliver, ARRIVED), (self._take_back, RETURNED)):
            if at + after > self.now or (after is RETURNED and chance % 11):
                return
            step(order_id, staff, at + after)

    def _ship(self, order_id: str, staff: Actor, at: datetime) -> None:
        self.orders.ship(order_id=order_id, actor=staff, tracking="", now=at)

    def _deliver(self, order_id: str, staff: Actor, at: datetime) -> None:
        self.orders.deliver(order_id=order_id, actor=staff, now=at)

    def _take_back(self, order_id: str, staff: Actor, at: datetime) -> None:
        self.orders.take_back(order_id=order_id, actor=staff, reason="It did not fit.", now=at)


def _chance(customer: DemoCustomer, number: int) -> int:
    """A number that is always the same for this order, and looks like any other."""
    return crc32(f"{customer.name} {number}".encode())


def _age(customer: DemoCustomer, number: int) -> timedelta:
    """How long ago the order was placed: the oldest one first, all within `FIRST`."""
    return FIRST * (customer.orders - number) / (customer.orders + 1) - timedelta(
        hours=_chance(customer, number) % 48
    )
