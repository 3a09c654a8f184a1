"""An expert builds a cart as their own, and hands it over to the customer it is for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.domains.checkout.cart_prices import PricedCart
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import Contents
from backend.domains.checkout.lookup import ItemLookup
from backend.domains.checkout.service import CartService
from backend.domains.identity.service import User, UserService
from backend.infra.announcements import Announcements
from backend.infra.event_buffer import Events
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError


class UnknownCustomerError(NotFoundError):
    """Nobody is known by that id or address."""


class NothingToHandOverError(ConflictError):
    """The expert's cart is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """To whom a cart goes, by either of the two, and with which words."""

    user_id: str | None = None
    customer_email: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class CartHandOver:
    """Moves carts from experts to customers."""

    carts: CartStore
    lookup: ItemLookup
    own: CartService
    users: UserService
    events: Events
    announcements: Announcements

    def hand_over(self, *, expert_id: str, wish: HandOver, now: datetime) -> PricedCart:
        """Add what is in the expert's cart to the customer's, credited to the expert; answers the former.

        It is merged as at a login: what the customer said of delivery and currency counts. Whoever advised
        them before is credited no more. UnknownCustomerError, NothingToHandOverError, InvalidError for a
        cart of one's own, CartBusyError.
        """
        customer = self._customer(wish)
        if customer.id == expert_id:
            sentence = "You cannot hand a cart over to yourself; check it out as it is."
            raise InvalidError(sentence, errors={"user_id": [sentence]})
        giver, taker = CartOwner(expert_id, None), CartOwner(customer.id, None)
        given = self.carts.read(giver).items
        if not given:
            raise NothingToHandOverError("Your cart is empty; fill it with POST /api/cart/add first.")
        kept = self.lookup.kept([*given, *self.carts.read(taker).items], now=now)

        def merge(theirs: Contents, mine: Contents) -> Contents:
            return theirs.merged_with(mine, kept=kept).advised_by(expert_id, wish.note)

        self.carts.merge(giver, taker, merge)
        told: dict[str, Any] = {"expert_id": expert_id, "items": [item.thing for item in given]}
        self.events.record(name="cart.handed_over", user_id=customer.id, data=told)
        # One mail a day from each expert, however often they hand something over.
        self.announcements.announce(
            "cart.handed_over",
            subject=self.carts.read(taker).id,
            occasion=f"{expert_id}:{now.date()}",
            data={"user_id": customer.id, "expert_id": expert_id},
        )
        return self.own.view(owner=giver, now=now)

    def _customer(self, wish: HandOver) -> User:
        """UnknownCustomerError, in the same words whatever was asked for."""
        try:
            if wish.user_id is not None:
                return self.users.user(wish.user_id)
            return self.users.user_with_email(email=wish.customer_email or "")
        except NotFoundError:
            raise UnknownCustomerError("There is no such customer; ask them to register first.") from None
