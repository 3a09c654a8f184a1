"""What is in a cart, and how it changes. Pure: every verb answers a new cart."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from backend.domains.pricing.wanted import Item
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError

MOST_ITEMS: Final = 50
MOST_QUANTITY: Final = 99
MOST_CODES: Final = 5
NOT_YOURS: Final = "Somebody else bargained for this; it has its usual price for you."


class CartFullError(ConflictError):
    """A cart takes so many different things, and so many of one."""


class UnknownItemError(NotFoundError):
    """The cart has no such item (any more)."""


class BargainedError(ConflictError):
    """The customer bargained for so many of the item, and no others."""


@dataclass(frozen=True, slots=True)
class CartItem:
    """So many units of a product, or a slot for a party: either of the ids is None.

    `external` tells that a partner sells the product; it can be kept here, as a product stays of its kind.
    With `bargain_id` it is to be had at the price of that bargain, in the number that was bargained for.
    `notice` is what the customer should know of it.
    """

    id: str
    product_id: str | None = None
    slot_id: str | None = None
    quantity: int = 1
    party: int = 1
    external: bool = False
    bargain_id: str | None = None
    notice: str | None = None

    @property
    def thing(self) -> str:
        """The id of what it is; a cart has each thing once."""
        return self.product_id or self.slot_id or ""

    @property
    def number(self) -> int:
        """How many units, or how many persons."""
        return self.quantity if self.product_id is not None else self.party

    def at_usual_price(self, notice: str) -> "CartItem":
        """The same without its bargain, and why."""
        return replace(self, bargain_id=None, notice=notice)


@dataclass(frozen=True, slots=True)
class Kept:
    """A retail product as far as a merge has to know it: its name, and the units left (None: not counted)."""

    name: str
    left: int | None


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a cart remembers; prices are not among it. `version` counts the changes.

    `shipping` is the way of delivery, `payment_method` that of paying, `country` where it goes (ISO 3166-1
    alpha-2); None while nobody said. `expert_id` is the user who put it together for the customer, and
    `expert_note` what they say of it. `notices` wait to be told once.
    """

    id: str
    items: tuple[CartItem, ...] = ()
    codes: tuple[str, ...] = ()
    shipping: str | None = None
    payment_method: str | None = None
    currency: str | None = None
    country: str | None = None
    expert_id: str | None = None
    expert_note: str | None = None
    notices: tuple[str, ...] = ()
    version: int = 0

    def item(self, item_id: str) -> CartItem:
        """The item with this id. UnknownItemError."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise UnknownItemError(f"There is no item {item_id} in your cart; GET /api/cart shows what is.")

    def of(self, thing: str) -> CartItem | None:
        """The item that is this product or slot, if there is one."""
        return next((item for item in self.items if item.thing == thing), None)

    @property
    def external(self) -> tuple[CartItem, ...]:
        """What partners sell: it is never ordered here, and turned into links to their pages."""
        return tuple(item for item in self.items if item.external)

    def with_product(self, product_id: str, quantity: int, *, external: bool = False) -> "Contents":
        """So many units more of a product, which a partner sells if `external`.

        CartFullError, BargainedError.
        """
        before = self._open(product_id)
        if before is None:
            return self._with_new(
                CartItem(_new_id(), product_id=product_id, quantity=quantity, external=external)
            )
        quantity = _at_most(before.quantity + quantity)
        return self._with_changed(replace(before, quantity=quantity, notice=None))

    def with_slot(self, slot_id: str, party: int) -> "Contents":
        """A slot for a party; a slot that is in the cart already gets this party.

        CartFullError, BargainedError.
        """
        before = self._open(slot_id)
        if before is None:
            return self._with_new(CartItem(_new_id(), slot_id=slot_id, party=party))
        return self._with_changed(replace(before, party=party, notice=None))

    def with_deal(self, item: Item) -> "Contents":
        """What was bargained for, in place of the same thing at its usual price. CartFullError."""
        dealt = CartItem(
            _new_id(),
            product_id=item.product_id,
            slot_id=item.slot_id,
            quantity=item.quantity,
            party=item.party,
            bargain_id=item.bargain_id,
        )
        before = self.of(dealt.thing)
        if before is None:
            return self._with_new(dealt)
        if before.bargain_id == item.bargain_id:
            return self
        if before.number != dealt.number:
            dealt = replace(dealt, notice=f"You bargained for {dealt.number}, not {before.number}.")
        return replace(self, items=tuple(dealt if item is before else item for item in self.items))

    def with_lapsed(self, lapsed: Mapping[str, str]) -> "Contents":
        """Items of these bargains at their usual price, each with the notice why."""
        items = tuple(
            item.at_usual_price(lapsed[item.bargain_id])
            if item.bargain_id is not None and item.bargain_id in lapsed
            else item
            for item in self.items
        )
        return replace(self, items=items)

    def with_number(self, item_id: str, *, quantity: int | None, party: int | None) -> "Contents":
        """Another quantity of a product, or another party at a slot.

        UnknownItemError, InvalidError, BargainedError.
        """
        item = replace(_not_bargained(self.item(item_id)), notice=None)
        if item.product_id is not None:
            return self._with_changed(replace(item, quantity=_only("quantity", quantity, not_=party)))
        return self._with_changed(replace(item, party=_only("party", party, not_=quantity)))

    def without(self, item_id: str) -> "Contents":
        """All but one item. UnknownItemError."""
        gone = self.item(item_id)
        return replace(self, items=tuple(item for item in self.items if item is not gone))

    def without_ordered(self, ordered: Collection[CartItem]) -> "Contents":
        """What is left after these items were ordered: what came or grew meanwhile, and what partners sell.

        Codes and advice are used up.
        """
        bought = {item.id: item for item in ordered}
        left = tuple(rest for item in self.items if (rest := _rest(item, bought)))
        return replace(self.without_advice(), items=left, codes=())

    def without_external(self, linked: Collection[CartItem]) -> "Contents":
        """What is left after these items of partners became links: all else, and what came meanwhile."""
        gone = {item.id for item in linked if item.external}
        return replace(self, items=tuple(item for item in self.items if item.id not in gone))

    def emptied(self) -> "Contents":
        """Nothing in it, no coupons and no advice."""
        return replace(self.without_advice(), items=(), codes=(), notices=())

    def advised_by(self, expert_id: str, note: str | None) -> "Contents":
        """The same, put together by this user; nobody else is to be credited for it any more."""
        return replace(self, expert_id=expert_id, expert_note=note)

    def without_advice(self) -> "Contents":
        """The same, put together by the customer alone."""
        return replace(self, expert_id=None, expert_note=None)

    def with_codes(self, codes: Collection[str]) -> "Contents":
        """These codes of coupons instead of those before, each once whatever its case. CartFullError."""
        unique = tuple({code.casefold(): code for code in reversed([*codes])}.values())[::-1]
        if len(unique) > MOST_CODES:
            raise CartFullError(f"A cart takes at most {MOST_CODES} coupons; leave some out.")
        return replace(self, codes=unique)

    def without_code(self, code: str) -> "Contents":
        """Without one code. UnknownItemError when it is not among them."""
        rest = tuple(one for one in self.codes if one.casefold() != code.casefold())
        if len(rest) == len(self.codes):
            raise UnknownItemError(f"The coupon {code} is not in your cart.")
        return replace(self, codes=rest)

    def merged_with(self, other: "Contents", *, kept: Mapping[str, Kept]) -> "Contents":
        """What is in both carts together. Whatever does not fit is told in `notices`.

        Quantities add up, no higher than what is left of the product; of two parties at a slot the larger
        stays. What this cart says of delivery, currency and advice counts. What was bargained for stays as
        it is in this cart; in the other, somebody else bargained for it.
        """
        merged, notices = self, [*self.notices, *other.notices]
        lost = 0
        for item in other.items:
            if merged.of(item.thing) is None and len(merged.items) >= MOST_ITEMS:
                lost += 1
                continue
            merged = merged._with_merged(item, kept, notices)
        if lost:
            notices.append(f"A cart takes {MOST_ITEMS} different things; {lost} more did not fit.")
        codes = {code.casefold(): code for code in (*other.codes, *self.codes)}
        return replace(
            merged,
            codes=tuple(codes.values())[:MOST_CODES],
            shipping=self.shipping or other.shipping,
            payment_method=self.payment_method or other.payment_method,
            currency=self.currency or other.currency,
            country=self.country or other.country,
            notices=tuple(notices),
        )

    def _with_merged(self, item: CartItem, kept: Mapping[str, Kept], notices: list[str]) -> "Contents":
        before = self.of(item.thing)
        if item.bargain_id is not None:
            item = item.at_usual_price(NOT_YOURS)
        if before is not None and before.bargain_id is not None:
            named = kept.get(item.thing)
            name = "Something" if named is None else named.name
            notices.append(f"{name} is in your cart at a price that you bargained for; no more was added.")
            return self
        if item.product_id is None:
            if before is None:
                return self._with_new(item)
            return self._with_changed(replace(before, party=max(before.party, item.party)))
        wanted = item.quantity + (before.quantity if before else 0)
        quantity, notice = _fitting(wanted, kept.get(item.product_id))
        notices.extend(notice)
        if before is None:
            return self._with_new(replace(item, quantity=quantity))
        return self._with_changed(replace(before, quantity=quantity))

    def _open(self, thing: str) -> CartItem | None:
        """As `of`. BargainedError for an item whose number is not to be changed."""
        found = self.of(thing)
        return None if found is None else _not_bargained(found)

    def _with_new(self, item: CartItem) -> "Contents":
        if len(self.items) >= MOST_ITEMS:
            raise CartFullError(f"A cart takes {MOST_ITEMS} different things; remove something first.")
        return replace(self, items=(*self.items, item))

    def _with_changed(self, changed: CartItem) -> "Contents":
        return replace(self, items=tuple(changed if item.id == changed.id else item for item in self.items))


def document_of(contents: Contents) -> dict[str, Any]:
    """JSON of a cart, as it is kept."""
    return asdict(contents)


def contents_of(document: Mapping[str, Any]) -> Contents:
    """The cart behind its JSON, whichever version of the program wrote it: what is unknown is left out."""
    known = {field.name: document[field.name] for field in fields(Contents) if field.name in document}
    names = {field.name for field in fields(CartItem)}
    items = tuple(
        CartItem(**{name: value for name, value in item.items() if name in names})
        for item in document["items"]
    )
    lists = {name: tuple(document[name]) for name in ("codes", "notices")}
    return Contents(**{**known, "items": items, **lists})


def new_cart() -> Contents:
    """A cart with nothing in it."""
    return Contents(ids.new_secret_id(ids.CART))


def _new_id() -> str:
    return ids.new_id(ids.CART_ITEM)


def _not_bargained(item: CartItem) -> CartItem:
    if item.bargain_id is not None:
        raise BargainedError(
            f"You bargained for {item.number} of this, and the price is for so many: take it out of the cart"
            " to buy another number at the usual price.",
            extra={"bargain_id": item.bargain_id},
        )
    return item


def _only(name: str, number: int | None, *, not_: int | None) -> int:
    if number is None or not_ is not None:
        sentence = f"This item has a {name}: send that, and nothing else."
        raise InvalidError(sentence, errors={name: [sentence]})
    return number


def _at_most(quantity: int) -> int:
    if quantity > MOST_QUANTITY:
        raise CartFullError(f"A cart takes at most {MOST_QUANTITY} of one thing, not {quantity}.")
    return quantity


def _rest(item: CartItem, bought: Mapping[str, CartItem]) -> CartItem | None:
    """What is left of an item: units that were added while it was ordered; all of what partners sell."""
    sold = bought.get(item.id)
    if sold is None or item.external:
        return item
    more = item.quantity - sold.quantity
    return replace(item, quantity=more) if more > 0 else None


def _fitting(wanted: int, kept: Kept | None) -> tuple[int, list[str]]:
    """How many of `wanted` units fit into a cart, at least one; and what to say if not all."""
    left = MOST_QUANTITY if kept is None or kept.left is None else kept.left
    quantity = max(1, min(wanted, left, MOST_QUANTITY))
    if quantity == wanted:
        return quantity, []
    name = "An article" if kept is None else kept.name
    why = f"{left} are left" if left < MOST_QUANTITY else f"a cart takes {MOST_QUANTITY}"
    return quantity, [f"{name}: {quantity} instead of {wanted} in your cart, as {why}."]
