"""Carts of instant, requested and external things: ordered and paid for in one go, told of one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from backend.domains.affiliates.service import AffiliateLinks, Link, NotExternalError
from backend.domains.bookings.access import Actor
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import CartItem, Contents
from backend.domains.checkout.orders import OrderService, OrderView
from backend.domains.checkout.outcomes import ItemOutcome, Outcomes
from backend.domains.checkout.placing import Checkout, CheckoutWish
from backend.domains.payments.opening import Opened, PaymentDesk
from backend.infra.after_commit import after_commit
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of a cart: its order, the payment that it waits for, and each thing of it.

    `links` lead to what partners sell: it is bought there, and never charged here. Without anything else
    there is no order.
    """

    order: OrderView | None
    payment: Opened | None
    items: Sequence[ItemOutcome]
    links: Sequence[Link] = ()


@dataclass(frozen=True)
class MixedCheckout:
    """Orders carts, and shows how their payments go."""

    session: DbSession
    carts: CartStore
    links: AffiliateLinks
    checkout: Checkout
    orders: OrderService
    outcomes: Outcomes
    desk: PaymentDesk

    def process(self, *, owner: CartOwner, user_id: str, wish: CheckoutWish, now: datetime) -> Processed:
        """Order what is in the cart, all or nothing. Raises what `Checkout.place` does."""
        contents = self.carts.read(owner)
        if contents.external and len(contents.external) == len(contents.items):
            links = self._link(owner, contents, user_id=user_id, order_id=None, now=now)
            return Processed(None, None, (), links)
        placed = self.checkout.place(owner=owner, user_id=user_id, wish=wish, now=now)
        links = self._link(owner, contents, user_id=user_id, order_id=placed.order.id, now=now)
        payment = None if placed.payment is None else Opened(placed.payment, None)
        return Processed(placed, payment, self.outcomes.of(placed), links)

    def _link(
        self, owner: CartOwner, contents: Contents, *, user_id: str, order_id: str | None, now: datetime
    ) -> list[Link]:
        """A link to each thing in the cart that a partner sells; they leave it once this is committed.

        What the partner does not sell any more stays, as the cart says that it cannot be had.
        """
        links, linked = [], []
        for item in contents.external:
            try:
                made = self.links.issue(product_id=item.thing, user_id=user_id, order_id=order_id, now=now)
            except (NotExternalError, NotFoundError):
                continue
            links.append(made)
            linked.append(item)
        if linked:
            after_commit(self.session, partial(self._take_out, owner, linked))
        return links

    def _take_out(self, owner: CartOwner, linked: Sequence[CartItem]) -> None:
        self.carts.change(owner, lambda cart: cart.without_external(linked))

    def open(self, *, subject: str, user_id: str, now: datetime) -> Opened:
        """Open the payment of an order or a booking. Raises what `PaymentDesk.open` does."""
        payment_id = self.desk.payment_of(subject=subject, user_id=user_id)
        return self.desk.open(payment_id=payment_id, user_id=user_id, now=now)

    def confirm(
        self,
        *,
        payment_id: str,
        actor: Actor,
        return_url: str,
        payment_method: str | None,
        now: datetime,
    ) -> Processed:
        """Pay with this card, or see how it went without us; and what became of the order."""
        if payment_method is None:
            seen = self.desk.verify(payment_id=payment_id, user_id=actor.user_id, now=now)
        else:
            seen = self.desk.confirm(
                payment_id=payment_id,
                user_id=actor.user_id,
                payment_method=payment_method,
                return_url=return_url,
                now=now,
            )
        if not ids.is_id(seen.payment.subject, ids.ORDER):
            return Processed(None, seen, ())
        order = self.orders.order(order_id=seen.payment.subject, actor=actor)
        links = self.links.of_order(order_id=order.order.id)
        return Processed(replace(order, payment=seen.payment), seen, self.outcomes.of(order), links)
