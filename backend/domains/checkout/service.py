"""Changing carts. Every verb answers the whole cart at today's prices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from backend.domains.checkout.bargained import lapsed
from backend.domains.checkout.cart_prices import CartPrices, PricedCart, UnavailableError
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import CartItem, Contents
from backend.domains.checkout.lookup import ItemLookup
from backend.domains.identity.service import UserService
from backend.domains.pricing.deals import Deals
from backend.kernel.errors import NotFoundError

Change = Callable[[Contents], Contents]


@dataclass(frozen=True)
class CartService:
    """Carts of users and visitors. Verbs raise RedisError when Redis does not answer, and change nothing."""

    carts: CartStore
    lookup: ItemLookup
    prices: CartPrices
    users: UserService
    deals: Deals

    def adopt(self, owner: CartOwner, *, now: datetime) -> CartOwner:
        """The owner, to whose cart that of the visitor they were is added."""
        if owner.user_id is None or owner.cart_id is None:
            return owner
        visitor, user = CartOwner(None, owner.cart_id), CartOwner(owner.user_id, None)
        found = self.carts.read(visitor)
        if found.version:
            kept = self.lookup.kept([*found.items, *self.carts.read(user).items], now=now)
            self.carts.merge(visitor, user, lambda mine, other: mine.merged_with(other, kept=kept))
        return user

    def view(self, *, owner: CartOwner, now: datetime) -> PricedCart:
        """The cart."""
        return self._answer(owner, self.carts.read(owner), now)

    def add(
        self,
        *,
        owner: CartOwner,
        product_id: str | None,
        slot_id: str | None,
        quantity: int,
        party: int,
        now: datetime,
    ) -> PricedCart:
        """So many units more of a product, or a slot for a party. NotFoundError, UnavailableError,
        CartFullError, BargainedError.
        """

        def change(cart: Contents, *, external: bool = False) -> Contents:
            if slot_id is not None:
                return cart.with_slot(slot_id, party)
            return cart.with_product(product_id or "", quantity, external=external)

        item = change(self.carts.read(owner)).of(slot_id or product_id or "")
        external = self._require(item, owner, now)
        return self._change(owner, partial(change, external=external), now)

    def add_deal(self, *, owner: CartOwner, bargain_id: str, now: datetime) -> PricedCart:
        """What was bargained for, in place of the same at its usual price.

        UnavailableError, CartFullError, and what `Deals.item` raises.
        """
        dealt = self.deals.item(bargain_id=bargain_id, user_id=owner.user_id, now=now)
        cart = self.carts.read(owner).with_deal(dealt)
        self._require(cart.of(dealt.product_id or dealt.slot_id or ""), owner, now)
        return self._change(owner, lambda cart: cart.with_deal(dealt), now)

    def update(
        self, *, owner: CartOwner, item_id: str, quantity: int | None, party: int | None, now: datetime
    ) -> PricedCart:
        """Another quantity or party. UnknownItemError, InvalidError, UnavailableError, BargainedError."""

        def change(cart: Contents) -> Contents:
            return cart.with_number(item_id, quantity=quantity, party=party)

        self._require(change(self.carts.read(owner)).item(item_id), owner, now)
        return self._change(owner, change, now)

    def remove(self, *, owner: CartOwner, item_id: str, now: datetime) -> PricedCart:
        """Without one item. UnknownItemError."""
        return self._change(owner, lambda cart: cart.without(item_id), now)

    def clear(self, *, owner: CartOwner, now: datetime) -> PricedCart:
        """With nothing in it."""
        return self._change(owner, Contents.emptied, now)

    def set_codes(self, *, owner: CartOwner, codes: Sequence[str], now: datetime) -> PricedCart:
        """With these codes of coupons instead of those before. CartFullError."""
        return self._change(owner, lambda cart: cart.with_codes(codes), now)

    def remove_code(self, *, owner: CartOwner, code: str, now: datetime) -> PricedCart:
        """Without one code. UnknownItemError."""
        return self._change(owner, lambda cart: cart.without_code(code), now)

    def choose(self, *, owner: CartOwner, now: datetime, **options: str | None) -> PricedCart:
        """With another `shipping`, `payment_method`, `currency` or `country`; what is not named stays."""
        return self._change(owner, lambda cart: replace(cart, **options), now)  # type: ignore[arg-type]

    def drop_advice(self, *, owner: CartOwner, now: datetime) -> PricedCart:
        """With the same things in it, and no expert who is credited for them."""
        return self._change(owner, Contents.without_advice, now)

    def _change(self, owner: CartOwner, change: Change, now: datetime) -> PricedCart:
        return self._answer(owner, self.carts.change(owner, change), now)

    def _answer(self, owner: CartOwner, contents: Contents, now: datetime) -> PricedCart:
        priced = self.prices.of(contents, user_id=owner.user_id, now=now)
        if contents.expert_id is not None:
            priced = replace(priced, expert=self.users.user(contents.expert_id))
        gone = lapsed(contents.items, priced.contents.items)
        if contents.notices or gone:
            self.carts.change(owner, lambda cart: replace(cart.with_lapsed(gone), notices=()))
        return priced

    def _require(self, item: CartItem | None, owner: CartOwner, now: datetime) -> bool:
        """The item is there to be had, in the number that it has now; answers whether a partner sells it."""
        external = False
        for found in self.lookup.find([item] if item else [], user_id=owner.user_id, now=now):
            if found.product is None:
                raise NotFoundError(f"There is no product or slot {found.item.thing}.")
            if found.unavailable is not None:
                lacking = {"name": found.name, "left": found.left, "reason": found.unavailable}
                raise UnavailableError(f"{found.name}: {found.unavailable}", extra={"items": [lacking]})
            external = found.is_external
        return external
